"""The listwise scorer and the sufficiency estimate: two linear units, trained on candidate lists in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np
import torch
from torch.nn import functional

from ...core.types import Numbers
from ...core.weights_file import Linear
from ...core.words import content_words, word_key
from ...retrieval.candidate import Candidate
from ...retrieval.rerank.learned import PARTS
from ...retrieval.rerank.listwise import (
    CROSS,
    FIRST,
    HEAD,
    NAMES,
    SUMMARY,
    Reading,
    cross_features,
    features,
    summary,
)
from ..harness import described as named
from ..loop import on_scale
from .lists import CandidateList

#: parts of the questions that are left out one after the other, where something is chosen
FOLDS = 5


@dataclass(frozen=True, slots=True)
class RankingExample:
    """A head of candidates with what is right: the gold document that each candidate is of, if any.

    `wanted` is how many gold documents there are in all, `rows` are the features of the candidates. Examples of one
    question have the same `fold`.
    """

    reading: Reading
    gold: tuple[str, ...]
    wanted: int
    fold: int = 0
    rows: Numbers = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", rows_of(self.reading))

    def without(self, row: int) -> RankingExample:
        """Return the example as if one candidate had not been found."""
        keep = [place for place in range(len(self.gold)) if place != row]
        old = self.reading
        left = Reading([old.items[place] for place in keep], [old.words[place] for place in keep], old.weights)
        return replace(self, reading=left, gold=tuple(self.gold[place] for place in keep))

    def suffices(self, shown: Sequence[int]) -> bool:
        """Say whether the first passages shown hold all gold ones."""
        return self.found(shown) >= self.wanted

    def found(self, shown: Sequence[int]) -> int:
        """Return how many gold documents the first passages shown are of."""
        return len({self.gold[row] for row in shown[:FIRST]} - {""})


def example(one: CandidateList, logits: Mapping[int, float] | None = None) -> RankingExample:
    """Return a candidate list as an example, with the logits of the places that a cross-encoder has read."""
    chosen = one.candidates[:HEAD]
    items: list[Candidate] = [
        Candidate(
            id=each.id,
            score=each.score,
            kind=each.kind,
            via=each.via,
            path=list(each.path),
            name="",
            parts=dict(each.parts),
        )
        for each in chosen
    ]
    for place, logit in (logits or {}).items():
        items[place]["logit"] = logit
    asked = frozenset(one.weights)
    words = [asked & frozenset(map(word_key, content_words(each.text))) for each in chosen]
    gold = tuple(each.gold for each in chosen)
    return RankingExample(Reading(items, words, one.weights), gold, one.gold, fold=crc32(one.question.encode()) % FOLDS)


def rows_of(head: Reading) -> Numbers:
    """Return the features of candidates, with a cross-encoder's where it has read some."""
    rows = features(head)
    read = any("logit" in item for item in head.items)
    return np.column_stack([rows, cross_features(head)]) if read else rows


def useful(one: RankingExample) -> bool:
    """Say whether an example has candidates of both kinds, gold and others."""
    return 0 < sum(map(bool, one.gold)) < len(one.gold)


def ranker(domains: Sequence[Sequence[RankingExample]]) -> Linear:
    """Return the unit that orders as the ranker does, with that multiple of its score which is most like a logit."""
    scale = fit_scorer(domains, penalty=0.0, rows=lambda one: one.rows[:, : len(PARTS)].sum(axis=1, keepdims=True))
    return Linear(np.array([scale.weights[0] if name in PARTS else 0.0 for name in NAMES]), scale.bias)


def fit_scorer(
    domains: Sequence[Sequence[RankingExample]],
    *,
    penalty: float,
    prior: Linear | None = None,
    rows: Callable[[RankingExample], Numbers] = lambda one: one.rows,
) -> Linear:
    """Return the unit whose scores put gold candidates before the others of their list, and are logits of being gold.

    The loss is the cross-entropy over a list (Cao et al., "Learning to Rank: From Pairwise Approach to Listwise
    Approach", ICML 2007) and over single candidates. All domains weigh the same, whatever the number of their lists.

    Args:
        prior: a unit over the first features that the weights are drawn to, by the penalty.
        rows: the features of an example, all of them by default.
    """
    chosen = [list(filter(useful, one)) for one in domains]
    lists = [one for domain in chosen for one in domain]
    sizes = [len(one.gold) for one in lists]
    of = torch.tensor(np.repeat(np.arange(len(lists)), sizes))
    marks = torch.tensor([float(bool(each)) for one in lists for each in one.gold], dtype=torch.float64)
    worth, size = torch.tensor(_shares(chosen)), torch.tensor(sizes, dtype=torch.float64)
    nothing = torch.zeros(len(lists), dtype=torch.float64)
    gold = nothing.index_add(0, of, marks)

    def loss(scores: torch.Tensor) -> torch.Tensor:
        single = functional.binary_cross_entropy_with_logits(scores, marks, reduction="none")
        whole = torch.log(nothing.index_add(0, of, torch.exp(scores.clamp(-30, 30))))
        each = nothing.index_add(0, of, single) / size + whole - nothing.index_add(0, of, scores * marks) / gold
        return (worth * each).sum()

    return on_scale(np.concatenate([rows(one) for one in lists]), loss, penalty, prior=prior)


def fit_sufficiency(
    domains: Sequence[Sequence[RankingExample]], scorer: Linear, *, failures: float, penalty: float, seed: int = 0
) -> Linear:
    """Return the unit that says how likely the first passages suffice, in the order of the scorer.

    Retrieval seldom fails on the questions of a training set, and does so for other reasons on others: with
    probability `failures` an example is seen a second time with one gold candidate taken away.
    """
    chance = np.random.default_rng(seed)
    seen = [[*domain, *_failed(domain, failures, chance)] for domain in domains]
    rows, marks = zip(*(judged(one, scorer) for domain in seen for one in domain), strict=True)
    worth, wanted = torch.tensor(_shares(seen)), torch.tensor(marks, dtype=torch.float64)

    def loss(scores: torch.Tensor) -> torch.Tensor:
        return (worth * functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")).sum()

    return on_scale(np.stack(rows), loss, penalty)


def _failed(domain: Sequence[RankingExample], failures: float, chance: np.random.Generator) -> Iterator[RankingExample]:
    for one in domain:
        gold = [row for row, each in enumerate(one.gold) if each]
        if gold and chance.random() < failures:
            yield one.without(int(chance.choice(gold)))


def _shares(domains: Sequence[Sequence[RankingExample]]) -> Numbers:
    """Return what each example counts, so that all domains that have some count the same and all together 1."""
    number = sum(map(bool, domains))
    return np.array([1 / (number * len(domain)) for domain in domains for _ in domain])


def judged(one: RankingExample, scorer: Linear) -> tuple[Numbers, bool]:
    """Return the summary of an example in the order of a scorer, and whether its first passages suffice."""
    scores = scorer(one.rows)
    shown = [int(row) for row in np.argsort(-scores, kind="stable")]
    return summary(one.reading, scores, shown), one.suffices(shown)


def recall(examples: Sequence[RankingExample], scorer: Linear) -> Numbers:
    """Return of each example the share of gold documents among the first candidates in the order of a scorer."""
    orders = [np.argsort(-scorer(one.rows), kind="stable").tolist() for one in examples]
    return np.array([one.found(order) / one.wanted for one, order in zip(examples, orders, strict=True)])


def surprise(examples: Sequence[RankingExample], scorer: Linear, sufficiency: Linear) -> Numbers:
    """Return the cross-entropy of each example, in nats, of a unit that says whether the first candidates suffice."""
    rows, marks = zip(*(judged(one, scorer) for one in examples), strict=True)
    signs = np.where(marks, 1.0, -1.0)
    found: Numbers = np.logaddexp(0, -signs * sufficiency(np.stack(rows)))
    return found


def described(scorer: Linear, sufficiency: Linear) -> dict[str, Any]:
    """Return two units as plain JSON types, features by name."""
    names = (*NAMES, *CROSS)[: len(scorer.weights)]
    return {"scorer": named(scorer, names), "sufficiency": named(sufficiency, SUMMARY)}
