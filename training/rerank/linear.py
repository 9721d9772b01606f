"""The listwise scorer and the sufficiency estimate: two linear units, trained on candidate lists in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ...core.types import Numbers
from ...core.weights_file import Linear
from ...core.words import content_words, word_key
from ...retrieval.candidate import Candidate
from ...retrieval.rerank.features import (
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
from ..loop import logistic, scale
from .lists import CandidateList

EPOCHS, TOGETHER = 6, 8
RATE, DECAY = 3e-3, 0.01


@dataclass(frozen=True, slots=True)
class Example:
    """A head of candidates with what is right: the gold document that each candidate is of, if any.

    `wanted` is how many gold documents there are in all.
    """

    reading: Reading
    gold: tuple[str, ...]
    wanted: int

    def without(self, row: int) -> Example:
        """Return the example as if one candidate had not been found."""
        keep = [place for place in range(len(self.gold)) if place != row]
        old = self.reading
        left = Reading([old.items[place] for place in keep], [old.words[place] for place in keep], old.weights)
        return Example(left, tuple(self.gold[place] for place in keep), self.wanted)

    def suffices(self, shown: Sequence[int]) -> bool:
        """Say whether the first passages shown hold all gold ones."""
        return self.found(shown) >= self.wanted

    def found(self, shown: Sequence[int]) -> int:
        """Return how many gold documents the first passages shown are of."""
        return len({self.gold[row] for row in shown[:FIRST]} - {""})


def example(one: CandidateList, logits: Sequence[float] = ()) -> Example:
    """Return a candidate list as an example, with the logits of the candidates that a cross-encoder has read."""
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
    for item, logit in zip(items, logits, strict=False):
        item["logit"] = float(logit)
    asked = frozenset(one.weights)
    words = [asked & frozenset(map(word_key, content_words(each.text))) for each in chosen]
    return Example(Reading(items, words, one.weights), tuple(each.gold for each in chosen), one.gold)


def rows_of(head: Reading) -> Numbers:
    """Return the features of candidates, with a cross-encoder's where it has read some."""
    rows = features(head)
    read = any("logit" in item for item in head.items)
    return np.column_stack([rows, cross_features(head)]) if read else rows


def useful(one: Example) -> bool:
    """Say whether an example has candidates of both kinds, gold and others."""
    return 0 < sum(map(bool, one.gold)) < len(one.gold)


def fit_scorer(examples: Sequence[Example], *, seed: int = 0) -> Linear:
    """Return the unit whose scores put gold candidates before the others of their list, and are logits of being gold.

    The loss is the cross-entropy over a list (Cao et al., "Learning to Rank: From Pairwise Approach to Listwise
    Approach", ICML 2007) and over single candidates.
    """
    chosen = [one for one in examples if useful(one)]
    rows = [rows_of(one.reading) for one in chosen]
    centre, spread = scale(np.concatenate(rows))
    inputs = [torch.tensor((row - centre) / spread, dtype=torch.float32) for row in rows]
    marks = [torch.tensor([float(bool(each)) for each in one.gold], dtype=torch.float32) for one in chosen]
    torch.manual_seed(seed)
    unit = torch.nn.Linear(len(centre), 1)
    optimiser = torch.optim.AdamW(unit.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(EPOCHS):
        for number, place in enumerate(np.random.default_rng([seed, epoch]).permutation(len(chosen)), start=1):
            scores = unit(inputs[place]).squeeze(-1)
            shares = (torch.log_softmax(scores, 0) * marks[place]).sum() / marks[place].sum()
            loss = functional.binary_cross_entropy_with_logits(scores, marks[place]) - shares
            loss.backward()
            if number % TOGETHER == 0 or number == len(chosen):
                optimiser.step()
                optimiser.zero_grad()
    weights = unit.weight.detach().numpy()[0].astype(np.float64) / spread
    return Linear(weights, float(unit.bias.detach()) - float(weights @ centre))


def fit_sufficiency(
    examples: Sequence[Example], scorer: Linear, *, failures: float, penalty: float = 0.1, seed: int = 0
) -> Linear:
    """Return the unit that says how likely the first passages suffice, in the order of the scorer.

    Retrieval seldom fails on the questions of a training set, and does so for other reasons on others: with
    probability `failures` an example is seen a second time with one gold candidate taken away.
    """
    chance = np.random.default_rng(seed)
    seen: list[Example] = []
    for one in examples:
        seen.append(one)
        gold = [row for row, each in enumerate(one.gold) if each]
        if len(gold) and chance.random() < failures:
            seen.append(one.without(int(chance.choice(gold))))
    rows, marks = zip(*(judged(one, scorer) for one in seen), strict=True)
    return logistic(np.stack(rows), marks, penalty)


def judged(one: Example, scorer: Linear) -> tuple[Numbers, bool]:
    """Return the summary of an example in the order of a scorer, and whether its first passages suffice."""
    scores = scorer(rows_of(one.reading))
    shown = [int(row) for row in np.argsort(-scores, kind="stable")]
    return summary(one.reading, scores, shown), one.suffices(shown)


def sufficient(examples: Sequence[Example], scorer: Linear) -> float:
    """Return the share of examples whose first passages, in the order of a scorer, hold all gold ones."""
    return float(np.mean([judged(one, scorer)[1] for one in examples]))


def described(scorer: Linear, sufficiency: Linear) -> dict[str, Any]:
    """Return two units as plain JSON types, features by name."""
    names = (*NAMES, *CROSS)[: len(scorer.weights)]
    return {"scorer": named(scorer, names), "sufficiency": named(sufficiency, SUMMARY)}
