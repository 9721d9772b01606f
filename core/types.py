"""The values that travel between ingest, store and graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

#: rows of 32-bit numbers, mostly of unit length, shape (rows, dimension) or (dimension,)
Vectors = NDArray[np.float32]
#: features and logits
Numbers = NDArray[np.float64]
Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | list[Scalar]]


@dataclass(frozen=True, slots=True)
class Document:
    """One retrievable document, as ingest or a caller hands it to a collection.

    `key` is its stable identity: a path, `path#row`, or whatever the caller chose. `vector` is the caller's own
    embedding of the text (any length but zero); such a document is kept whole, as one chunk.
    """

    key: str
    text: str
    title: str = ""
    metadata: Metadata = field(default_factory=dict)
    source: str = ""
    vector: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document as it is embedded and ranked; `heading` is the trail `A > B` above it."""

    text: str
    title: str = ""
    heading: str = ""

    @property
    def embed_text(self) -> str:
        """Return what the embedder reads: title, heading trail and text, a line each."""
        return "\n".join(part for part in (self.title, self.heading, self.text) if part)


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as the record returns it, with what a citation needs."""

    id: str
    document: str
    title: str
    heading: str
    text: str
    metadata: Metadata = field(default_factory=dict)
    source: str = ""
    place: int = 0  # in its document, from 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage id with the score that one ranking gave it; higher is better."""

    id: str
    score: float


class Spent(TypedDict):
    """What a node spent with one language model on one call: plain JSON, kept in the state."""

    node: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    dollars: float
    seconds: float
    cached: bool
    failed: bool
