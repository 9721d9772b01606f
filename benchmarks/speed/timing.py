"""Stop-watch and percentiles."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def milliseconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long the work took, and what came of it."""
    began = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - began), result


def percentile(times: Sequence[float], share: int = 50) -> float:
    """Return a percentile, rounded for people."""
    return round(float(np.percentile(times, share)), 3)


def ratio(part: float, whole: float) -> float:
    """Return `part / whole`, rounded for people."""
    return round(part / whole, 3) if whole else float("inf")
