"""A world in which hops can be learned in a second: where each passage leads to is a rotation of its vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.core.types import Passage, Vectors
from polyhop.core.vectors import unit
from polyhop.training.pool import Pool
from polyhop.training.treehop.links import HopExample
from polyhop.training.treehop.network import TreeHopRecipe
from polyhop.training.treehop.train import TrainingReport, Work, train
from tests.training.silence import Silence

DIMENSION = 24
PAIRS = 240


@dataclass(frozen=True)
class Turning:
    """Embeds `next 3` where a fixed rotation takes `passage 3`, and `question 3` near `passage 3`.

    No real embedder has a rule that so small a network finds in a second.
    """

    name: str = "turning"
    dimension: int = DIMENSION
    max_tokens: int = 256
    turned: bool = True

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text."""
        rows = [self._row(*text.split()[:2]) for text in texts]
        return unit(np.array(rows, np.float32).reshape(len(texts), self.dimension))

    encode_queries = encode_passages

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words."""
        return [len(text.split()) for text in texts]

    def _row(self, kind: str, number: str) -> Any:
        base = drawn(number)
        if kind == "next":
            return base @ rotation() if self.turned else drawn(f"elsewhere {number}")
        return base + 0.5 * drawn(f"noise {number}") if kind == "question" else base


def drawn(name: str) -> Any:
    """Return a unit vector drawn by name."""
    seed = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    vector = np.random.default_rng(seed).normal(size=DIMENSION)
    return vector / np.linalg.norm(vector)


def rotation() -> Any:
    """Return the rotation that takes a passage to the one that it leads to."""
    return np.linalg.qr(np.random.default_rng(11).normal(size=(DIMENSION, DIMENSION)))[0]


def pool(embedder: Turning | None = None) -> Pool:
    """Return the passages of the world."""
    texts = [f"{kind} {number}" for number in range(PAIRS) for kind in ("passage", "next")]
    return Pool([Passage(text, text, "", "", text) for text in texts], (embedder or Turning()).encode_passages(texts))


def examples(count: int = PAIRS) -> list[HopExample]:
    """Return a question for each passage."""
    return [
        HopExample(
            f"question {number}", (f"passage {number}",), (f"next {number}",), (f"next {(number + 7) % PAIRS}",), "turn"
        )
        for number in range(count)
    ]


def recipe(**parts: Any) -> TreeHopRecipe:
    """Return a recipe for a network that learns the world in a second."""
    chosen = {"width": 48, "blocks": 1, "rate": 1e-2, "batch": 32, "epochs": 12, "dropout": 0.0, "save_every": 3}
    return TreeHopRecipe(**{**chosen, **parts})


def trained(folder: Path, *, embedder: Turning | None = None, watcher: Any = None, **parts: Any) -> TrainingReport:
    """Train in the world and return the report."""
    chosen = embedder or Turning()
    work = Work(folder / "w.safetensors", folder / "cache", watcher or Silence())
    return train(examples(), pool(chosen), chosen, recipe(**parts), work=work)
