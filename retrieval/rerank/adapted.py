"""The adapter's network: from a question and the first candidates' vectors to the query that orders them, in numpy.

E2Rank (arXiv 2510.22733) has a language model read the first candidates as a longer query, and orders all of them by
their cosines with its vector. An embedder that cannot read a list has their vectors to go by:

    w_i = rank_i + a (cos(q, d_i) - 1/2) + b (cos(d_1, d_i) - 1/2) + (A q) . (B d_i)
    c   = sum_i w_i d_i
    q*  = unit(q + c + O tanh(V [c, q] sqrt(dimension) + v))

Its parameters start so that q* is q. Nothing here needs torch: the trainer's network has the same parameters under
the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.types import Vectors
from ...core.vectors import unit

Parameters = Mapping[str, NDArray[np.float32]]

MIDDLE = 0.5  # of the cosines among candidates, roughly; it only makes the weights easier to learn


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of an adapter.

    Args:
        dimension: of the vectors.
        first: candidates that the query is made of.
        attention: dimensions in which question and candidates are compared for their weights.
        hidden: units of the layer that moves the query further.
    """

    dimension: int
    first: int = 10
    attention: int = 16
    hidden: int = 64

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by name; matrices are (out, in)."""
        return {
            "rank": (self.first,),
            "near": (2,),
            "query.weight": (self.attention, self.dimension),
            "key.weight": (self.attention, self.dimension),
            "read.weight": (self.hidden, 2 * self.dimension),
            "read.bias": (self.hidden,),
            "move.weight": (self.dimension, self.hidden),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """The network with its weights."""

    shape: Shape
    parameters: Parameters

    def __call__(self, query: Vectors, candidates: Vectors) -> Vectors:
        """Return the unit vector to order by, shape (dimension,).

        Args:
            query: the question's unit vector.
            candidates: unit vectors in the order of their ranking, shape (candidates, dimension); none leave the query
                as it is.
        """
        rows, own = candidates[: self.shape.first], self.parameters
        if not len(rows):
            return unit(query)
        near = np.stack([rows @ query, rows @ rows[0]], axis=1) - np.float32(MIDDLE)
        weights = own["rank"][: len(rows)] + near @ own["near"]
        weights = weights + rows @ (own["key.weight"].T @ (own["query.weight"] @ query))
        centre = weights @ rows
        seen = np.concatenate([centre, query]) * np.float32(np.sqrt(self.shape.dimension))
        moved = own["move.weight"] @ np.tanh(own["read.weight"] @ seen + own["read.bias"])
        return unit((query + centre + moved).astype(np.float32, copy=False))
