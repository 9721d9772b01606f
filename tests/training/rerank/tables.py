"""Candidate lists for tests: one kind follows a rule that feedback cannot see, others are noise or need none."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyhop.core.vectors import unit
from polyhop.training.rerank.adapter import DEPTH, ListTable

DIMENSION = 24
SIZE = 12


def ruled(lists: int, seed: int) -> ListTable:
    """Return lists whose gold candidates lie near the second one, and more of the wrong ones near the first."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(lists, SIZE, DIMENSION))
    kinds = np.array([chance.permutation([0, 0, 0, 0, 0, 1, 1, 2, 2, 2]) for _ in range(lists)])
    for kind in (0, 1):
        near = rows[:, [kind]] + 0.4 * rows[:, 2:]
        rows[:, 2:] = np.where((kinds == kind)[..., None], near, rows[:, 2:])
    gold = np.concatenate([np.zeros((lists, 2), bool), kinds == 1], axis=1)
    return tabled(chance.normal(size=(lists, DIMENSION)), rows, gold)


def noise(lists: int, seed: int) -> ListTable:
    """Return lists of random vectors, of which a random one is gold."""
    chance = np.random.default_rng(seed)
    gold = np.arange(SIZE) == chance.integers(SIZE, size=lists)[:, None]
    return tabled(chance.normal(size=(lists, DIMENSION)), chance.normal(size=(lists, SIZE, DIMENSION)), gold)


def plain(lists: int, seed: int) -> ListTable:
    """Return lists whose gold candidates are near the question, so that its cosine finds all of them."""
    chance = np.random.default_rng(seed)
    queries, rows = chance.normal(size=(lists, DIMENSION)), chance.normal(size=(lists, SIZE, DIMENSION))
    gold = np.array([chance.permutation(SIZE) < 2 for _ in range(lists)])
    return tabled(queries, np.where(gold[..., None], queries[:, None] + 0.2 * rows, rows), gold)


def tabled(queries: Any, rows: Any, gold: Any) -> ListTable:
    """Return arrays as a table, the candidates in the order of their scores."""
    lists = len(queries)
    matrix = unit(np.concatenate([queries, rows.reshape(-1, DIMENSION)]).astype(np.float32))
    wide = np.zeros((lists, DEPTH), np.int64)
    wide[:, :SIZE] = lists + np.arange(lists * SIZE).reshape(lists, SIZE)
    there, right = np.zeros(wide.shape, bool), np.zeros(wide.shape, bool)
    there[:, :SIZE], right[:, :SIZE] = True, gold
    scores = np.tile(np.linspace(1, 0, DEPTH, dtype=np.float32), (lists, 1))
    names = np.tile(np.arange(DEPTH), (lists, 1))
    taught = np.full(wide.shape, np.nan, np.float32)
    return ListTable(
        matrix, np.arange(lists), wide, there, right, names, scores, taught, right.sum(1).astype(np.float32)
    )
