"""Guided query refinement: the query vector moves until its passages agree with the lexical half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.types import Hit
from .role import FusionInput, Values, cosines, lexical_scores, pool, ranked, spread


@dataclass(frozen=True, slots=True)
class Guided:
    """Ranks the passages of both halves by cosine with a query vector that gradient steps have refined.

    With p1 = softmax(cosine / t1) and p2 = softmax(BM25 / t2) over the passages v_d of both rankings, and the consensus
    a = (1 - mixture) p1 + mixture p2, fixed at the start:

        z <- unit(z - rate * t1 * gradient),  gradient of KL(a || p1) = (1 / t1) * sum_d (p1(d) - a(d)) v_d

    Uzan et al., Guided Query Refinement, ICLR 2026, arXiv 2510.05038, section 3. It differs in this: the consensus is
    not recomputed, since then the number of steps would be the true mixture; the vector is kept at unit length, since
    its length would act as a temperature; temperatures are counted in standard deviations of the scores, since a
    softmax over bare cosines is nearly uniform and one over BM25 nearly all on one passage; the steps are plain ones.

    The score is the refined cosine, from 0 for the last to 1 for the first. It costs `steps` products with the
    passages of both rankings, no search. Unlike the other fusions it lets a passage profit from what is near to it, so
    that it may put one first that neither half prefers to the second.

    Args:
        temperature: in standard deviations of each half's scores.
        mixture: share of the lexical half in the consensus.
        rate: length of a step, in units of `t1` over the gradient of the logarithm.
    """

    temperature: float = 1.0
    mixture: float = 0.7
    rate: float = 0.5
    steps: int = 60
    name: str = "guided"

    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        """Return the fused ranking; of a half alone, its order."""
        ids = pool(dense, lexical)
        if not dense or not lexical:
            return ranked({hit.id: 1 - rank / len(ids) for rank, hit in enumerate([*dense, *lexical])})
        first = cosines(ids, dense, asked)
        there = asked.vectors(ids)
        # A passage that is gone takes no part in the refinement, since a zero vector has no gradient, and ends last.
        rows = np.stack([there.get(name, np.zeros_like(asked.vector)) for name in ids]).astype(np.float64)
        goal = lexical_scores(ids, lexical, asked)
        refined = rows @ self.refine(asked.vector.astype(np.float64), rows, first, goal)
        refined[[name not in there for name in ids]] = refined.min()
        return ranked(dict(zip(ids, spread(refined).tolist(), strict=True)))

    def refine(self, query: Values, rows: Values, first: Values, goal: Values) -> Values:
        """Return the refined unit vector, shape (dimension,), for passages (n, dimension) and both halves' scores."""
        warmth = self.temperature * float(first.std())
        if not warmth or not goal.std():
            return query
        consensus = (1 - self.mixture) * _softmax(first / warmth)
        consensus += self.mixture * _softmax(goal / (self.temperature * float(goal.std())))
        for _ in range(self.steps):
            slope = (_softmax(rows @ query / warmth) - consensus) @ rows
            query = query - self.rate * warmth * slope
            query /= np.linalg.norm(query)
        return query


def _softmax(values: Values) -> Values:
    powers = np.exp(values - values.max())
    result: Values = powers / powers.sum()
    return result
