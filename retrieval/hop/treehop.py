"""The trained hop: a small network moves the query past what a passage has answered.

Li et al., "TreeHop" (arXiv 2504.20114). It needs weights that were trained for the embedder: those that come with
polyhop for the default one, or your own from `polyhop train`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ...core.errors import CallerError
from ...core.registry import PartMissing
from ...core.types import Vectors
from ...core.vectors import unit
from ...store.collection import Collection
from ..candidate import Candidate, Kind, Query
from ..retriever import MultiRetriever, Retriever
from ..run import Run
from . import treehop_network
from .role import query_from, reached
from .tree import Pruning, kept, ranked
from .treehop_network import Checkpoint

#: Which passages end a branch: those that were expanded, all that earlier searches found, or none.
Redundant = Literal["expanded", "found", "none"]


@dataclass(frozen=True, slots=True)
class TreeHop:
    """Searches with the vector that the network makes of the query and a passage.

    The state of a query is that of its path: the question's vector, updated by each passage on the way. Unlike
    `DirectionalHop` it is trained, unlike `LinkHop` it needs no names in the texts.

    Args:
        weights: the network and what it was trained for.
        bridges: passages to go on from; the others are left to other updaters.
        depth: passages to take from each search.
        width: candidates to keep of a whole layer, the nearest to the queries that found them.
        share: score of the best candidate of a layer, as a share of its bridge's.
    """

    weights: Checkpoint
    bridges: int = 8
    depth: int = 10
    width: int = 10
    share: float = 0.5
    redundant: Redundant = "expanded"
    pruning: Pruning = "ranks"
    name: str = "treehop"
    kind: Kind = "vector"

    #: what to tell of weights that were passed over
    notices: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def configured(cls, argument: str, given: Retriever | None) -> TreeHop:
        """Return the hop with the weights for a retriever's embedder.

        Weights are those in the file `argument`, else those that `polyhop train` left beside a collection, else those
        shipped.

        Raises:
            NoCheckpoint: if a file is named but not there.
            BrokenCheckpoint: if the weights are cut short or altered.
            ForeignCheckpoint: if the file belongs to another embedder.
            PartMissing: if no file is named and there are no weights for the embedder.
        """
        if given is None:
            raise CallerError("updater 'treehop' needs to know the embedder; call Config.of(settings, retriever)")
        name, dimension = given.embedder.name, given.embedder.dimension
        if argument:
            return cls(treehop_network.load(Path(argument).expanduser(), embedder=name, dimension=dimension))
        members = given.members if isinstance(given, MultiRetriever) else [given]
        folders = [member.folder for member in members if isinstance(member, Collection)]
        found, told = treehop_network.find(folders, embedder=name, dimension=dimension)
        if found is None:
            raise PartMissing(*told)
        return cls(found, notices=tuple(told))

    @property
    def checkpoint(self) -> str:
        """Return the hash of the weights."""
        return self.weights.digest

    def score(self, score: float, cosine: float, rank: int) -> float:
        """Return the score of a candidate: its bridge's score, its cosine and its rank in the layer count."""
        return self.share * max(0.0, score) * max(0.0, cosine) / math.sqrt(rank)

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return one query for each of the first bridges; its vector is computed from the path when it is run."""
        run.load(bridge["id"] for bridge in bridges[: self.bridges])
        return [
            query_from(self, bridge, run.question)
            for bridge in bridges[: self.bridges]
            if run.known(bridge["id"]) is not None
        ]

    def states(self, queries: Sequence[Query], run: Run) -> Vectors:
        """Return the raw states, shape (len(queries), dimension); a passage that is gone leaves the state as it was.

        They are remembered for the run, so that a layer costs one call of the network, and a resumed run one for each
        layer on the way.
        """
        paths = [tuple(query["path"]) for query in queries]
        run.load(name for path in paths for name in path)
        run.derived[self.checkpoint,] = run.vector
        for length in range(1, max(map(len, paths), default=0) + 1):
            keys = dict.fromkeys((self.checkpoint, *path[:length]) for path in paths if len(path) >= length)
            self._derive([key for key in keys if key not in run.derived], run)
        return np.stack([run.derived[self.checkpoint, *path] for path in paths])

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what is nearest to the moved queries, best first."""
        if not queries:
            return []
        found = list(self._near(queries, run))
        order = ranked([cosine for _, _, cosine in found], [name for _, name, _ in found])
        ranks = {place: rank for rank, place in enumerate(order, start=1)}
        candidates = []
        for place in kept(order, self.width, self.pruning):
            query, name, cosine = found[place]
            candidates.append(reached(self, query, name, "", score=self.score(query["score"], cosine, ranks[place])))
        return candidates

    def _near(self, queries: Sequence[Query], run: Run) -> Iterator[tuple[Query, str, float]]:
        """Yield (query, passage, cosine) for all branches of a layer that go on."""
        deep = self.depth + max(len(query["path"]) for query in queries)
        lists = run.retriever.dense(unit(self.states(queries, run)), deep, where=run.where)
        ended = {"expanded": run.expanded, "found": run.found, "none": frozenset[str]()}[self.redundant]
        for query, hits in zip(queries, lists, strict=True):
            taken = [hit for hit in hits if hit.id not in query["path"]][: self.depth]
            for hit in taken:
                if hit.id not in ended:
                    yield query, hit.id, round(hit.score, 6)

    def _derive(self, keys: Sequence[tuple[str, ...]], run: Run) -> None:
        """Compute the states of paths whose beginnings are known already."""
        known = {key: there for key in keys if (there := run.known(key[-1])) is not None}
        for key in keys:
            run.derived[key] = run.derived[key[:-1]]
        if known:
            before = np.stack([run.derived[key[:-1]] for key in known])
            states = self.weights.gate(before, np.stack([there.vector for there in known.values()]))
            run.derived.update(zip(known, states, strict=True))
