"""The encoder role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ..core.types import Vectors


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors; the same text always gives the same vector.

    Many models were trained to read queries in another way than passages, each behind a prompt of its own. A model that
    makes no difference gives the same vectors for both.

    `name` is recorded in a collection and a collection refuses another encoder; it stands for the model with its
    prompts. `max_tokens` is how much of a passage is read, counted as `count_tokens` counts.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension): for what is searched with."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension): for what is found."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""
        ...


def __getattr__(name: str) -> Any:
    if name not in ("Embedder", "embed_queries"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .renamed import old_name

    return old_name(__name__, name)
