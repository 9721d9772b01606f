"""The hop updater role: from passages found to the next queries, and from queries to what they find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from ...core.registry import Registry
from ..candidate import Candidate, Kind, Query
from ..query.role import Searcher
from ..run import Run


@runtime_checkable
class HopUpdater(Searcher, Protocol):
    """Makes the next queries out of the question and the passages found, and runs them.

    `kind` is how it reaches passages (`link`, `hyperlink`, `vector` or `words`); rankers judge what it finds by that.
    `checkpoint` is a hash of the weights it uses, empty for an updater without any: a resumed run refuses queries of
    others. Both methods are deterministic, bounded, and skip passages that are gone.
    """

    @property
    def kind(self) -> Kind: ...

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return the next queries, each with a path that ends in one of the bridges."""
        ...

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the queries find, never a passage of a query's own path, scores not negative."""
        ...


UPDATERS: Registry[HopUpdater] = Registry(
    "hop updater",
    "polyhop.hop_updaters",
    {
        "link": "polyhop.retrieval.hop.link:LinkHop",
        "hyperlink": "polyhop.retrieval.hop.hyperlink:HyperlinkHop",
        "span": "polyhop.retrieval.hop.span:SpanHop",
        "shared": "polyhop.retrieval.hop.shared:SharedNameHop",
        "unborne": "polyhop.retrieval.hop.unborne:UnborneNameHop",
        "directional": "polyhop.retrieval.hop.directional:DirectionalHop",
        "pagerank": "polyhop.retrieval.hop.pagerank:PageRankHop",
        "treehop": "polyhop.retrieval.hop.treehop:TreeHop",
    },
    HopUpdater,
)


def query_from(updater: HopUpdater, bridge: Candidate, text: str, strength: float | None = None) -> Query:
    """Return the query of an updater that a bridge leads to."""
    path = [*bridge["path"], bridge["id"]]
    query = Query(text=text, updater=updater.name, checkpoint=updater.checkpoint, path=path, score=bridge["score"])
    return query if strength is None else Query(**{**query, "strength": strength})


def reached(
    updater: HopUpdater, query: Query, target: str, name: str, *, score: float, parts: dict[str, float] | None = None
) -> Candidate:
    """Return the passage `target` as a candidate that an updater's query found."""
    found = Candidate(id=target, kind=updater.kind, via=updater.name, path=query["path"], name=name, score=score)
    return found if parts is None else Candidate(**{**found, "parts": parts})


def best_of(found: Iterable[Candidate]) -> list[Candidate]:
    """Return for each bridge and passage the candidate with the highest score, the first of equal ones; none at 0."""
    best: dict[tuple[str, str], Candidate] = {}
    for one in found:
        way = (one["path"][-1], one["id"])
        if one["score"] > (best[way]["score"] if way in best else 0.0):
            best[way] = one
    return list(best.values())
