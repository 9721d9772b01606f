"""The gate's linear unit: logistic regression in closed steps, and what it brings on questions kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from ...core.errors import CallerError
from ...core.linear import Linear
from ...core.types import Numbers
from ...retrieval.query.gate import FEATURES, FORMAT
from .collect import Example

FOLDS = 5
STEPS = 50
FEWEST = 20  # questions with a difference, below which there is nothing to learn from
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Cases:
    """The questions as arrays: features, and what a reformulation adds to the gain of each."""

    rows: Numbers
    added: Numbers
    folds: Numbers

    def part(self, chosen: Numbers) -> Cases:
        """Return some of the questions."""
        return Cases(self.rows[chosen], self.added[chosen], self.folds[chosen])


def cases(examples: Sequence[Example], augmenter: str) -> Cases:
    """Return the examples of one augmenter; all examples of a question are in one fold, by its hash."""
    chosen = [one for one in examples if augmenter in one.augmented]
    return Cases(
        np.array([one.features for one in chosen], np.float64).reshape(len(chosen), len(FEATURES)),
        np.array([one.augmented[augmenter] - one.without for one in chosen], np.float64),
        np.array([_fold(one.question) for one in chosen], np.int64),
    )


def fit(given: Cases, *, penalty: float) -> Linear:
    """Return the unit that tells questions which a reformulation helps from those that it harms.

    Each question counts by how much is won or lost there; one that stays as it is teaches nothing. The penalty is on
    the square of the weights of standardised features, in units of one question of the mean difference.
    """
    there = np.abs(given.added) > 1e-9
    rows, added = given.rows[there], given.added[there]
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-6] = 1.0
    inputs = np.column_stack([(rows - centre) / spread, np.ones(len(rows))])
    shares, marks = np.abs(added) / np.abs(added).mean(), (added > 0).astype(np.float64)
    ridge = np.diag([*[penalty] * rows.shape[1], 1e-6])
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):  # Newton's method
        right = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (shares * (right - marks)) + ridge @ weights
        curve = (inputs * (shares * right * (1 - right))[:, None]).T @ inputs + ridge
        weights = weights - np.linalg.solve(curve, slope)
    own = weights[:-1] / spread
    return Linear(own, float(weights[-1] - own @ centre))


def judged(given: Cases, *, penalty: float, threshold: float = 0.5) -> Mapping[str, float]:
    """Return what always, the gate and a perfect gate add to the gain, in points, on folds that it has not seen."""
    passed = np.zeros(len(given.added), bool)
    for fold in range(FOLDS):
        apart = given.folds == fold
        learned = given.part(~apart)
        if apart.any() and (np.abs(learned.added) > 1e-9).any():
            unit = fit(learned, penalty=penalty)
            passed[apart] = 1 / (1 + np.exp(-unit(given.rows[apart]))) >= threshold
    return {
        "questions": len(given.added),
        "better": int((given.added > 1e-9).sum()),
        "worse": int((given.added < -1e-9).sum()),
        "always": _points(given.added),
        "gate": _points(np.where(passed, given.added, 0.0)),
        "perfect": _points(np.maximum(given.added, 0.0)),
        "share": round(float(passed.mean()), 4),
    }


def trained(
    examples: Sequence[Example], augmenters: Sequence[str], *, penalty: float
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the file of gates as plain JSON types, and figures on folds that they have not seen.

    Raises:
        CallerError: if too few questions make a difference.
    """
    gates, facts = {}, {}
    for name in augmenters:
        given = cases(examples, name)
        differing = int((np.abs(given.added) > 1e-9).sum())
        if differing < FEWEST:
            raise CallerError(
                f"{name!r} changes {differing} of {len(given.added)} questions, at least {FEWEST} are needed; give more"
            )
        unit = fit(given, penalty=penalty)
        facts[name] = judged(given, penalty=penalty)
        gates[name] = {
            "bias": float(f"{unit.bias:.{DIGITS}g}"),
            "weights": {
                feature: float(f"{weight:.{DIGITS}g}") for feature, weight in zip(FEATURES, unit.weights, strict=True)
            },
        }
    return {"format": FORMAT, "gates": gates}, facts


def _fold(question: str) -> int:
    mark = blake2b(question.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(mark, "big") % FOLDS


def _points(added: Numbers) -> float:
    return round(100 * float(added.mean()), 3) if len(added) else 0.0
