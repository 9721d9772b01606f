"""Linear units over named features, as trained weights describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .types import Numbers


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear unit over named features."""

    weights: Numbers
    bias: float

    def __call__(self, rows: Numbers) -> Numbers:
        """Return a number for each row, shape (rows,)."""
        result: Numbers = rows @ self.weights + self.bias
        return result

    @classmethod
    def of(cls, row: Mapping[str, Any], names: Sequence[str]) -> Linear:
        """Return the unit that a file describes, whose features have to be these."""
        if list(row["weights"]) != list(names):
            raise ValueError(f"features {list(row['weights'])} instead of {list(names)}")
        weights, bias = np.array(list(row["weights"].values()), np.float64), float(row["bias"])
        if not (np.isfinite(weights).all() and np.isfinite(bias)):
            raise ValueError("weights that are not finite")
        return cls(weights, bias)
