"""Pseudo-relevance feedback on a ranking: what lies near its first passages moves up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.vectors import unit
from ..candidate import Candidate
from ..run import Run
from .role import head_of


@dataclass(frozen=True, slots=True)
class Rocchio:
    """Compares the head with the question moved towards the first passages, without a model of its own.

    Rocchio's formula without negatives, `x = unit(question + beta * mean(first passages))`; each passage of the head
    gains `weight * cos(x, passage)`. Salton, The SMART Retrieval System, 1971, chapter 14. `Feedback` searches with
    such a vector and finds other passages; this one orders those that were found, by whatever way. `E2Rank` is the
    trained relative of it, in which a model reads the first passages.

    Args:
        nearest: first passages taken for relevant; 0 compares with the question itself.
        weight: the gain of a cosine of 1, where `PathScore` has its `cosine_weight`.
        depth: passages to order anew.
    """

    nearest: int = 3
    beta: float = 0.5
    weight: float = 1.0
    depth: int = 50
    name: str = "rocchio"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its head in the order of the new scores."""
        head = head_of(ranked, self.depth, run)
        if not head.items:
            return list(ranked)
        vectors = np.stack([known.vector for known in head.known])
        query = run.vector
        if near := min(self.nearest, len(vectors)):
            query = unit(query + self.beta * vectors[:near].mean(axis=0))
        gains = (self.weight * (vectors @ query)).tolist()
        return head.rescored([item["score"] + gain for item, gain in zip(head.items, gains, strict=True)], self.name)
