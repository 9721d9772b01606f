"""The units that choose the sentences of an answer, and those that say whether they are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ...answering.extractive.quotable import NAMES
from ...answering.extractive.scorer import FORMAT, GROUPS, SUMMARY, Weighing, choose, group, summary
from ...core.errors import CallerError
from ...core.linear import Linear
from ...core.types import Numbers
from ..minimise import minimised
from .collect import Example

FEWEST = 20  # questions of which a sentence is right, below which there is nothing to learn from
#: on the squares of the weights of standardised features
PENALTY, PENALTY_OF_CHANCES = 0.03, 0.01
#: what a question of other passages counts, which are few
FOREIGN = 3.0
#: searches from which on an example is one for the scorers; those of fewer are for what tells wrong answers
WHOLE = 2
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Judged:
    """What the sentences chosen are known by, whether they hold the answer, and whether the question is foreign."""

    rows: Numbers
    right: Numbers
    foreign: Numbers


def trained(examples: Sequence[Example]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the file of units as plain JSON types, and figures on halves that the scorers have not seen.

    Raises:
        CallerError: if too few questions have a right sentence, or all or none are foreign.
    """
    units, known = fitted(examples)
    own = np.logical_not(known.foreign)
    facts = {
        "questions": len(examples),
        "held": round(float(known.right[own].mean()), 4),
        "foreign": sum(one.foreign for one in examples),
    }
    file = {
        "format": FORMAT,
        "scorers": {name: _named(unit, NAMES) for name, unit in units.scorers.items()},
        "right": _named(units.right, SUMMARY),
        "ours": _named(units.ours, SUMMARY),
    }
    return file, facts


def fitted(examples: Sequence[Example]) -> tuple[Weighing, Judged]:
    """Return the units, and what is known of the sentences chosen by scorers that have not seen their halves.

    Raises:
        CallerError: if too few questions have a right sentence, or all or none are foreign.
    """
    able = sum(map(useful, examples))
    strange = sum(one.foreign for one in examples)
    if able < FEWEST or not 0 < strange < len(examples):
        raise CallerError(
            f"{len(examples)} examples, {able} with a right sentence and {strange} of other passages; "
            f"{FEWEST} at least are needed of the former, and some of the latter (`--foreign`)"
        )
    scorers = fit_scorers(examples)
    # All runs of a question are in one half.
    side = {question: n % 2 for n, question in enumerate(dict.fromkeys(one.question for one in examples))}
    halves = [[one for one in examples if side[one.question] == half] for half in (0, 1)]
    seen = [judged(one, fit_scorers(other)) for one, other in (halves, halves[::-1])]
    known = Judged(*(np.concatenate([getattr(one, name) for one in seen]) for name in ("rows", "right", "foreign")))
    right = logistic(known.rows, known.right, np.ones(len(known.rows)))
    ours = logistic(known.rows, np.logical_not(known.foreign), np.where(known.foreign, FOREIGN, 1.0))
    return Weighing(scorers, right, ours), known


def useful(one: Example) -> bool:
    """Say whether some sentences of an example are right and some are not, and all of its searches were made."""
    return one.hops >= WHOLE and 0 < sum(_marks(one)) < len(one.rows)


def fit_scorers(examples: Sequence[Example]) -> dict[str, Linear]:
    """Return the unit of each group: what all groups share, and what is its own where that pays.

    The loss is the cross-entropy over the sentences of a question, of those that hold the answer together, and over
    single sentences.
    """
    chosen = [one for one in examples if useful(one)]
    rows = [_grouped(one.sight().rows, group(one.kind)) for one in chosen]
    marks = torch.tensor(np.concatenate([_marks(one) for one in chosen]).astype(np.float64))
    of = torch.tensor(np.repeat(np.arange(len(rows)), [len(each) for each in rows]))

    def loss(scores: torch.Tensor) -> torch.Tensor:
        shares = torch.exp(scores.clamp(-30, 30))
        nothing = torch.zeros(len(rows), dtype=torch.float64)
        right, everything = nothing.index_add(0, of, shares * marks), nothing.index_add(0, of, shares)
        single = functional.binary_cross_entropy_with_logits(scores, marks, reduction="sum") / len(rows)
        return single - (torch.log(right) - torch.log(everything)).mean()

    unit = minimised(np.concatenate(rows), loss, PENALTY)
    width = len(NAMES)
    shared, parts = unit.weights[:width], unit.weights[width:].reshape(len(GROUPS) - 1, width + 1)
    own = [*parts, np.zeros(width + 1)]
    return {
        name: Linear(shared + part[:-1], unit.bias + float(part[-1])) for name, part in zip(GROUPS, own, strict=True)
    }


def judged(examples: Sequence[Example], scorers: Mapping[str, Linear]) -> Judged:
    """Return what is known of the sentences that scorers choose, for each example that has some."""
    rows, right, foreign = [], [], []
    for one in examples:
        if not one.rows:
            continue
        sight = one.sight()
        scores = scorers[group(one.kind)](sight.rows)
        chosen = choose(scores, sight.places)
        rows.append(summary(sight, scores, chosen))
        right.append(any(one.holds[row] for row in chosen))
        foreign.append(one.foreign)
    return Judged(np.array(rows).reshape(len(rows), len(SUMMARY)), np.array(right, bool), np.array(foreign, bool))


def logistic(rows: Numbers, marks: Numbers, counts: Numbers) -> Linear:
    """Return the unit of a logistic regression."""
    wanted, weigh = torch.tensor(marks.astype(np.float64)), torch.tensor(counts.astype(np.float64))

    def loss(scores: torch.Tensor) -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(scores, wanted, weight=weigh)

    return minimised(rows, loss, PENALTY_OF_CHANCES)


def _grouped(rows: Numbers, name: str) -> Numbers:
    """Return features for all groups, and once more, with a constant, for each but the last, where it is this one."""
    own = np.column_stack([rows, np.ones(len(rows))])
    return np.column_stack([rows, *(own * (name == each) for each in GROUPS[:-1])])


def _marks(one: Example) -> Numbers:
    return np.array([held and gold for held, gold in zip(one.holds, one.gold, strict=True)], bool)


def _named(unit: Linear, names: Sequence[str]) -> Mapping[str, Any]:
    weights = {name: float(f"{weight:.{DIGITS}g}") for name, weight in zip(names, unit.weights, strict=True)}
    return {"bias": float(f"{unit.bias:.{DIGITS}g}"), "weights": weights}
