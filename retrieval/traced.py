"""A retriever that tells the trace of its run each search and each embedding; made only where somebody traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from ..core import telemetry as names
from ..core.telemetry import RunTrace
from ..core.types import Hit, ResolvedLink, Vectors
from ..encoders.role import Encoder
from .retriever import Bearers, Retriever, source_of

#: what runs an embedder inside the process, as the conventions call the provider
LOCAL = "polyhop"
Found = TypeVar("Found", bound="Mapping[str, Any] | Sequence[Any]")


class Traced:
    """Hands everything on to a retriever, each search in a span; other names are looked up in the retriever itself."""

    def __init__(self, retriever: Retriever, trace: RunTrace) -> None:
        self._retriever = retriever
        self._trace = trace
        self._source = source_of(retriever)
        self.embedder = TracedEncoder(retriever.embedder, trace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._retriever, name)

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return what the retriever finds."""
        return self._told("dense", lambda: self._retriever.dense(vectors, k, where=where), most=k)

    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        """Return what the retriever finds."""
        return self._told("lexical", lambda: self._retriever.lexical(question, k, where=where), most=k)

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Return what the retriever finds."""
        return self._told("bearers", lambda: self._retriever.bearers(names, most, where=where), size=len(names))

    def mentioning(self, names: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return what the retriever finds."""
        return self._told("mentioning", lambda: self._retriever.mentioning(names, most, where=where), size=len(names))

    def linked(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[ResolvedLink]]:
        """Return what the retriever finds."""
        return self._told("linked", lambda: self._retriever.linked(ids, most, where=where), size=len(ids))

    def linking(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return what the retriever finds."""
        return self._told("linking", lambda: self._retriever.linking(ids, most, where=where), size=len(ids))

    def _told(
        self, search: str, find: Callable[[], Found], *, most: int | None = None, size: int | None = None
    ) -> Found:
        facts: dict[str, Any] = {
            names.DATABASE: "polyhop",
            names.DATABASE_OPERATION: search,
            names.COLLECTION: self._source,
        }
        if most is not None:
            facts[names.TOP_K] = most
        if size is not None and size > 1:  # a batch of one is none, the conventions say
            facts[names.BATCH_SIZE] = size
        with self._trace.open(f"{search} {self._source}".rstrip(), facts) as span:
            found = find()
            rows = found.values() if isinstance(found, Mapping) else found
            span.tell({names.ROWS: sum(len(row) if isinstance(row, list | tuple) else 1 for row in rows)})
            return found


class TracedEncoder:
    """Hands everything on to an encoder, each embedding of queries in a span."""

    def __init__(self, encoder: Encoder, trace: RunTrace) -> None:
        self._encoder = encoder
        self._trace = trace

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the rows that the encoder gives these texts."""
        facts = {
            names.OPERATION: "embeddings",
            names.PROVIDER: LOCAL,
            names.MODEL: self._encoder.name,
            names.DIMENSION: self._encoder.dimension,
        }
        with self._trace.open(f"embeddings {self._encoder.name}", facts) as span:
            span.tell({f"{names.OWN}texts": len(texts)})
            return self._encoder.encode_queries(texts)
