"""Recall, all-gold, and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

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
