"""How well an estimated probability tells what comes true from what does not, and how far it can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import CallerError

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The cases whose probability lies in [low, high): how many, their mean probability, and the share that came true.

    The last bin holds 1 as well; an empty one estimates and has 0.
    """

    low: float
    high: float
    cases: int
    estimated: float
    true: float


def auroc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Return the chance that a true case scores above a false one, a tie counting half; nan where one sort is missing.

    It is the Mann-Whitney statistic: Hanley and McNeil, Radiology 143 (1982), doi:10.1148/radiology.143.1.7063747.

    Raises:
        CallerError: unless there is a score for each label.
    """
    true, values = _cases(labels, scores)
    right, wrong = int(true.sum()), int((~true).sum())
    if not right or not wrong:
        return float("nan")
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[true].sum() - right * (right + 1) / 2) / (right * wrong))


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> float:
    """Return the expected calibration error over equal-width bins; nan without cases.

    It is the mean over all cases of how far their bin's mean probability is from the share that came true there. Naeini
    et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015, section 3.

    Raises:
        CallerError: unless there is a probability from 0 to 1 for each label, and at least one bin.
    """
    found = reliability(labels, probabilities, bins)
    apart = sum(one.cases * abs(one.estimated - one.true) for one in found)
    cases = sum(one.cases for one in found)
    return apart / cases if cases else float("nan")


def reliability(labels: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> Sequence[Bin]:
    """Return the equal-width bins from 0 to 1, with what was estimated and what came true in each.

    Raises:
        CallerError: unless there is a probability from 0 to 1 for each label, and at least one bin.
    """
    if bins < 1:
        raise CallerError(f"bins is {bins!r}; give a whole number of at least 1")
    true, values = _cases(labels, probabilities)
    odd = values[~((values >= 0) & (values <= 1))]
    if len(odd):
        raise CallerError(f"{float(odd[0])!r} is no probability; give numbers from 0 to 1")
    places = np.minimum((values * bins).astype(np.int64), bins - 1)
    return [_bin(number, bins, true[places == number], values[places == number]) for number in range(bins)]


def _bin(number: int, bins: int, true: NDArray[np.bool_], values: NDArray[np.float64]) -> Bin:
    cases = len(values)
    means = (float(values.mean()), float(true.mean())) if cases else (0.0, 0.0)
    return Bin(number / bins, (number + 1) / bins, cases, *means)


def _cases(labels: ArrayLike, numbers: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    true, values = np.asarray(labels, np.bool_).ravel(), np.asarray(numbers, np.float64).ravel()
    if len(true) != len(values):
        raise CallerError(f"there are {len(true)} labels and {len(values)} numbers; give one number for each label")
    return true, values
