"""Recall, all-gold, and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

DEPTHS = (2, 5, 10, 20)
METRICS = (*(f"recall@{k}" for k in DEPTHS), *(f"all@{k}" for k in DEPTHS))
RESAMPLES = 10_000
_BLOCK = 500


def scores(rankings: Sequence[Sequence[str]], gold: Sequence[frozenset[str]]) -> Values:
    """Return a row for each question and a column for each of `METRICS`.

    Recall at k is the share of the gold passages among the first k; all-gold at k is 1 when none of them is missing.
    """
    rows = []
    for ranking, wanted in zip(rankings, gold, strict=True):
        recalls = [len(wanted.intersection(ranking[:k])) / len(wanted) for k in DEPTHS]
        rows.append([*recalls, *(float(recall == 1.0) for recall in recalls)])
    return np.array(rows, np.float64).reshape(len(rows), len(METRICS))


def intervals(values: Values, *, seed: int = 0, resamples: int = RESAMPLES) -> Values:
    """Return the 95 % percentile bootstrap interval of each column's mean, shape (columns, 2).

    Rows are questions. All columns see the same resamples, so that a column of differences is a paired comparison.
    Efron, Annals of Statistics 7 (1979), doi:10.1214/aos/1176344552.
    """
    count = len(values)
    random = np.random.default_rng(seed)
    shares = np.full(count, 1 / count)
    means = [
        random.multinomial(count, shares, size=min(_BLOCK, resamples - start)) @ values / count
        for start in range(0, resamples, _BLOCK)
    ]
    bounds: Values = np.quantile(np.concatenate(means), (0.025, 0.975), axis=0).T
    return bounds
