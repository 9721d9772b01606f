"""What the network brings on questions kept apart: for single hops, and for whole trees against plain search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...core.types import Vectors
from ...core.vectors import unit
from ...retrieval.hop.tree import Growth, grow
from ...retrieval.hop.treehop_network import Gate
from .examples import Table

DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mean recall of the gold passages of whole questions, with the network and without, at equal k.

    For each question the plain search gets as many passages as the tree came to; `k` is their mean. `low` and `high`
    are the 95 % interval of the difference, by a paired bootstrap over questions.
    """

    questions: int
    k: float
    with_network: float
    without: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Say whether the network beats the plain search."""
        return self.with_network > self.without

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def line(self) -> str:
        """Return the verdict in one line."""
        gain = 100 * (self.with_network - self.without)
        return (
            f"recall on {self.questions} questions kept apart, at {self.k:.1f} passages: {100 * self.with_network:.1f} "
            f"with the network, {100 * self.without:.1f} without; difference {gain:+.1f} "
            f"[{100 * self.low:+.1f}, {100 * self.high:+.1f}]"
        )


def states(table: Table, gate: Gate) -> Vectors:
    """Return the raw state at the end of each example's path."""
    found = table.vectors[table.asked].copy()
    for place in range(max(map(len, table.paths), default=0)):
        some = [one for one, path in enumerate(table.paths) if len(path) > place]
        passages = table.pool.matrix[[table.paths[one][place] for one in some]]
        found[some] = gate(found[some], passages)
    return found


def hop_recall(table: Table, vectors: Vectors, k: int) -> float:
    """Return the mean share of what comes next among the k nearest to the queries, the path left out."""
    deep = k + max(map(len, table.paths), default=0)
    shares = []
    for one, rows in enumerate(table.pool.nearest(unit(vectors), deep)):
        path = table.paths[one]
        found = [row for row in rows.tolist() if row not in path][:k]
        shares.append(len(set(table.positives[one]) & set(found)) / len(table.positives[one]))
    return float(np.mean(shares)) if shares else 0.0


def judge(table: Table, gate: Gate, growth: Growth, *, seed: int = 0) -> Verdict:
    """Compare trees with plain search on the questions of a table's examples."""
    asked = sorted(set(table.asked))
    vectors, gold = table.vectors[asked], [table.gold[one] for one in asked]
    trees = [[table.pool.rows[name] for name in tree.passages()] for tree in grow(vectors, table.pool, gate, growth)]
    plain = table.pool.nearest(vectors, max(map(len, trees), default=1))
    with_network = _recalls(trees, gold)
    without = _recalls([rows[: len(tree)].tolist() for rows, tree in zip(plain, trees, strict=True)], gold)
    low, high = _interval(with_network - without, seed)
    k = float(np.mean([len(tree) for tree in trees]))
    return Verdict(len(asked), k, float(with_network.mean()), float(without.mean()), low, high)


def _recalls(found: Sequence[Sequence[int]], gold: Sequence[frozenset[int]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([len(right.intersection(rows)) / len(right) for rows, right in zip(found, gold, strict=True)])


def _interval(differences: np.ndarray[Any, np.dtype[np.float64]], seed: int) -> tuple[float, float]:
    chance = np.random.default_rng(seed)
    drawn = chance.integers(len(differences), size=(DRAWS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
