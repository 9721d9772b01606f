"""Recall, all-gold and bootstrap intervals; how well an estimated probability can be believed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import CallerError

Values = NDArray[np.float64]
Name = TypeVar("Name", bound=Hashable)

DEPTHS = (2, 5, 10, 20)
RESAMPLES = 10_000
_BLOCK = 500


def metrics(depths: Sequence[int] = DEPTHS) -> tuple[str, ...]:
    """Return the names of the figures at these depths: recall first, then all-gold."""
    return (*(f"recall@{k}" for k in depths), *(f"all@{k}" for k in depths))


METRICS = metrics()


def scores(rankings: Sequence[Sequence[str]], gold: Sequence[frozenset[str]], depths: Sequence[int] = DEPTHS) -> Values:
    """Return a row for each question and a column for each of `metrics(depths)`.

    Recall at k is the share of the gold passages among the first k; all-gold at k is 1 when none of them is missing.
    """
    places = [
        [ranking.index(one) + 1 if one in ranking else None for one in wanted]
        for ranking, wanted in zip(rankings, gold, strict=True)
    ]
    return scores_of_places(places, depths)


def scores_of_places(places: Sequence[Sequence[int | None]], depths: Sequence[int] = DEPTHS) -> Values:
    """Return what `scores` returns, from the rank of each gold passage of each question, None where it was missed."""
    rows = []
    for ranks in places:
        recalls = [sum(rank is not None and rank <= k for rank in ranks) / len(ranks) for k in depths]
        rows.append([*recalls, *(float(recall == 1.0) for recall in recalls)])
    return np.array(rows, np.float64).reshape(len(rows), 2 * len(depths))


def estimates(
    values: Mapping[Name, Values], *, depths: Sequence[int] = DEPTHS, seed: int = 0
) -> dict[Name, dict[str, list[float]]]:
    """Return [mean, low, high] of every metric under each name, all of them over the same resamples.

    Values are what `scores` returns, or differences of it, which then are paired comparisons.
    """
    if not values:
        return {}
    low_high = np.split(intervals(np.hstack(list(values.values())), seed=seed), len(values))
    return {
        name: {
            metric: [float(mean), *map(float, interval)]
            for metric, mean, interval in zip(metrics(depths), own.mean(axis=0), interval_rows, strict=True)
        }
        for (name, own), interval_rows in zip(values.items(), low_high, strict=True)
    }


def intervals(values: Values, *, seed: int = 0, resamples: int = RESAMPLES) -> Values:
    """Return the 95 % percentile bootstrap interval of each column's mean, shape (columns, 2).

    Rows are questions. All columns see the same resamples, so that a column of differences is a paired comparison.
    Efron, Annals of Statistics 7 (1979), doi:10.1214/aos/1176344552.
    """
    return bounds(resampled(values, seed=seed, resamples=resamples))


def resampled(values: Values, *, seed: int = 0, resamples: int = RESAMPLES) -> Values:
    """Return the mean of each column in each bootstrap resample of the rows, shape (resamples, columns).

    Equal numbers of rows and equal seeds give equal resamples; the means of several sets of questions may be averaged.
    """
    count = len(values)
    random = np.random.default_rng(seed)
    shares = np.full(count, 1 / count)
    means = [
        random.multinomial(count, shares, size=min(_BLOCK, resamples - start)) @ values / count
        for start in range(0, resamples, _BLOCK)
    ]
    return np.concatenate(means)


def bounds(means: Values) -> Values:
    """Return the 2.5 % and 97.5 % quantiles of each column, shape (columns, 2)."""
    low_high: Values = np.quantile(means, (0.025, 0.975), axis=0).T
    return low_high


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
