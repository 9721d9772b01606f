"""Adapters for tests: with drawn weights, as arrays and as a file, and as they are before any training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from polyhop.core.weights_file import Card, Parameters
from polyhop.retrieval.rerank.adapter import Adapter, AdapterShape, save

EMBEDDER = "all-MiniLM-L6-v2"


def shape(**sizes: Any) -> AdapterShape:
    """Return a small shape for the default embedder."""
    return AdapterShape(**{"dimension": 384, "first": 4, "attention": 8, "hidden": 8, **sizes})


def drawn(wanted: AdapterShape, seed: int = 5) -> Parameters:
    """Return weights of a shape, drawn so that the network moves a query by about its own length."""
    chance = np.random.default_rng(seed)
    return {
        name: (chance.normal(size=size) / np.sqrt(size[-1])).astype(np.float32)
        for name, size in wanted.parameters().items()
    }


def untrained(wanted: AdapterShape) -> Parameters:
    """Return weights under which a query stays what it is."""
    changing = ("query.weight", "read.weight")
    return {name: value if name in changing else np.zeros_like(value) for name, value in drawn(wanted).items()}


def adapter(**sizes: Any) -> Adapter:
    """Return an adapter with drawn weights."""
    wanted = shape(**sizes)
    return Adapter(wanted, drawn(wanted))


def written(path: Path, *, embedder: str = EMBEDDER, seed: int = 5, **sizes: Any) -> Path:
    """Write drawn weights to a file and return it."""
    wanted = shape(**sizes)
    save(path, drawn(wanted, seed), Card(embedder, wanted, seed=seed))
    return path
