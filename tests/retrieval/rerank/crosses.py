"""Cross-encoders drawn by chance: layers of random numbers between the real words and a random head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from polyhop.retrieval.rerank.crossfile import HIDDEN, SCALE, shapes


def drawn(layers: int, *, outputs: int = 1, seed: int = 0) -> Mapping[str, NDArray[np.float32]]:
    """Return weights by the names of a checkpoint; norms scale by about one."""
    chance = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes(layers, outputs).items():
        if name.endswith(SCALE):
            continue
        base = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        spread = 1 / np.sqrt(HIDDEN) if len(shape) == 2 else 0.05
        found[name] = (base + spread * chance.normal(size=shape)).astype(np.float32)
    return found
