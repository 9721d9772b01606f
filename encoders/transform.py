"""The query transform role: what is done to the vectors of queries before they are searched with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import CallerError
from ..core.registry import Registry
from ..core.types import Vectors
from ..core.vectors import unit
from ..core.weights_file import Card, WeightsFile
from .role import Encoder, OldMethods

#: how far from 1 the length of a row may be
_TOLERANCE = 1e-3


@runtime_checkable
class QueryTransform(Protocol):
    """Turns the unit vectors of queries into those that are searched with, row by row; passages stay as they are.

    `checkpoint` is a hash of its weights, empty without any: a run is not resumed with others.
    """

    @property
    def name(self) -> str: ...

    @property
    def checkpoint(self) -> str: ...

    def transform(self, vectors: Vectors) -> Vectors:
        """Return unit rows, shape (rows, dimension of the stored vectors), for the unit rows of an encoder."""


#: transforms by name; the encoder is handed to those that are `configured`
TRANSFORMS: Registry[QueryTransform] = Registry(
    "query transform",
    "polyhop.query_transforms",
    {"linear": "polyhop.encoders.transform:LinearTransform"},
    QueryTransform,
)


class Transformed(OldMethods):
    """An encoder whose queries go through a transform; to a collection it is the encoder inside.

    Args:
        encoder: reads the texts; its name and dimension are those of the stored vectors.
        transform: is given unit rows of that encoder, and has to return rows of its dimension.
    """

    def __init__(self, encoder: Encoder, transform: QueryTransform) -> None:
        self.name, self.dimension, self.max_tokens = encoder.name, encoder.dimension, encoder.max_tokens
        self.encode_passages, self.count_tokens = encoder.encode_passages, encoder.count_tokens
        self.checkpoint = f"{transform.name} {transform.checkpoint}".rstrip()
        self._encoder = encoder
        self._transform = transform

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension), of what the transform makes of them.

        Raises:
            CallerError: if the transform returns something else than such rows.
        """
        rows = self._encoder.encode_queries(texts)
        return self._checked(self._transform.transform(rows), len(rows)) if len(rows) else rows

    def _checked(self, rows: Vectors, count: int) -> Vectors:
        found = np.asarray(rows)
        if found.shape != (count, self.dimension) or found.dtype.kind != "f":
            what = f"an array of {found.dtype}, shape {found.shape}"
        elif not np.isfinite(found).all():
            what = "values that are not finite"
        elif float(np.abs(np.linalg.norm(found, axis=1) - 1).max()) > _TOLERANCE:
            what = "rows that are not of unit length"
        else:
            return found.astype(np.float32, copy=False)
        raise CallerError(
            f"query transform {self._transform.name!r} returned {what} for {count} vectors; it has to return as many "
            f"unit rows of {self.dimension} finite floats: mend its `transform`, or leave it out"
        )


_KIND = WeightsFile(
    header="linear_transform",
    format=1,
    what="query transform weights",
    absent="check the path, or leave the query transform out",
    broken="write it again with `encoders.transform.save`, or restore the file from a copy",
    foreign="leave the query transform out, or train one for it",
)


@dataclass(frozen=True, slots=True)
class LinearShape:
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
        _, digest, read = _KIND.load(path, LinearShape, embedder=given.name, dimension=given.dimension)
        return cls(read["weight"], read["bias"], digest)

    def transform(self, vectors: Vectors) -> Vectors:
        """Return the mapped unit rows, shape (rows, dimension)."""
        return unit(vectors @ self.weight.T + self.bias)


def save(path: Path, weight: ArrayLike, bias: ArrayLike, encoder: str) -> str:
    """Write weights for an encoder of this name, as 16-bit floats, and return the digest of the file."""
    rows = np.asarray(weight, np.float32)
    card = Card(encoder, LinearShape(rows.shape[0]))
    return _KIND.save_halves(path, {"weight": rows, "bias": np.asarray(bias, np.float32)}, card)
