"""Batches: which examples, which passages they are judged by, and which of these are right and wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.types import Vectors
from .examples import Table
from .recipe import Recipe

TITLED = 0.5  # of the batches, where passages have vectors without their titles too


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one step: `passages` are the rows to be judged, `right` and `wrong` are (examples, passages)."""

    questions: Vectors
    on_path: Vectors
    lengths: NDArray[np.int64]
    passages: Vectors
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def steps(count: int, recipe: Recipe) -> int:
    """Return the steps of an epoch over so many examples."""
    return -(-count // recipe.batch)


def batches(table: Table, recipe: Recipe, epoch: int, *, first: int = 0) -> Iterator[Batch]:
    """Yield the batches of an epoch from step `first` on; they depend on seed, epoch and step alone."""
    order = np.random.default_rng((recipe.seed, epoch)).permutation(len(table))
    for step in range(first, steps(len(table), recipe)):
        chosen = order[step * recipe.batch : (step + 1) * recipe.batch].tolist()
        yield _batch(table, chosen, recipe, np.random.default_rng((recipe.seed, epoch, step)))


def _batch(table: Table, chosen: list[int], recipe: Recipe, chance: np.random.Generator) -> Batch:
    own = [_drawn(table, one, recipe, chance) for one in chosen]
    judged = sorted({row for one in chosen for row in table.positives[one]} | {row for rows in own for row in rows})
    place = {row: number for number, row in enumerate(judged)}
    right = np.zeros((len(chosen), len(judged)), bool)
    wrong = np.full(right.shape, recipe.loss != "explicit")
    for number, one in enumerate(chosen):
        right[number, [place[row] for row in table.positives[one]]] = True
        # What else is gold of the question is no negative; the path is one where the recipe says so.
        gold = table.gold[table.asked[one]] | set(table.paths[one])
        wrong[number, [place[row] for row in gold if row in place]] = False
        wrong[number, [place[row] for row in own[number]]] = True
    bare = table.pool.bare
    matrix = table.pool.matrix if bare is None or chance.random() < TITLED else bare
    on_path, lengths = _padded(table, chosen, matrix)
    questions = table.vectors[[table.asked[one] for one in chosen]]
    return Batch(questions, on_path, lengths, matrix[judged], right, wrong)


def _drawn(table: Table, one: int, recipe: Recipe, chance: np.random.Generator) -> list[int]:
    """Return the negatives of an example for this batch."""
    every = table.negatives[one]
    few = chance.permutation(len(every))[: recipe.negatives]
    drawn = [every[place] for place in few]
    return drawn + list(table.paths[one]) * recipe.back


def _padded(table: Table, chosen: list[int], matrix: Vectors) -> tuple[Vectors, NDArray[np.int64]]:
    """Return the vectors of the paths, zeros behind, and the paths' lengths."""
    lengths = np.array([len(table.paths[one]) for one in chosen])
    found = np.zeros((len(chosen), int(lengths.max()), matrix.shape[1]), np.float32)
    for number, one in enumerate(chosen):
        found[number, : lengths[number]] = matrix[list(table.paths[one])]
    return found, lengths
