"""A weighted mean of the two scores, each brought to 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.types import Hit
from .role import FusionInput, cosines, lexical_scores, pool, ranked, spread


@dataclass(frozen=True, slots=True)
class MinMax:
    """`weight * minmax(cosine) + (1 - weight) * minmax(BM25)` over the passages of both rankings.

    Unlike `ReciprocalRank` it keeps how far passages are apart. A passage that one half alone has found gets its true
    cosine, or the bound on its BM25 that `lexical_scores` tells. Bruch, Gai and Ingber, An Analysis of Fusion Functions
    for Hybrid Retrieval, TOIS 42 (2023), doi:10.1145/3596512, section 4.

    Args:
        weight: share of the cosine, chosen on development questions.
    """

    weight: float = 0.5
    name: str = "minmax"

    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        """Return the fused ranking; a half that found nothing gives nothing."""
        ids = pool(dense, lexical)
        total = np.zeros(len(ids))
        if dense:
            total += self.weight * spread(cosines(ids, dense, asked))
        if lexical:
            total += (1 - self.weight) * spread(lexical_scores(ids, lexical, asked))
        return ranked(dict(zip(ids, total.tolist(), strict=True)))
