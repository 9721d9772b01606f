"""A retriever that remembers what it was asked, so that variants of a run share its look-ups."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ...core.types import Hit, Passage, Vectors
from ...encoders.role import Encoder
from ...retrieval.retriever import Bearers, Retriever

T = TypeVar("T")


class Memory:
    """Results of calls by what was asked, with what each cost.

    `saved` are the seconds that remembered results would have cost, less those that looking them up took: a run's time
    and the growth of `saved` meanwhile are together what the run costs without this memory.
    """

    def __init__(self) -> None:
        self.saved = 0.0
        self._known: dict[tuple[Any, ...], tuple[Any, float]] = {}

    def once(self, work: Callable[[], T], *asked: Any) -> T:
        """Return the result of a call, made only if it is not remembered."""
        began = time.perf_counter()
        if asked in self._known:
            result, cost = self._known[asked]
            self.saved += cost - (time.perf_counter() - began)
            return result  # type: ignore[no-any-return]
        result = work()
        self._known[asked] = result, time.perf_counter() - began
        return result

    def forget(self) -> None:
        """Drop everything, as is due between questions: they share little."""
        self._known.clear()


class Remembering:
    """Passes every call on to a retriever, equal calls once; nothing may be written to it meanwhile."""

    def __init__(self, inner: Retriever, memory: Memory) -> None:
        self._inner = inner
        self._memory = memory
        self.embedder: Encoder = RememberingEncoder(inner.embedder, memory)

    def __getattr__(self, name: str) -> Any:
        """Pass on what a retriever offers beyond its role."""
        return getattr(self._inner, name)

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Pass on `Retriever.dense`."""
        rows = np.atleast_2d(np.asarray(vectors, np.float32))
        lists = self._memory.once(
            lambda: self._inner.dense(rows, k, where=where), "dense", rows.tobytes(), rows.shape, k, where
        )
        return [list(hits) for hits in lists]

    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        """Pass on `Retriever.lexical`."""
        found = self._memory.once(lambda: self._inner.lexical(question, k, where=where), "lexical", question, k, where)
        return list(found)

    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        """Pass on `Retriever.passages`."""
        return self._memory.once(lambda: self._inner.passages(ids), "passages", _key(ids))

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Pass on `Retriever.vectors`."""
        return self._memory.once(lambda: self._inner.vectors(ids), "vectors", _key(ids))

    def frequency(self, words: Sequence[str]) -> tuple[Mapping[str, int], int]:
        """Pass on `Retriever.frequency`."""
        return self._memory.once(lambda: self._inner.frequency(words), "frequency", _key(words))

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Pass on `Retriever.bearers`."""
        found = self._memory.once(
            lambda: self._inner.bearers(names, most, where=where), "bearers", _key(names), most, where
        )
        return {name: list(there) for name, there in found.items()}

    def mentioning(self, names: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Pass on `Retriever.mentioning`."""
        return self._memory.once(
            lambda: self._inner.mentioning(names, most, where=where), "mentioning", _key(names), most, where
        )

    def heads(self, documents: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Pass on `Retriever.heads`."""
        return self._memory.once(
            lambda: self._inner.heads(documents, most, where=where), "heads", _key(documents), most, where
        )


class RememberingEncoder:
    """Passes every call on to an embedder, equal calls once."""

    def __init__(self, inner: Encoder, memory: Memory) -> None:
        self._inner = inner
        self._memory = memory
        self.name, self.dimension, self.max_tokens = inner.name, inner.dimension, inner.max_tokens

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Pass on `Encoder.encode_passages`."""
        return self._memory.once(lambda: self._inner.encode_passages(texts), "passages encoded", _key(texts)).copy()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Pass on `Encoder.encode_queries`."""
        return self._memory.once(lambda: self._inner.encode_queries(texts), "queries encoded", _key(texts)).copy()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Pass on `Encoder.count_tokens`."""
        return list(self._inner.count_tokens(texts))


def _key(texts: Sequence[str]) -> bytes:
    """Return a digest of a list of texts: thousands of names are asked for at once."""
    return blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
