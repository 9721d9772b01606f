"""An encoder of one's own in one file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyhop.core.types import Vectors
from polyhop.core.vectors import unit
from polyhop.encoders.role import readable


class Letters:
    """Counts letters; a query begins with a letter more."""

    dimension, max_tokens = 26, 64

    def __init__(self, name: str = "letters") -> None:
        self.name = name

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), 26)."""
        return self.encode_passages([f"q{text}" for text in readable(texts)])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), 26)."""
        counts = [[1 + text.lower().count(chr(97 + place)) for place in range(26)] for text in readable(texts)]
        return unit(np.array(counts, np.float32).reshape(len(texts), 26))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words."""
        return [len(text.split()) for text in readable(texts)]
