"""What the parts of a run add and what stop rules save: figures of one arm, and their means over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from polyhop.agent.evaluate.metrics import Values, bounds, metrics, resampled, scores

DEPTHS = (5, 10)
METRICS = metrics(DEPTHS)
SHOWN = ("recall@5", "all@5", "recall@10")
DEFAULT = "polyhop"
DIGITS = 5


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
            rows = zip(self.columns, self.means[place], low_high, strict=True)
            found[name] = {column: [_rounded(one) for one in (mean, *interval)] for column, mean, interval in rows}
        return found


def rows(values: Mapping[str, Values], columns: Sequence[str], *, seed: int) -> Rows:
    """Return the figures of values that have a row for each question; equal seeds and counts pair two arms."""
    stacked = np.hstack(list(values.values()))
    shape = len(values), len(columns)
    draws = resampled(stacked, seed=seed)
    return Rows(tuple(values), tuple(columns), stacked.mean(axis=0).reshape(shape), draws.reshape(-1, *shape))


def mean(arms: Sequence[Rows]) -> Rows:
    """Return the mean over arms, each counting the same however many questions it has."""
    means = np.mean([arm.means for arm in arms], axis=0)
    return Rows(arms[0].names, arms[0].columns, means, np.mean([arm.draws for arm in arms], axis=0))


def gains(rankings: Mapping[str, Sequence[Sequence[str]]], gold: Sequence[frozenset[str]], *, seed: int) -> Rows:
    """Return the figures of the whole run, then what each part adds: the run less `-part`, and `+part` less the run."""
    values = {name: scores(of_system, gold, DEPTHS) for name, of_system in rankings.items()}
    whole = values.pop(DEFAULT)
    added = {name: whole - own if name.startswith("-") else own - whole for name, own in values.items()}
    return rows({DEFAULT: whole, **added}, METRICS, seed=seed)


def savings(
    rankings: Mapping[str, Sequence[Sequence[str]]],
    searches: Mapping[str, Sequence[int]],
    gold: Sequence[frozenset[str]],
    *,
    seed: int,
) -> Rows:
    """Return what each stop rule saves and loses against the first: searches a question, and figures."""
    values = {name: scores(of_rule, gold, DEPTHS) for name, of_rule in rankings.items()}
    made = {name: np.array(of_rule, np.float64)[:, None] for name, of_rule in searches.items()}
    reference = next(iter(values))
    saved = {
        name: np.hstack([made[name], made[reference] - made[name], values[reference] - own])
        for name, own in values.items()
    }
    return rows(saved, ("searches", "saved", *METRICS), seed=seed)


def gains_table(title: str, figures: Mapping[str, Mapping[str, Sequence[float]]], ms: Mapping[str, float]) -> Table:
    """Return a row for each part: what it adds to recall in points, and its milliseconds."""
    shown = Table("part", title=title, caption="points [95 % bootstrap interval, paired]; ms: median, and what it adds")
    for column in (*SHOWN, "ms"):
        shown.add_column(column, justify="right")
    for name, own in figures.items():
        sign = "" if name == DEFAULT else "+"
        cost = ms[DEFAULT] if name == DEFAULT else _added(name, ms)
        shown.add_row(name, *(_interval(own[metric], sign, 100, 1) for metric in SHOWN), f"{cost:{sign}.1f}")
    return shown


def savings_table(title: str, figures: Mapping[str, Mapping[str, Sequence[float]]], ms: Mapping[str, float]) -> Table:
    """Return a row for each stop rule: searches, and what it loses in points."""
    reference = next(iter(figures))
    shown = Table("stop rule", title=title, caption=f"against {reference}: searches saved, points lost, mean ms")
    for column in ("searches", "saved", *(f"{metric} lost" for metric in SHOWN), "ms"):
        shown.add_column(column, justify="right")
    for name, own in figures.items():
        lost = (_interval(own[metric], "+", 100, 1) for metric in SHOWN)
        saved = _interval(own["saved"], "", 1, 2)
        shown.add_row(name, f"{own['searches'][0]:.2f}", saved, *lost, f"{ms[name]:.1f}")
    return shown


def _added(name: str, ms: Mapping[str, float]) -> float:
    return ms[DEFAULT] - ms[name] if name.startswith("-") else ms[name] - ms[DEFAULT]


def _interval(numbers: Sequence[float], sign: str, scale: float, digits: int) -> str:
    middle, low, high = (f"{scale * number:{sign}.{digits}f}" for number in numbers)
    return f"{middle} [{low}, {high}]"


def _rounded(number: Any) -> float:
    return round(float(number), DIGITS)
