"""A linear map of query vectors, from a file of weights: what a learned adapter of queries comes down to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import CallerError
from ..core.types import Vectors
from ..core.vectors import unit
from ..core.weights_file import Card, Kind
from .role import Encoder

_KIND = Kind(
    header="linear_transform",
    format=1,
    what="query transform weights",
    absent="check the path, or leave the query transform out",
    broken="write it again with `encoders.linear_transform.save`, or restore the file from a copy",
    foreign="leave the query transform out, or train one for it",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimension of the vectors that a map takes and gives."""

    dimension: int

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by name."""
        return {"weight": (self.dimension, self.dimension), "bias": (self.dimension,)}


@dataclass(frozen=True, slots=True)
class LinearTransform:
    """Searches with `unit(weight @ query + bias)`; choose it as `linear=FILE`.

    Args:
        weight: shape (dimension, dimension).
        bias: shape (dimension,).
        checkpoint: a hash of the file that they came from.
    """

    weight: Vectors = field(repr=False)
    bias: Vectors = field(repr=False)
    checkpoint: str = ""
    name: str = "linear"

    @classmethod
    def configured(cls, argument: str, given: Encoder) -> LinearTransform:
        """Return the transform whose weights are in a file, for an encoder.

        Raises:
            CallerError: without a file.
            NoCheckpoint: if there is no such file.
            BrokenCheckpoint: if it holds no sound weights.
            ForeignCheckpoint: if they are another encoder's.
        """
        if not argument:
            raise CallerError("query transform 'linear' needs a file of weights; give linear=FILE")
        path = Path(argument).expanduser()
        _, digest, read = _KIND.load(path, Shape, embedder=given.name, dimension=given.dimension)
        return cls(read["weight"], read["bias"], digest)

    def transform(self, vectors: Vectors) -> Vectors:
        """Return the mapped unit rows, shape (rows, dimension)."""
        return unit(vectors @ self.weight.T + self.bias)


def save(path: Path, weight: ArrayLike, bias: ArrayLike, encoder: str) -> str:
    """Write weights for an encoder of this name, as 16-bit floats, and return the digest of the file."""
    rows = np.asarray(weight, np.float32)
    card = Card(encoder, Shape(rows.shape[0]))
    return _KIND.save_halves(path, {"weight": rows, "bias": np.asarray(bias, np.float32)}, card)
