"""Sufficiency: how far its estimates can be believed, and what looking again only where one is low costs and keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.table import Table

from polyhop.agent.evaluate.calibration import Bin, reliability

from .report import judged

SURE = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DIGITS = 5


@dataclass(frozen=True, slots=True)
class Answers:
    """What a system made of each question: documents, the estimate that they suffice, a second look, milliseconds."""

    rankings: Sequence[Sequence[str]]
    sufficiency: Sequence[float]
    again: Sequence[bool]
    ms: Sequence[float]


@dataclass(frozen=True, slots=True)
class Cases:
    """Whether the first five documents held everything, and what was estimated."""

    sufficient: list[float] = field(default_factory=list)
    estimated: list[float] = field(default_factory=list)

    def __add__(self, other: Cases) -> Cases:
        return Cases(self.sufficient + other.sufficient, self.estimated + other.estimated)

    def figures(self) -> dict[str, Any]:
        """Return AUROC, calibration error, the mean estimate and the share that it should be."""
        return {"share": round(float(np.mean(self.sufficient)), DIGITS)} | judged(
            np.array(self.sufficient, np.float64), self.estimated
        )

    def bins(self) -> Sequence[Bin]:
        """Return the reliability table."""
        return reliability(self.sufficient, self.estimated)


def auto(light: Answers, quality: Answers, sure: float) -> Answers:
    """Return what the profile `auto` makes of the questions: of each what `quality` does, or its light rerankers alone.

    Up to the second look both do the same, and `auto` takes it where `light` ends less sufficient than `sure`. The
    millisecond that the light rerankers take before it is left out.
    """
    chosen = [light if known >= sure else quality for known in light.sufficiency]
    return Answers(
        rankings=[one.rankings[place] for place, one in enumerate(chosen)],
        sufficiency=[one.sufficiency[place] for place, one in enumerate(chosen)],
        again=[one.again[place] for place, one in enumerate(chosen)],
        ms=[one.ms[place] for place, one in enumerate(chosen)],
    )


def share(part: float, low: float, high: float) -> float | None:
    """Return how far a number lies on the way from `low` to `high`; None where there is no way."""
    return None if abs(high - low) < 1e-9 else round((part - low) / (high - low), DIGITS) + 0.0


def auto_table(title: str, figures: Mapping[str, Mapping[str, float | None]]) -> Table:
    """Return a row for each bound of sureness."""
    shown = Table("auto", title=title, caption="percent: of the questions, of what quality gains, of what it costs")
    columns = {"again": "looked at again", "gain": "recall@5 gain kept", "all": "all@5 gain kept", "time": "time added"}
    for heading in columns.values():
        shown.add_column(heading, justify="right")
    for name, own in figures.items():
        shown.add_row(name, *(_percent(own[column]) for column in columns))
    return shown


def sufficiency_table(title: str, figures: Mapping[str, Mapping[str, float | None]]) -> Table:
    """Return a row for each profile: how good its estimates are."""
    shown = Table("sufficiency", title=title, caption="percent: what was sufficient (all@5), and the mean estimate")
    for heading in ("sufficient", "estimated", "AUROC", "ECE"):
        shown.add_column(heading, justify="right")
    for name, own in figures.items():
        order, error = own["sufficiency_auroc"], own["sufficiency_ece"]
        numbers = ("" if one is None else f"{one:.3f}" for one in (order, error))
        shown.add_row(name, _percent(own["share"]), _percent(own["sufficiency"]), *numbers)
    return shown


def reliability_table(title: str, bins: Mapping[str, Sequence[Bin]]) -> Table:
    """Return a row for each bin: cases, mean estimate and share that was sufficient, of each profile."""
    shown = Table("estimate", title=title, caption="cases; percent estimated, and sufficient (all@5)")
    for name in bins:
        for heading in ("cases", "estimated", "sufficient"):
            shown.add_column(f"{name} {heading}", justify="right")
    for row in zip(*bins.values(), strict=True):
        cells = [
            cell
            for one in row
            for cell in (str(one.cases), *(_percent(part) if one.cases else "" for part in (one.estimated, one.true)))
        ]
        shown.add_row(f"{row[0].low:.1f} to {row[0].high:.1f}", *cells)
    return shown


def _percent(number: float | None) -> str:
    return "" if number is None else f"{100 * number:.1f}"
