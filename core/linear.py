"""Linear units over named features, as trained weights describe them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from .errors import OperatorError
from .types import Numbers

T = TypeVar("T")


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


def load_linear(
    file: Path, make: Callable[[Mapping[str, Any]], T], *, what: str, command: str, format: int | None = None
) -> T:
    """Return what is made of a JSON file of linear units.

    Args:
        make: makes it of the content, by `Linear.of`; what it raises says that the file is not as it should be.
        what: what messages call the weights.
        command: the module that makes them.
        format: the file's format, where it has one.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    try:
        held = json.loads(file.read_text("utf-8"))
        if format is not None and held["format"] != format:
            raise ValueError(f"format {held['format']!r}, this polyhop reads {format}")
        return make(held)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OperatorError(
            f"cannot use the {what} {str(file)!r} ({error}); make it again with `python -m polyhop.{command}`, or "
            "restore the file from a copy"
        ) from error
