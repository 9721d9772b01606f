"""Figures as a table for the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from .compare import DEPTHS, Evaluation
from .metrics import metrics

PAIRED = ("recall@5", "all@5")


def table(evaluation: Evaluation, title: str = "") -> Table:
    """Return a row for each system: shares in percent, and the paired differences with their intervals."""
    shown = Table("", title=title, caption=_caption(evaluation))
    for column in (*metrics(DEPTHS), *(f"{metric} gains" for metric in PAIRED), "over", "ms"):
        shown.add_column(column, justify="right")
    for name, one in evaluation.systems.items():
        figures = [f"{100 * one.figures[metric][0]:.1f}" for metric in metrics(DEPTHS)]
        gains = [interval(one.differences[metric]) if one.differences else "" for metric in PAIRED]
        shown.add_row(name, *figures, *gains, one.against, f"{one.ms:.0f}")
    return shown


def interval(numbers: Sequence[float]) -> str:
    """Return [mean, low, high] in percent, with signs."""
    mean, low, high = (f"{100 * number:+.1f}" for number in numbers)
    return f"{mean} [{low}, {high}]"


def _caption(evaluation: Evaluation) -> str:
    missing = len(evaluation.missing)
    lacking = f"; {missing:,} of them not in the collection, counted as missed" if missing else ""
    return f"{evaluation.questions:,} questions, {evaluation.gold:,} gold passages{lacking}"
