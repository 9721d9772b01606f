"""A retriever for one of many runs: what needs the embedder or the vector index is put off, and computed for several.

Both do much better with many texts or vectors than with one. A step that asks for what is not computed yet is left by
`PutOff` and done again once it is; steps are functions of the state, so that doing one twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .embed.role import Embedder, Vectors
from .retriever import Retriever
from .types import Hit

One = TypeVar("One", bound="Need")


class PutOff(BaseException):
    """Something is needed that is not computed yet: control flow, and so nothing that a step's `except` may catch."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to embed."""

    text: str


@dataclass(frozen=True, slots=True)
class Near:
    """A vector, its bytes in float64, whose k nearest passages are wanted."""

    vector: bytes
    k: int
    where: str


Need = Text | Near
Outcome = Vectors | list[Hit] | Exception


class Deferred:
    """Hands everything on to a retriever but embeddings and dense searches: see `needs`, and give what came of them.

    Other names than those two are looked up in the retriever itself, so that it is one for all purposes.
    """

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._given: dict[Need, Outcome] = {}
        self.embedder = DeferredEmbedder(retriever.embedder, self.take)
        self.needs: list[Need] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._retriever, name)

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return what the retriever finds for each vector."""
        rows = np.atleast_2d(np.asarray(vectors, np.float64))
        return self.take([Near(row.tobytes(), k, where) for row in rows])

    def take(self, needs: Sequence[Need]) -> list[Any]:
        """Return what came of each, or raise `PutOff` while something is missing, or the error that one ended in."""
        self.needs = [need for need in dict.fromkeys(needs) if need not in self._given]
        if self.needs:
            raise PutOff
        outcomes = [self._given[need] for need in needs]
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return outcomes

    def give(self, outcomes: dict[Need, Outcome]) -> None:
        """Take what was needed out of what was computed."""
        self._given.update((need, outcomes[need]) for need in self.needs)
        self.needs = []


class DeferredEmbedder:
    """An embedder whose vectors come later."""

    def __init__(self, embedder: Embedder, take: Callable[[Sequence[Need]], list[Any]]) -> None:
        self._embedder = embedder
        self._take = take

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the rows that the embedder gives these texts."""
        rows = self._take([Text(text) for text in texts])
        return np.stack(rows) if rows else self._embedder.embed([])


def compute(retriever: Retriever, needs: Sequence[Need]) -> dict[Need, Outcome]:
    """Return what each need comes to, computed together; one that fails costs the others nothing but the time."""
    outcomes: dict[Need, Outcome] = {}
    texts = [need for need in dict.fromkeys(needs) if isinstance(need, Text)]
    outcomes.update(_together(texts, lambda some: retriever.embedder.embed([need.text for need in some])))
    alike: dict[tuple[int, str, int], list[Near]] = {}
    for need in dict.fromkeys(needs):
        if isinstance(need, Near):
            alike.setdefault((need.k, need.where, len(need.vector)), []).append(need)
    for (k, where, _), some in alike.items():
        outcomes.update(_together(some, lambda near, k=k, where=where: _dense(retriever, near, k, where)))  # type: ignore[misc]
    return outcomes


def _dense(retriever: Retriever, needs: Sequence[Near], k: int, where: str) -> list[list[Hit]]:
    return retriever.dense(np.stack([np.frombuffer(need.vector) for need in needs]), k, where=where)


def _together(needs: Sequence[One], work: Callable[[Sequence[One]], Any]) -> dict[Need, Outcome]:
    if not needs:
        return {}
    try:
        return dict(zip(needs, work(needs), strict=True))
    except Exception as error:
        if len(needs) == 1:
            return {needs[0]: error}
        return {need: outcome for one in needs for need, outcome in _together([one], work).items()}
