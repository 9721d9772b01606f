"""Reciprocal rank fusion with weights that depend on how rare the words of the query are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...core.types import Hit
from ...store.lexical import analyse
from .role import FusionInput, ranked

K = 60
LONG = 50
# Weight of the lexical half where nothing can be said of the words, and for queries of more than `LONG` words.
UNTOLD, LEXICAL_IF_LONG = 0.4, 0.1
LEAST, RANGE, STEEPNESS = 0.1, 0.5, 2.0
CUTOFF_IF_LONG = 25.0
# What lies past the cut-off goes back by so many ranks, behind everything that does not.
BACK = 1_000
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Lets rare words pull towards the lexical half and common ones towards the dense half.

    With N passages, `idf(t) = ln(N / (df(t) + 1))` and m its mean over the words of the query, repeats included:

        w_lexical = 0.1 + 0.5 / (1 + exp(-2 (m - ln(N) / 2)))        w_dense = 1 - w_lexical
        score     = w_dense 60 / (60 + rank) + w_lexical 60 / (60 + rank), ranks from 0

    and w_lexical = 0.1 for more than 50 words. vstash, arXiv 2604.15484, its code; the factor 60 brings the scale to
    that of the role. Two things differ. A word that no passage holds, a slip of the pen for the most part, has the
    highest idf there, which gives the say to the half that cannot match it; here it has no vote. And what the cut-off
    hits is moved back instead of dropped, since a hop may need it.

    Args:
        unknown: `skip` words that no passage holds, or take them for `rare`, as published.
        cutoff: a passage farther from the query than so many times the nearest counts for little; 0 switches it off,
            published is 1.3225 (25 for more than 50 words), on cosine distance.
    """

    unknown: Literal["skip", "rare"] = "skip"
    cutoff: float = 0.0
    name: str = "adaptive"

    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        """Return the fused ranking."""
        words = [word for word in _WORD.findall(analyse(asked.text).lower()) if len(word) > 1]
        weight = self.lexical_weight(words, asked)
        near = self._near(dense, len(words))
        scores: dict[str, float] = {}
        for rank, hit in enumerate(dense):
            scores[hit.id] = (1 - weight) * K / (K + rank + (0 if rank < near else BACK))
        for rank, hit in enumerate(lexical):
            scores[hit.id] = scores.get(hit.id, 0.0) + weight * K / (K + rank)
        return ranked(scores, digits=12)

    def lexical_weight(self, words: Sequence[str], asked: FusionInput) -> float:
        """Return the weight of the lexical half for a query of these words, from 0.1 to 0.6."""
        if len(words) > LONG:
            return LEXICAL_IF_LONG
        counts, total = asked.frequency(list(dict.fromkeys(words))) if words else ({}, 0)
        rarities = self._rarities(words, counts, total) if total > 1 else []
        if not rarities:
            return UNTOLD
        mean = sum(rarities) / len(rarities)
        return round(LEAST + RANGE / (1 + math.exp(-STEEPNESS * (mean - math.log(total) / 2))), 3)

    def _rarities(self, words: Sequence[str], counts: Mapping[str, int], total: int) -> list[float]:
        known = [math.log(total / (counts[word] + 1)) for word in words if counts.get(word)]
        unknown = sum(not counts.get(word) for word in words)
        return known + [math.log(total)] * (unknown if self.unknown == "rare" else 0)

    def _near(self, dense: Sequence[Hit], words: int) -> int:
        """Return how many passages at the head of the dense ranking the cut-off lets be."""
        if not self.cutoff or not dense:
            return len(dense)
        farthest = (CUTOFF_IF_LONG if words > LONG else self.cutoff) * (1 - dense[0].score)
        return sum(1 - hit.score <= farthest for hit in dense)
