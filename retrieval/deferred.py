"""A retriever for one of many runs: it asks the encoder and the vector index together with the others.

Both do better with many texts or vectors than with one. Everything else a run asks the retriever itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..core.types import Hit, Vectors
from ..encoders.role import Encoder
from .retriever import Retriever

One = TypeVar("One", bound="Need")


@dataclass(frozen=True, slots=True)
class TextNeed:
    """A text to encode, as a query or as a passage."""

    text: str
    query: bool


@dataclass(frozen=True, slots=True)
class VectorNeed:
    """A vector, its bytes in float64, whose k nearest passages are wanted."""

    vector: bytes
    k: int
    where: str


Need = TextNeed | VectorNeed
Outcome = Vectors | list[Hit] | Exception
#: returns what comes of each need, perhaps after a while
Wait = Callable[[Sequence[Need]], Mapping[Need, Outcome]]


class Deferred:
    """Hands everything on to a retriever but texts to encode and dense searches, for which it waits.

    Other names than those two are looked up in the retriever itself, so that it is one for all purposes.
    """

    def __init__(self, retriever: Retriever, wait: Wait) -> None:
        self._retriever = retriever
        self._wait = wait
        self.embedder = DeferredEncoder(retriever.embedder, wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._retriever, name)

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return what the retriever finds for each vector."""
        rows = np.atleast_2d(np.asarray(vectors, np.float64))
        return _taken([VectorNeed(row.tobytes(), k, where) for row in rows], self._wait)


class DeferredEncoder:
    """An encoder whose vectors are computed with those of others."""

    def __init__(self, encoder: Encoder, wait: Wait) -> None:
        self._encoder = encoder
        self._wait = wait

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the rows that the encoder gives these texts as queries."""
        return self._rows([TextNeed(text, query=True) for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the rows that the encoder gives these texts as passages."""
        return self._rows([TextNeed(text, query=False) for text in texts])

    def _rows(self, needs: Sequence[TextNeed]) -> Vectors:
        rows = _taken(needs, self._wait)
        return np.stack(rows) if rows else self._encoder.encode_passages([])


def _taken(needs: Sequence[Need], wait: Wait) -> list[Any]:
    """Return what comes of each need, or raise the first error among them."""
    outcomes = wait(needs) if needs else {}
    for need in needs:
        outcome = outcomes[need]
        if isinstance(outcome, Exception):
            raise outcome
    return [outcomes[need] for need in needs]


def compute(retriever: Retriever, needs: Sequence[Need]) -> dict[Need, Outcome]:
    """Return what each need comes to, computed together; one that fails costs the others nothing but the time."""
    outcomes: dict[Need, Outcome] = {}
    encoder = retriever.embedder
    for query, encode in ((True, encoder.encode_queries), (False, encoder.encode_passages)):
        texts = [need for need in dict.fromkeys(needs) if isinstance(need, TextNeed) and need.query == query]
        outcomes.update(_together(texts, lambda some, encode=encode: encode([need.text for need in some])))  # type: ignore[misc]
    alike: dict[tuple[int, str, int], list[VectorNeed]] = {}
    for need in dict.fromkeys(needs):
        if isinstance(need, VectorNeed):
            alike.setdefault((need.k, need.where, len(need.vector)), []).append(need)
    for some in alike.values():
        outcomes.update(_together(some, lambda near: _dense(retriever, near)))
    return outcomes


def _dense(retriever: Retriever, needs: Sequence[VectorNeed]) -> list[list[Hit]]:
    """Return the hits of needs that are alike but for their vectors."""
    vectors = np.stack([np.frombuffer(need.vector) for need in needs])
    return retriever.dense(vectors, needs[0].k, where=needs[0].where)


def _together(needs: Sequence[One], work: Callable[[Sequence[One]], Any]) -> dict[Need, Outcome]:
    if not needs:
        return {}
    try:
        return dict(zip(needs, work(needs), strict=True))
    except Exception as error:
        if len(needs) == 1:
            return {needs[0]: error}
        return {need: outcome for one in needs for need, outcome in _together([one], work).items()}
