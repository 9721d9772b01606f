"""Reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import Hit


def rrf(rankings: Sequence[Sequence[Hit]], k: int = 60) -> list[Hit]:
    """Fuse rankings: each list gives a passage 1 / (k + rank), ranks from 1; ties by id.

    Cormack, Clarke and Büttcher, SIGIR 2009, doi:10.1145/1571941.1572114.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (k + rank)
    return [Hit(name, score) for name, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]
