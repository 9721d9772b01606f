"""From question files to examples: the sentences that may be quoted for a question as numbers, and which are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...answering.extractive.quotable import NAMES, Quotable, Sight
from ...core.words import name_key
from ...graphs.context import Context
from ...graphs.executor import walk
from ...graphs.state import Request
from ...graphs.stop import AfterHops, WhenDry
from ...retrieval.hop.link import LinkHop
from ...retrieval.hop.role import HopUpdater
from ...retrieval.query.answer_candidates import QuestionWords as Sought
from ...retrieval.query.first import FirstSearch
from ...retrieval.rerank.listwise import Estimate
from ...retrieval.rerank.path import PathScore
from ...store.collection import Collection
from ..rerank.collect import Sources, of_each
from ..treehop.questions import HopQuestion
from ..watch import Watcher

K = 5
_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its sentences: `Sight` in plain types, and of each sentence what it holds.

    `holds` says whether the answer stands in it, `gold` whether its passage is a gold one. A `foreign` question is one
    of other passages than those it was asked of; `hops` are the searches that it was allowed.
    """

    question: str
    kind: str
    rows: Sequence[Sequence[float]]
    places: Sequence[int]
    cosines: Sequence[float]
    score: float
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
        return Sight(self.kind, rows, self.places, self.cosines, self.score, self.sufficiency)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An example with its sentences and the answer; `whole` says whether all gold passages are among theirs."""

    example: Example
    quotable: Quotable
    answer: str
    whole: bool


def collect(
    sources: Sources, home: Path, watcher: Watcher, *, foreign: Sequence[HopQuestion] = (), hops: Sequence[int] = (2,)
) -> list[Asked]:
    """Return what is found for each question that is answered by more than yes or no.

    Args:
        foreign: questions that the passages do not answer.
        hops: searches of a question, which is asked once with each number. With one many answers are not found, as
            those of questions of more hops. Foreign questions are asked with the first number alone.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    strange = list(foreign)

    def make(one: HopQuestion, collection: Collection) -> list[Asked | None]:
        beside = [_asked(strange.pop(), collection, hops[0], foreign=True) for _ in range(len(strange))]
        return [*(_asked(one, collection, number) for number in hops), *beside]

    return [one for made in of_each(sources, home, watcher, make) for one in made if one is not None]


def _asked(one: HopQuestion, collection: Collection, hops: int, *, foreign: bool = False) -> Asked | None:
    if key(one.answer) in ("", "yes", "no"):
        return None
    updaters: list[HopUpdater] = [FirstSearch(), LinkHop()]
    context = Context(
        retriever=collection,
        updaters={each.name: each for each in updaters},
        hops=("link",),
        ranker=PathScore(),
        stop=AfterHops(hops) | WhenDry(),
        sufficiency=Estimate(),
    )
    state = walk(Request(question=one.question, k=K), context)
    run, gold = context.working(state), set(one.identities())
    quotable = Quotable.of(state["ranked"][:K], run, Sought.of(run.question, run))
    sight = quotable.sight(state.get("sufficiency"))
    documents = [known.passage.document for known in quotable.known]
    example = Example(
        question=one.question,
        kind=sight.kind,
        rows=[[round(value, 5) for value in row] for row in sight.rows.tolist()],
        places=sight.places,
        cosines=[round(cosine, 5) for cosine in sight.cosines],
        score=sight.score,
        sufficiency=sight.sufficiency,
        holds=[holds(piece.text, one.answer) for piece in quotable.pieces],
        gold=[documents[place] in gold for place in sight.places],
        foreign=foreign,
        hops=hops,
    )
    return Asked(example, quotable, one.answer, gold <= set(documents))


def key(text: str) -> str:
    """Return a text as names are compared, without articles."""
    return " ".join(word for word in name_key(text).split() if word not in _ARTICLES)


def holds(text: str, answer: str) -> bool:
    """Say whether an answer stands in a text."""
    return f" {key(answer)} " in f" {key(text)} "
