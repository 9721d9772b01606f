"""Reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.types import Hit
from .role import FusionInput


def rrf(rankings: Sequence[Sequence[Hit]], k: int = 60) -> list[Hit]:
    """Fuse any number of rankings: each gives a passage 1 / (k + rank), ranks from 1; ties by id.

    Cormack, Clarke and Büttcher, SIGIR 2009, doi:10.1145/1571941.1572114.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (k + rank)
    return [Hit(name, score) for name, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


@dataclass(frozen=True, slots=True)
class ReciprocalRank:
    """`rrf` on the scale of the role. It needs no scores, and so no tuning; the default."""

    k: int = 60
    name: str = "rrf"

    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        """Return the fused ranking, scores as shares of what leading both rankings gives."""
        highest = 2 / (self.k + 1)
        return [Hit(hit.id, hit.score / highest) for hit in rrf([dense, lexical], self.k)]
