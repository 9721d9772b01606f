"""From question files to examples: the sentences that may be quoted for a question as numbers, and which are right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...answering.extractive.quotable import NAMES, Quotable, Sight
from ...core.words import name_key
from ...graphs.loop import ask
from ...graphs.state import Request
from ...retrieval.config import Config
from ...retrieval.query.answer_candidates import QuestionWords as Sought
from ...retrieval.run import Run
from ...retrieval.stop import MaxHops, WhenDry
from ...store.collection import Collection
from ..rerank.collect import Sources, of_each
from ..treehop.questions import HopQuestion, read
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


def collect(
    sources: Sources, home: Path, watcher: Watcher, *, foreign: Sequence[Path] = (), hops: int = 2
) -> list[Example]:
    """Return an example for each question that is answered by more than yes or no.

    Args:
        foreign: files of questions that the passages do not answer; `sources.limit` counts for each of them too.
        hops: searches of a question. With one many answers are not found, as those of questions of more hops.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    strange = [one for path in foreign for one in read(path)[: sources.limit or None]]
    asked: list[Example | None] = []

    def make(one: HopQuestion, collection: Collection) -> Example | None:
        while strange:
            asked.append(_example(strange.pop(), collection, hops, foreign=True))
        return _example(one, collection, hops)

    own = of_each(sources, home, watcher, make)
    return [one for one in [*own, *asked] if one is not None]


def _example(one: HopQuestion, collection: Collection, hops: int, *, foreign: bool = False) -> Example | None:
    if key(one.answer) in ("", "yes", "no"):
        return None
    run = Run(collection, config=Config(stop=MaxHops(hops - 1) | WhenDry(), duplicates=None, seconds=math.inf))
    state, gold = ask(Request(question=one.question, k=K), run), set(one.identities())
    quotable = Quotable.of(state["ranked"][:K], run, Sought.of(run.question, run))
    sight = quotable.sight(state.get("sufficiency"))
    documents = [known.passage.document for known in quotable.known]
    return Example(
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


def key(text: str) -> str:
    """Return a text as names are compared, without articles."""
    return " ".join(word for word in name_key(text).split() if word not in _ARTICLES)


def holds(text: str, answer: str) -> bool:
    """Say whether an answer stands in a text."""
    return f" {key(answer)} " in f" {key(text)} "
