"""Train what answers without a model, in three steps: python -m polyhop.training.answer examples|units|rules ...

examples  ask questions whose gold passages and answers are known, and keep what is known of each sentence
units     fit the units to them, in seconds
rules     choose the thresholds and what is quoted beside the answer; each set is judged by units of the other ones
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ..answering.extractive.quotable import NAMES, Quotable, Sight
from ..answering.extractive.scorer import FORMAT, GROUPS, SUMMARY, Weighing, choose, group, summary
from ..core.errors import CallerError
from ..core.types import Numbers
from ..core.weights_file import Linear
from ..core.words import name_key
from ..retrieval.query.short_answers import QuestionWords
from ..retrieval.rerank.listwise import Estimate
from ..store.collection import Collection
from .harness import OUT, SOURCES, Step, described, load, option, path, paths, run, write, write_json
from .loop import logistic, on_scale
from .questions import HopQuestion, Sources, of_each, read, walked

K = 5
FEWEST = 20  # questions of which a sentence is right, below which there is nothing to learn from
#: on the squares of the weights of standardised features
PENALTY, PENALTY_OF_CHANCES = 0.03, 0.01
#: The share of the question's words, by rarity, up to which a right sentence counts `FEW` times: what people ask of
#: their own documents repeats fewer of their words than the questions of published sets do.
FAR, FEW = 0.31, 2
#: searches from which on an example is one for the scorers; those of fewer are for what tells wrong answers
WHOLE = 2
_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True, slots=True)
class AnswerExample:
    """A question with its sentences: `Sight` in plain types, and of each sentence what it holds.

    `holds` says whether the answer stands in it, `gold` whether its passage is a gold one. A `foreign` question is one
    of other passages than those it was asked of; `hops` are the searches that it was allowed.
    """

    question: str
    kind: str
    rows: Sequence[Sequence[float]]
    places: Sequence[int]
    cosines: Sequence[float]
    sufficiency: float | None
    holds: Sequence[bool]
    gold: Sequence[bool]
    foreign: bool = False
    hops: int = 2

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.places) == len(self.holds) == len(self.gold):
            counted = f"{len(self.rows)} rows, {len(self.places)} places, {len(self.holds)} and {len(self.gold)} marks"
            raise ValueError(counted)
        if not np.isfinite(self.sight().rows).all():
            raise ValueError("features that are not finite")

    def sight(self) -> Sight:
        """Return its sentences as the units see them."""
        rows = np.array(self.rows, np.float64).reshape(len(self.rows), len(NAMES))
        return Sight(self.kind, rows, self.places, self.cosines, self.sufficiency)

    def right(self) -> Numbers:
        """Return which sentences hold the answer and are of a gold passage."""
        return np.array([held and gold for held, gold in zip(self.holds, self.gold, strict=True)], bool)


@dataclass(frozen=True, slots=True, eq=False)
class AnswerableQuestion:
    """An example with its sentences and the answer; `whole` says whether all gold passages are among theirs."""

    example: AnswerExample
    quotable: Quotable
    answer: str
    whole: bool


def collect(
    sources: Sources, *, foreign: Sequence[HopQuestion] = (), hops: Sequence[int] = (2,)
) -> list[AnswerableQuestion]:
    """Return what is found for each question that is answered by more than yes or no.

    Args:
        foreign: questions that the passages do not answer.
        hops: searches of a question, which is asked once with each number. With one many answers are not found, as
            those of questions of more hops. Foreign questions are asked with the first number alone.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    strange = list(foreign)

    def make(one: HopQuestion, collection: Collection) -> list[AnswerableQuestion | None]:
        beside = [_asked(strange.pop(), collection, hops[0], foreign=True) for _ in range(len(strange))]
        return [*(_asked(one, collection, number) for number in hops), *beside]

    return [one for made in of_each(sources, make) for one in made if one is not None]


def _asked(one: HopQuestion, collection: Collection, hops: int, *, foreign: bool = False) -> AnswerableQuestion | None:
    if key(one.answer) in ("", "yes", "no") and not one.absent:
        return None
    state, run = walked(one.question, collection, K, searches=hops, sufficiency=Estimate())
    quotable = Quotable.of(state["ranked"][:K], run, QuestionWords.of(run.question, run))
    sight, gold = quotable.sight(state.get("sufficiency")), set(one.identities())
    documents = [known.passage.document for known in quotable.known]
    example = AnswerExample(
        question=one.question,
        kind=sight.kind,
        rows=sight.rows.round(5).tolist(),
        places=sight.places,
        cosines=[round(cosine, 5) for cosine in sight.cosines],
        sufficiency=sight.sufficiency,
        holds=[not one.absent and holds(piece.text, one.answer) for piece in quotable.pieces],
        gold=[documents[place] in gold for place in sight.places],
        foreign=foreign,
        hops=hops,
    )
    return AnswerableQuestion(example, quotable, one.answer, gold <= set(documents))


def key(text: str) -> str:
    """Return a text as names are compared, without articles."""
    return " ".join(word for word in name_key(text).split() if word not in _ARTICLES)


def holds(text: str, answer: str) -> bool:
    """Say whether an answer stands in a text."""
    return f" {key(answer)} " in f" {key(text)} "


def trained(examples: Sequence[AnswerExample]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the file of units as plain JSON types, and figures on halves that the scorers have not seen.

    Raises:
        CallerError: if too few questions have a right sentence, or all or none are foreign.
    """
    units, right, foreign = fitted(examples)
    file = {
        "format": FORMAT,
        "scorers": {name: described(unit, NAMES) for name, unit in units.scorers.items()},
        "right": described(units.right, SUMMARY),
    }
    strange = sum(one.foreign for one in examples)
    return file, {"questions": len(examples), "held": round(float(right[~foreign].mean()), 4), "foreign": strange}


def fitted(examples: Sequence[AnswerExample]) -> tuple[Weighing, Any, Any]:
    """Return the units and, of each example, whether scorers of the other half are right, and whether it is foreign.

    Raises:
        CallerError: if too few questions have a right sentence, or all or none are foreign.
    """
    able = sum(map(useful, examples))
    strange = sum(one.foreign for one in examples)
    if able < FEWEST or not 0 < strange < len(examples):
        raise CallerError(
            f"{len(examples)} examples, {able} with a right sentence and {strange} of other passages; "
            f"{FEWEST} at least are needed of the former, and some of the latter (`--foreign`)"
        )
    scorers = fit_scorers(examples)
    # All runs of a question are in one half.
    side = {question: n % 2 for n, question in enumerate(dict.fromkeys(one.question for one in examples))}
    halves = [[one for one in examples if side[one.question] == half] for half in (0, 1)]
    seen = [judged(one, fit_scorers(other)) for one, other in (halves, halves[::-1])]
    rows, right, foreign, far = (np.concatenate(both) for both in zip(*seen, strict=True))
    chance = logistic(rows, right, PENALTY_OF_CHANCES, np.where(far, FEW, 1))
    return Weighing(scorers, chance), right, foreign


def useful(one: AnswerExample) -> bool:
    """Say whether some sentences of an example are right and some are not, and all of its searches were made."""
    return one.hops >= WHOLE and 0 < sum(one.right()) < len(one.rows)


def _is_far(one: AnswerExample) -> bool:
    """Say whether the right sentences of an example share few words with the question."""
    shares = one.sight().rows[one.right(), NAMES.index("share")]
    return bool(len(shares)) and bool(shares.max() <= FAR)


def fit_scorers(examples: Sequence[AnswerExample]) -> dict[str, Linear]:
    """Return the unit of each group: what all groups share, and what is its own where that pays.

    The loss is the cross-entropy over the sentences of a question, of those that hold the answer together, and over
    single sentences.
    """
    chosen = [one for one in examples if useful(one) for _ in range(FEW if _is_far(one) else 1)]
    rows = [_grouped(one.sight().rows, group(one.kind)) for one in chosen]
    marks = torch.tensor(np.concatenate([one.right() for one in chosen]).astype(np.float64))
    of = torch.tensor(np.repeat(np.arange(len(rows)), [len(each) for each in rows]))

    def loss(scores: torch.Tensor) -> torch.Tensor:
        shares = torch.exp(scores.clamp(-30, 30))
        nothing = torch.zeros(len(rows), dtype=torch.float64)
        right, everything = nothing.index_add(0, of, shares * marks), nothing.index_add(0, of, shares)
        single = functional.binary_cross_entropy_with_logits(scores, marks, reduction="sum") / len(rows)
        return single - (torch.log(right) - torch.log(everything)).mean()

    found, width = on_scale(np.concatenate(rows), loss, PENALTY), len(NAMES)
    shared, parts = found.weights[:width], found.weights[width:].reshape(len(GROUPS) - 1, width + 1)
    own = [*parts, np.zeros(width + 1)]
    return {
        name: Linear(shared + part[:-1], found.bias + float(part[-1])) for name, part in zip(GROUPS, own, strict=True)
    }


def judged(examples: Sequence[AnswerExample], scorers: Mapping[str, Linear]) -> tuple[Numbers, ...]:
    """Return what is known of the sentences that scorers choose, for each example that has some.

    Beside it stand whether they hold the answer, whether the question is foreign, and whether its right sentences
    share few of its words.
    """
    rows, marks = [], []
    for one in examples:
        if one.rows:
            sight = one.sight()
            scores = scorers[group(one.kind)](sight.rows)
            chosen = choose(scores, sight.places)
            rows.append(summary(sight, scores, chosen))
            marks.append((any(one.holds[row] for row in chosen), one.foreign, _is_far(one)))
    return np.array(rows).reshape(len(rows), len(SUMMARY)), *np.array(marks, bool).reshape(len(rows), 3).T


def _grouped(rows: Numbers, name: str) -> Numbers:
    """Return features for all groups, and once more, with a constant, for each but the last, where it is this one."""
    own = np.column_stack([rows, np.ones(len(rows))])
    return np.column_stack([rows, *(own * (name == each) for each in GROUPS[:-1])])


def _examples(given: Namespace) -> dict[str, Any]:
    foreign = [one for file in given.foreign for one in read(file)[: given.limit or None]]
    found = collect(Sources.of(given), foreign=foreign, hops=(given.hops,))
    write(given.out, [one.example for one in found])
    return {"file": str(given.out), "examples": len(found)}


def _units(given: Namespace) -> dict[str, Any]:
    return write_json(given.out, *trained(load(given.examples, AnswerExample)))


def _rules(given: Namespace) -> dict[str, Any]:
    from .answer_rules import chosen

    if len(given.sets) < 2:
        raise CallerError(f"{given.sets}: give two sets at least, each is judged by units of the others")
    asked = []
    for folder in given.sets:
        others = [other / "train.jsonl" for other in given.sets if other != folder]
        strange = [one for file in others for one in read(file)[: given.foreign]]
        sources = Sources(
            [folder / "train.jsonl"],
            [folder / "corpus.jsonl"],
            given.apart,
            given.others,
            limit=given.limit,
            home=given.home,
        )
        asked.append(collect(sources, foreign=strange, hops=(2, 1)))
    return dict(chosen(asked))


STEPS = {
    "examples": Step(
        _examples,
        (
            *SOURCES,
            paths("--foreign", "questions that these passages do not answer"),
            option("--hops", "searches of a question (default: %(default)s)", type=int, default=2),
            OUT,
        ),
        "ask questions",
    ),
    "units": Step(_units, (path("examples", "files of examples", nargs="+"), OUT), "fit the units"),
    "rules": Step(
        _rules,
        (
            path("sets", "folders with train.jsonl and corpus.jsonl, two at least", nargs="+"),
            option("--foreign", "questions of each other set that are asked of a set", type=int, default=150),
            *(one for one in SOURCES if one[0] in ("--apart", "--limit", "--others", "--home")),
        ),
        "choose the rules",
    ),
}


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    return run("training.answer", __doc__, STEPS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
