"""The hop updater role: from passages found to the next queries, and from queries to what they find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, Protocol, TypedDict

from ..run import Run

#: what `Find.via` says of what the question itself found, whatever the updater that searched for it is called
SEARCH = "search"


class Query(TypedDict):
    """A frontier entry: enough to compute the query again from the record, and plain JSON.

    `text` is what is looked up or embedded, `updater` and `checkpoint` say who made it and with which weights, `path`
    are the ids of the passages that led here, the bridge last. `score` is the bridge's score when the query was made.
    `dense_text` is embedded in place of `text` where that is written for the lexical half, and `phrases` are to stand
    word for word in what that finds.
    """

    text: str
    updater: str
    checkpoint: str
    path: list[str]
    score: float
    strength: NotRequired[float]
    dense_text: NotRequired[str]
    phrases: NotRequired[list[str]]


class Find(TypedDict):
    """One way in which a passage was found: through which updater, along which path, by which name, worth how much.

    What needs no path is of a kind in place of an updater's name: `search` (`SEARCH`) or `named`.
    `hop` is the search that found it, 0 for the first; the search itself notes it, no updater has to.
    """

    id: str
    via: str
    path: list[str]
    name: str
    value: float
    hop: NotRequired[int]


class Bridge(TypedDict):
    """A passage to go on from, with its score and the path that found it."""

    id: str
    score: float
    path: list[str]


class HopUpdater(Protocol):
    """Makes the next queries out of the question and the passages found, and runs them.

    `checkpoint` is a hash of the weights it uses, empty for an updater without any: a resumed run refuses queries of
    others. Both methods are deterministic, bounded, and skip passages that are gone.
    """

    @property
    def name(self) -> str: ...

    @property
    def checkpoint(self) -> str: ...

    def propose(self, bridges: Sequence[Bridge], run: Run) -> list[Query]:
        """Return the next queries, each with a path that ends in one of the bridges."""
        ...

    def search(self, queries: Sequence[Query], run: Run) -> list[Find]:
        """Return what the queries find, never a passage of a query's own path, `value` not negative."""
        ...


def opening(text: str, first: HopUpdater, score: float = 1.0) -> Query:
    """Return a query that no passage led to, for the updater that runs the question itself."""
    return Query(text=text, updater=first.name, checkpoint=first.checkpoint, path=[], score=score)
