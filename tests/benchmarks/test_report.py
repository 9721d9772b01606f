"""From rankings to figures and the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks.data import Question
from benchmarks.report import Outcome, figures, table
from polyhop.agent.evaluate.metrics import METRICS

QUESTIONS = [
    Question("a", frozenset({"x", "y"}), kind="bridge", hops="2"),
    Question("b", frozenset({"x"}), kind="comparison", hops="2"),
    Question("c", frozenset({"y"}), kind="bridge"),
]


def outcome(*rankings: str, ms: tuple[float, ...] = (1.0, 2.0, 9.0)) -> Outcome:
    """Return what a system did; each letter is a passage."""
    return Outcome([list(letters) for letters in rankings], ms, 100.0)


def made(**outcomes: Outcome) -> dict[str, dict[str, Any]]:
    """Return the figures of the systems."""
    return figures(outcomes, QUESTIONS, seed=0)


def test_figures_are_means_over_the_questions() -> None:
    """Each question counts the same, whatever the number of its gold passages."""
    found = made(dense=outcome("xy", "y", "zzy"))["dense"]

    assert (1 + 0 + 0) / 3 == pytest.approx(found["recall@2"], abs=1e-5)
    assert (1 + 0 + 1) / 3 == pytest.approx(found["recall@5"], abs=1e-5)
    assert found["recall@5_ci"][0] <= found["recall@5"] <= found["recall@5_ci"][1]


def test_costs_are_medians_means_and_peaks() -> None:
    """Latency is told as p50 and p95 of the questions, passages as their mean number."""
    found = made(dense=outcome("xy", "y", "zzy", ms=(1.0, 2.0, 9.0)))["dense"]

    assert 2.0 == found["p50_ms"]
    assert 2.0 + 0.9 * (9.0 - 2.0) == pytest.approx(found["p95_ms"])
    assert (2 + 1 + 3) / 3 == pytest.approx(found["mean_passages"], abs=1e-5)
    assert 100.0 == found["peak_mb"]


def test_the_difference_to_hybrid_is_paired() -> None:
    """A system that is better by the same on every question has a difference without spread."""
    questions = [Question(str(number), frozenset({"x", "y"})) for number in range(8)]
    better, worse = Outcome([["x", "y"]] * 8, [1.0] * 8, 1.0), Outcome([["x"]] * 8, [1.0] * 8, 1.0)
    found = figures({"polyhop": better, "hybrid": worse}, questions, seed=0)

    assert [2 / 2 - 1 / 2] * 3 == found["polyhop"]["recall@5_vs_hybrid"]
    assert [1.0 - 0.0] * 3 == found["polyhop"]["all@5_vs_hybrid"]
    assert not [key for key in found["hybrid"] if key.endswith("_vs_hybrid")]


def test_the_difference_is_that_of_the_figures() -> None:
    """The paired mean equals the difference of the means, and its interval may cross zero."""
    found = made(dense=outcome("xy", "y", "y"), hybrid=outcome("x", "x", "x"))
    mean, low, high = found["dense"]["recall@2_vs_hybrid"]

    assert found["dense"]["recall@2"] - found["hybrid"]["recall@2"] == pytest.approx(mean, abs=2e-5)
    assert low < mean < high


def test_nothing_is_compared_without_the_baseline() -> None:
    """Where hybrid was not asked no figure is against it."""
    found = made(dense=outcome("xy", "y", "y"))["dense"]

    assert [] == [key for key in found if "hybrid" in key]
    assert {*METRICS, *(f"{metric}_ci" for metric in METRICS)} < set(found)


def test_groups_hold_the_questions_that_name_them() -> None:
    """Figures by type and by hops count only questions of that type or number; unknown ones are left out."""
    found = made(dense=outcome("xy", "y", "z"))["dense"]

    assert {
        "bridge": {"recall@5": (1 + 0) / 2, "all@5": 1 / 2, "n": 2},
        "comparison": {"recall@5": 0.0, "all@5": 0.0, "n": 1},
    } == found["by_type"]
    assert {"2": {"recall@5": (1 + 0) / 2, "all@5": 1 / 2, "n": 2}} == found["by_hops"]


def test_groups_are_left_out_where_the_file_has_none() -> None:
    """A file without types and hops gives no empty groups."""
    found = figures({"dense": Outcome([["x"]], [1.0], 1.0)}, [Question("q", frozenset({"x"}))], seed=0)

    assert not {"by_type", "by_hops"}.intersection(found["dense"])


def test_the_table_shows_every_metric_in_percent() -> None:
    """The screen has a row for each metric, with its interval, and says what is missing from the corpus."""
    result = {
        "dataset": "films",
        "split": "dev",
        "untitled": True,
        "questions": 3,
        "passages": 9,
        "gold_missing": 2,
        "index_s": 1.0,
        "index_peak_mb": 300.0,
        "systems": made(dense=outcome("xy", "x", "y")),
    }
    console = Console(width=120, record=True, quiet=False, file=open_null())
    console.print(table(result))
    shown = console.export_text()

    assert [] == [metric for metric in METRICS if metric not in shown]
    assert "100.0 [100.0, 100.0]" in shown
    assert "without titles" in shown
    assert "2 gold passages" in " ".join(shown.split())


def open_null() -> Any:
    """Return a file that forgets."""
    from io import StringIO

    return StringIO()


def test_figures_are_plain_numbers() -> None:
    """Nothing of numpy is left in the figures."""
    values = [value for value in made(dense=outcome("x", "y", "z"))["dense"].values() if not isinstance(value, dict)]

    assert [] == [value for value in np.hstack(values).tolist() if not isinstance(value, float)]
    assert {float, list} == {type(value) for value in values}
