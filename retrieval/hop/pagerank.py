"""Personalised PageRank over the links around the passages found.

Restarts at the bridges, walks along names to their bearers and back, and along likeness between passages:

    p = (1 - damping) r + damping P'p

with r the softmax of the bridges' scores and P the row-normalised weights. After HippoRAG (arXiv 2405.14831, section
2.3) and graph-augmented retrieval (arXiv 2507.19715), on the part of the graph that a question can reach: nothing is
built or kept at indexing time but the names. A passage that two bridges lead to gets both their shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..candidate import Candidate, Kind, Query
from ..run import KIND_WEIGHT, Run
from .link import LinkHop
from .role import reached

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PageRankHop:
    """Spreads the bridges' scores over their surroundings; unlike `LinkHop` it adds up what several bridges say.

    Args:
        weight: the score of the best target, as a share of the best bridge's.
        damping: the share of a walk that goes on instead of starting anew.
        temperature: of the softmax over the bridges' scores.
        alike: cosine above which two passages are neighbours without a name between them.
    """

    weight: float = 0.5
    damping: float = 0.5
    temperature: float = 0.3
    alike: float = 0.5
    steps: int = 20
    link: LinkHop = field(default_factory=LinkHop)
    name: str = "pagerank"
    kind: Kind = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return a query for each name in each bridge that is not the bridge's own."""
        return [Query(**{**query, "updater": self.name}) for query in self.link.propose(bridges, run)]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the bearers of the names, scored by their share of the walks, with the strongest link to each."""
        edges: dict[tuple[str, str], tuple[float, Query]] = {}
        for query, bridge, found, kind in self.link.links(queries, run):
            way = (bridge.passage.id, found.passage.id)
            weight = KIND_WEIGHT[kind] * query.get("strength", 0.0)
            if way[0] != way[1] and weight > edges.get(way, (0.0, query))[0]:
                edges[way] = (weight, query)
        if not edges:
            return []
        scores = {query["path"][-1]: query["score"] for query in queries}
        names = sorted({name for way in edges for name in way})
        shares = dict(zip(names, self._shares(names, edges, scores, run), strict=True))
        return self._found(edges, scores, shares)

    def _shares(
        self,
        names: Sequence[str],
        edges: Mapping[tuple[str, str], tuple[float, Query]],
        scores: Mapping[str, float],
        run: Run,
    ) -> list[float]:
        """Return each node's share of the walks."""
        place = {name: number for number, name in enumerate(names)}
        vectors = np.stack([known.vector for name in names if (known := run.known(name)) is not None])
        likeness = vectors @ vectors.T
        weights: Matrix = np.where(likeness > self.alike, likeness - self.alike, 0.0).astype(np.float64)
        np.fill_diagonal(weights, 0.0)
        for (start, end), (weight, _) in edges.items():
            weights[place[start], place[end]] += weight
            weights[place[end], place[start]] += weight
        restart = np.array([np.exp(scores[name] / self.temperature) if name in scores else 0.0 for name in names])
        restart /= restart.sum()
        rows = weights.sum(axis=1, keepdims=True)
        walk = np.divide(weights, rows, out=np.zeros_like(weights), where=rows > 0)
        shares = restart
        for _ in range(self.steps):
            shares = (1 - self.damping) * restart + self.damping * (walk.T @ shares)
        return [float(share) for share in shares]

    def _found(
        self,
        edges: Mapping[tuple[str, str], tuple[float, Query]],
        scores: Mapping[str, float],
        shares: Mapping[str, float],
    ) -> list[Candidate]:
        best: dict[str, tuple[float, Query]] = {}
        for (_, target), (weight, query) in edges.items():
            score = weight * max(0.0, query["score"])
            if target not in query["path"] and (target not in best or score > best[target][0]):
                best[target] = (score, query)
        highest = max((shares[target] for target in best), default=0.0)
        scale = self.weight * max(0.0, *scores.values()) / highest if highest > 0 else 0.0
        return [
            reached(self, query, target, query["text"], score=scale * shares[target])
            for target, (_, query) in best.items()
        ]
