"""The rank and rerank roles: one ranking out of everything found so far, and a closer look at its head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, Protocol, TypedDict

from ..hop.role import Find
from ..run import Run

#: how far behind the head the rest begins
STEP = 1e-3
#: the part that stands for a whole score whose parts nobody told
WHOLE = "score"


class Ranked(TypedDict):
    """A passage in the ranking with its score and the find that counted most for it.

    `hop` is the search that made this find, 0 for the first, `parts` is what the score is the sum of, by name, and
    `duplicates` are passages that were moved back since they say nearly the same. `logit` is what a cross-encoder makes
    of it, where one has read it, and `about` what it is about that was to be left out.
    """

    id: str
    score: float
    via: str
    path: list[str]
    name: str
    hop: NotRequired[int]
    parts: NotRequired[dict[str, float]]
    duplicates: NotRequired[list[str]]
    logit: NotRequired[float]
    about: NotRequired[str]


class Ranker(Protocol):
    """Orders passages in the light of the question and of the paths that found them; asked after each search."""

    @property
    def name(self) -> str: ...

    def rank(self, finds: Sequence[Find], run: Run) -> list[Ranked]:
        """Return each passage found that is still there, once, best first, ties by id."""
        ...


class Reranker(Protocol):
    """Looks again at the head of a ranking, once, after the last search."""

    @property
    def name(self) -> str: ...

    def rerank(self, ranked: Sequence[Ranked], run: Run) -> list[Ranked]:
        """Return the same passages, each once, best first.

        The scores are finite, fall along the ranking, and are the sums of the `parts`. Equal input gives equal output,
        and what is handed in is left as it was. What lies behind the head that it looks at keeps its order behind it.
        """
        ...


def reordered(ranked: Sequence[Ranked], scores: Sequence[float], name: str) -> list[Ranked]:
    """Return a ranking whose first passages have new scores, those behind them pushed down to stay behind.

    What a score gains or loses is its part `name`.
    """
    head = [_moved(item, score - item["score"], name) for item, score in zip(ranked, scores, strict=False)]
    head.sort(key=order)
    rest = ranked[len(scores) :]
    if not head or not rest:
        return [*head, *rest]
    down = min(0.0, head[-1]["score"] - rest[0]["score"] - STEP)
    return [*head, *(_moved(item, down, name) for item in rest)]


def order(item: Ranked) -> tuple[float, str]:
    """Return what rankings are sorted by: the best score first, ties by id."""
    return -round(item["score"], 6), item["id"]


def _moved(item: Ranked, by: float, name: str) -> Ranked:
    parts = item.get("parts", {WHOLE: item["score"]})
    moved = {**parts, name: parts.get(name, 0.0) + by}
    return Ranked(**{**item, "score": item["score"] + by, "parts": moved})
