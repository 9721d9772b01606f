"""Figures from rankings, and the table that shows them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from polyhop.agent.evaluate.calibration import auroc, calibration_error
from polyhop.agent.evaluate.metrics import METRICS, Values, estimates, scores

from .data import Question

BASELINE = "hybrid"
BY_GROUP = ("recall@5", "all@5")
#: what the sufficiency is an estimate of
SUFFICIENT = "all@5"
DIGITS = 5
SURENESS = ("sufficiency", "sufficiency_auroc", "sufficiency_ece", "looked_again")
# Rows of the table and their decimals.
COSTS = {"mean_passages": 1, "p50_ms": 1, "p95_ms": 1, "peak_mb": 0}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system did: a ranking of passage keys and the milliseconds of each question, and its process's memory.

    `sufficiency` is what it estimated of each ranking, `again` whether it looked at it again.
    """

    rankings: Sequence[Sequence[str]]
    ms: Sequence[float]
    peak_mb: float
    sufficiency: Sequence[float | None] = ()
    again: Sequence[bool] = ()


def figures(outcomes: Mapping[str, Outcome], questions: Sequence[Question], *, seed: int) -> dict[str, dict[str, Any]]:
    """Return all figures of each system; those against the baseline where it is one of them."""
    gold = [question.gold for question in questions]
    values = {name: scores(outcome.rankings, gold) for name, outcome in outcomes.items()}
    rivals = [name for name in values if BASELINE in values and name != BASELINE]
    differences = {(name, BASELINE): values[name] - values[BASELINE] for name in rivals}
    estimated = estimates({(name, ""): own for name, own in values.items()} | differences, seed=seed)
    found: dict[str, dict[str, Any]] = {}
    for name, own in values.items():
        found[name] = _quality(estimated[name, ""]) | _cost(outcomes[name]) | _groups(own, questions)
        found[name] |= _sureness(own, outcomes[name])
        if name in rivals:
            found[name] |= _paired(estimated[name, BASELINE])
    return found


def _quality(estimated: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    quality: dict[str, Any] = {}
    for metric, (mean, *interval) in estimated.items():
        quality[metric] = _rounded(mean)
        quality[f"{metric}_ci"] = [_rounded(bound) for bound in interval]
    return quality


def _paired(estimated: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {
        f"{metric}_vs_{BASELINE}": [_rounded(number) for number in numbers] for metric, numbers in estimated.items()
    }


def _cost(outcome: Outcome) -> dict[str, Any]:
    return {
        "mean_passages": _rounded(np.mean([len(ranking) for ranking in outcome.rankings])),
        "p50_ms": round(float(np.percentile(outcome.ms, 50)), 3),
        "p95_ms": round(float(np.percentile(outcome.ms, 95)), 3),
        "peak_mb": outcome.peak_mb,
    }


def _sureness(values: Values, outcome: Outcome) -> dict[str, Any]:
    """Return how good the estimates of sufficiency are, of a system that makes some."""
    found = [one for one in outcome.sufficiency if one is not None]
    if not found or len(found) < len(values):
        return {}
    return judged(values[:, METRICS.index(SUFFICIENT)], found) | {"looked_again": _rounded(np.mean(outcome.again))}


def judged(sufficient: Values, probabilities: Sequence[float]) -> dict[str, float | None]:
    """Return the mean estimate with AUROC and calibration error; an AUROC of questions that all are alike is None."""
    order = auroc(sufficient, probabilities)
    return {
        "sufficiency": _rounded(np.mean(probabilities)),
        "sufficiency_auroc": None if math.isnan(order) else _rounded(order),
        "sufficiency_ece": _rounded(calibration_error(sufficient, probabilities)),
    }


def _groups(values: Values, questions: Sequence[Question]) -> dict[str, Any]:
    groups = {
        "by_type": _by(values, questions, lambda question: question.kind),
        "by_hops": _by(values, questions, lambda question: question.hops),
    }
    return {name: group for name, group in groups.items() if group}


def _by(values: Values, questions: Sequence[Question], name: Callable[[Question], str]) -> dict[str, Any]:
    """Return the short figures of the questions that share a name, by name; questions without one are left out."""
    names = [name(question) for question in questions]
    found: dict[str, Any] = {}
    for one in sorted(set(filter(None, names))):
        rows = values[[place for place, other in enumerate(names) if other == one]]
        means = dict(zip(METRICS, rows.mean(axis=0), strict=True))
        found[one] = {metric: _rounded(means[metric]) for metric in BY_GROUP} | {"n": len(rows)}
    return found


def _rounded(number: Any) -> float:
    return round(float(number), DIGITS)


def table(result: Mapping[str, Any]) -> Table:
    """Return the figures for the screen: a column for each system, shares in percent with their intervals."""
    shown = Table("", title=_title(result), caption=_caption(result))
    systems = result["systems"]
    for name in systems:
        shown.add_column(name, justify="right")
    for metric in METRICS:
        shown.add_row(metric, *(_interval([one[metric], *one[f"{metric}_ci"]], "") for one in systems.values()))
    for metric in BY_GROUP:
        differences = [one.get(f"{metric}_vs_{BASELINE}") for one in systems.values()]
        if any(differences):
            shown.add_row(f"{metric} - {BASELINE}", *(_interval(one, "+") if one else "" for one in differences))
    for name in SURENESS:
        if any(one.get(name) is not None for one in systems.values()):
            shown.add_row(name, *(_number(one.get(name), 3) for one in systems.values()))
    for cost, digits in COSTS.items():
        shown.add_row(cost, *(f"{one[cost]:.{digits}f}" for one in systems.values()))
    return shown


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _interval(numbers: Sequence[float], sign: str) -> str:
    mean, low, high = (f"{100 * number:{sign}.1f}" for number in numbers)
    return f"{mean} [{low}, {high}]"


def _title(result: Mapping[str, Any]) -> str:
    titles = "without titles" if result["untitled"] else "with titles"
    counts = f"{result['questions']} questions, {result['passages']} passages {titles}"
    return f"{result['dataset']} {result['split']}: {counts}"


def _caption(result: Mapping[str, Any]) -> str:
    missing = f"; {result['gold_missing']} gold passages are not in the corpus" if result["gold_missing"] else ""
    made = f"indexed in {result['index_s']:.1f} s, {result['index_peak_mb']:.0f} MB at most"
    return f"percent [95 % bootstrap interval]; {made}{missing}"
