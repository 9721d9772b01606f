"""Figures from rankings, times and estimates: means with paired bootstrap intervals, and how they are printed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polyhop.agent.evaluate.metrics import Values, auroc, bounds, calibration_error, resampled, scores

#: documents of each question, best first, and those that are to be found
Rankings = Sequence[Sequence[str]]
Gold = Sequence[frozenset[str]]
DIGITS = 5
#: what most tables show, and what a sufficiency is an estimate of
SHOWN = ("recall@5", "all@5")
#: the same with what is gained on a reference
GAINED = (*SHOWN, *(f"{metric} gain" for metric in SHOWN))


@dataclass(frozen=True, slots=True)
class Rows:
    """Numbers by row and column, with their bootstrap means; of several questions or, averaged, of several arms.

    `means` has a row for each name; `draws` a resample for each entry of its first axis.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    means: Values
    draws: Values

    def to_dict(self) -> dict[str, dict[str, list[float]]]:
        """Return [mean, low, high] by name and column."""
        found: dict[str, dict[str, list[float]]] = {}
        for place, name in enumerate(self.names):
            low_high = bounds(self.draws[:, place, :])
            columns = zip(self.columns, self.means[place], low_high, strict=True)
            found[name] = {column: [rounded(one) for one in (mean, *interval)] for column, mean, interval in columns}
        return found


def rows(values: Mapping[str, Values], columns: Sequence[str], *, seed: int) -> Rows:
    """Return the figures of values that have a row for each question; equal seeds and counts pair two arms."""
    stacked = np.hstack(list(values.values()))
    shape = len(values), len(columns)
    draws = resampled(stacked, seed=seed)
    return Rows(tuple(values), tuple(columns), stacked.mean(axis=0).reshape(shape), draws.reshape(-1, *shape))


def mean_rows(arms: Sequence[Rows]) -> Rows:
    """Return the mean over arms, each counting the same however many questions it has."""
    means = np.mean([arm.means for arm in arms], axis=0)
    return Rows(arms[0].names, arms[0].columns, means, np.mean([arm.draws for arm in arms], axis=0))


def gained(values: Mapping[str, Values], *references: str) -> dict[str, Values]:
    """Return the values of each system with what they are above those of each reference, question by question."""
    return {name: np.hstack([own, *(own - values[one] for one in references)]) for name, own in values.items()}


def flat(estimated: Mapping[str, Sequence[float]], against: str = "") -> dict[str, Any]:
    """Return figures and their intervals under names of their own, or what they are against a reference."""
    if against:
        return {f"{name}_vs_{against}": list(numbers) for name, numbers in estimated.items()}
    return {
        key: value
        for name, (mean, *interval) in estimated.items()
        for key, value in ((name, mean), (f"{name}_ci", interval))
    }


def at_five(rankings: Rankings, gold: Gold) -> Values:
    """Return a row for each question, with the columns of `SHOWN`."""
    return scores(rankings, gold, (5,))


def recall(rankings: Rankings, gold: Gold, k: int) -> float:
    """Return the mean recall at k."""
    return float(scores(rankings, gold, (k,))[:, 0].mean())


def ndcg(rankings: Rankings, gold: Gold, depths: Sequence[int]) -> Values:
    """Return a row for each question and a column for each depth."""
    most = max(depths)
    gains = 1 / np.log2(np.arange(2, most + 2))
    values = np.zeros((len(gold), len(depths)))
    for row, (ranking, wanted) in enumerate(zip(rankings, gold, strict=True)):
        hits = np.array([name in wanted for name in ranking[:most]] + [False] * (most - len(ranking)))
        values[row] = [(hits[:k] * gains[:k]).sum() / gains[: min(k, len(wanted))].sum() for k in depths]
    return values


def moved(before: Sequence[str], after: Sequence[str], lost: str) -> float:
    """Return p-MRR's term for one passage that loses its relevance, from -1 to 1, 1 if it fell as far as can be.

    A passage that is in no ranking has the rank after the last one. Weller et al., FollowIR, arXiv 2403.15246. Passages
    that gain relevance must not be put in: their sign is the opposite.
    """
    old, new = (ranking.index(lost) + 1 if lost in ranking else len(ranking) + 1 for ranking in (before, after))
    return new / old - 1 if old >= new else 1 - old / new


@dataclass(frozen=True, slots=True)
class SufficiencyEstimates:
    """Whether the first five documents held everything, and what was estimated."""

    sufficient: list[float] = field(default_factory=list)
    estimated: list[float] = field(default_factory=list)

    def __add__(self, other: SufficiencyEstimates) -> SufficiencyEstimates:
        return SufficiencyEstimates(self.sufficient + other.sufficient, self.estimated + other.estimated)

    def figures(self) -> dict[str, float | None]:
        """Return the mean estimate with AUROC and calibration error; an AUROC of cases that all are alike is None."""
        order = auroc(self.sufficient, self.estimated)
        return {
            "sufficiency": rounded(np.mean(self.estimated)),
            "sufficiency_auroc": None if math.isnan(order) else rounded(order),
            "sufficiency_ece": rounded(calibration_error(self.sufficient, self.estimated)),
        }


def share(part: float, whole: float) -> float | None:
    """Return `part / whole`; None where there is no whole."""
    return round(part / whole, DIGITS) + 0.0 if abs(whole) >= 1e-9 else None


def rounded(number: Any) -> float:
    """Return a number as it is kept."""
    return round(float(number), DIGITS)


def percent(number: float | None, digits: int = 1) -> str:
    """Return a share in percent, empty where there is none."""
    return "" if number is None else f"{100 * number:.{digits}f}"


def interval(numbers: Sequence[float] | None, sign: str = "", *, digits: int = 1, scale: float = 100) -> str:
    """Return [mean, low, high] for the screen, empty where there is none."""
    if numbers is None:
        return ""
    mean, low, high = (f"{scale * number:{sign}.{digits}f}" for number in numbers)
    return f"{mean} [{low}, {high}]"


def gain_row(name: str, own: Mapping[str, Any], *, first: bool = False) -> dict[str, str]:
    """Return a row of a table with the figures of `GAINED`; the `first` system is the reference and gains nothing."""
    gains = {one: "" if first else interval(own[one], "+") for one in GAINED[len(SHOWN) :]}
    return {"": name, **{one: interval(own[one]) for one in SHOWN}, **gains}
