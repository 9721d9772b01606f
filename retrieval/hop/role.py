"""The hop updater role: from passages found to the next queries, and from queries to what they find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ...core.registry import Registry
from ..candidate import Candidate, Kind, Query
from ..query.role import Searcher
from ..run import Run


@runtime_checkable
class HopUpdater(Searcher, Protocol):
    """Makes the next queries out of the question and the passages found, and runs them.

    `kind` is how it reaches passages (`link`, `vector` or `words`); rankers judge what it finds by that. `checkpoint`
    is a hash of the weights it uses, empty for an updater without any: a resumed run refuses queries of others. Both
    methods are deterministic, bounded, and skip passages that are gone.
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
        "span": "polyhop.retrieval.hop.span:SpanHop",
        "shared": "polyhop.retrieval.hop.shared:SharedNameHop",
        "directional": "polyhop.retrieval.hop.directional:DirectionalHop",
        "pagerank": "polyhop.retrieval.hop.pagerank:PageRankHop",
        "treehop": "polyhop.retrieval.hop.treehop:TreeHop",
    },
    HopUpdater,
)
