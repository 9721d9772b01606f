"""The embedder role."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ..core.types import Vectors


class Embedder(Protocol):
    """Turns texts into unit vectors; the same text always gives the same vector.

    One that reads questions in another way than passages has `embed_queries` as well, with the same signature as
    `embed`; see the function of that name.

    `name` is recorded in a collection and a collection refuses another embedder; `max_tokens` is how much text it
    reads, counted as `count_tokens` counts.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension)."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""
        ...


def embed_queries(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Return one unit row per question, shape (len(texts), dimension), in the embedder's own way if it has one.

    It is for what a user asks. What is computed with (a name, the rest of a question) is embedded like a passage.
    """
    own: Callable[[Sequence[str]], Vectors] | None = getattr(embedder, "embed_queries", None)
    return embedder.embed(texts) if own is None else own(texts)
