"""Networks for tests: small ones with drawn weights, as arrays and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from polyhop.core.weights_file import Card
from polyhop.retrieval.hop import treehop_network as checkpoint
from polyhop.retrieval.hop.treehop_network import Checkpoint, Parameters, TreeHopNetwork, TreeHopShape

EMBEDDER = "all-MiniLM-L6-v2"


def shape(**sizes: Any) -> TreeHopShape:
    """Return a small shape for the default embedder."""
    return TreeHopShape(**{"dimension": 384, "width": 32, "blocks": 2, **sizes})


def drawn(wanted: TreeHopShape, seed: int = 5) -> Parameters:
    """Return weights of a shape, drawn so that the network moves a query by about its own length."""
    chance = np.random.default_rng(seed)
    found = {}
    for name, size in wanted.parameters().items():
        spread = 1.0 if "norm" in name or size == () else 4.0 / np.sqrt(size[-1])
        found[name] = (chance.normal(size=size) * spread).astype(np.float32)
    return found


def written(path: Path, *, embedder: str = EMBEDDER, seed: int = 5, **sizes: Any) -> Path:
    """Write drawn weights to a file and return it."""
    wanted = shape(**sizes)
    checkpoint.save(path, drawn(wanted, seed), Card(embedder, wanted, seed=seed))
    return path


def loaded(path: Path, **options: Any) -> Checkpoint:
    """Return drawn weights as a checkpoint, by way of a file."""
    return checkpoint.load(written(path, **options))


def gate(**sizes: Any) -> TreeHopNetwork:
    """Return a network with drawn weights."""
    wanted = shape(**sizes)
    return TreeHopNetwork(wanted, drawn(wanted))
