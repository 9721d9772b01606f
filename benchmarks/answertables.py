"""The tables of the benchmark of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from .mutating import KINDS


def shown_table(title: str, figures: Mapping[str, Any]) -> Table:
    """Return one row: how often the shown sentences hold the answer."""
    shown = Table(
        "answers without a model", title=title, caption="percent of the questions that are not yes or no, all gold in 5"
    )
    for heading in ("questions", "held by three sentences", "held by the passages", "sentences"):
        shown.add_column(heading, justify="right")
    shown.add_row(
        "extractive",
        str(figures["questions"]),
        percent(figures["held"]),
        percent(figures["possible"]),
        str(figures["sentences"]),
    )
    return shown


def found_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a row for each least sufficiency."""
    shown = Table(
        "least sufficiency",
        title=f"{title}: answers given",
        caption="percent of all, of those with all gold, of the others; wrong of the given; of foreign questions",
    )
    columns = ("given", "kept", "incomplete", "wrong", "foreign")
    for heading in columns:
        shown.add_column(heading, justify="right")
    for row in rows:
        shown.add_row(f"{row['sufficiency']:g}", *(percent(row[column]) for column in columns))
    return shown


def citation_table(title: str, figures: Mapping[str, Any]) -> Table:
    """Return one row: what of true answers is lost and of false ones caught."""
    shown = Table(
        "check", title=f"{title}: citations", caption="percent; true answers lost, false ones caught, by kind"
    )
    for heading in ("true lost", "false caught", *KINDS, "ms"):
        shown.add_column(heading, justify="right")
    kinds = (percent(figures["by_kind"].get(kind, {}).get("caught")) for kind in KINDS)
    shown.add_row(
        f"{figures['true']} + {figures['false']}",
        percent(figures["lost"]),
        percent(figures["caught"]),
        *kinds,
        f"{figures['ms']:.1f}",
    )
    return shown


def percent(number: float | None) -> str:
    """Return a share in percent, empty where there is none."""
    return "" if number is None else f"{100 * number:.1f}"
