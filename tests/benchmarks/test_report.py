"""From rankings to figures and the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.data import Question
from benchmarks.multihop import figures, table
from benchmarks.systems import Answers
from polyhop.agent.evaluate.metrics import METRICS

QUESTIONS = [
    Question("a", frozenset({"x", "y"}), kind="bridge", hops="2"),
    Question("b", frozenset({"x"}), kind="comparison", hops="2"),
    Question("c", frozenset({"y"}), kind="bridge"),
]


def outcome(*rankings: str, ms: tuple[float, ...] = (1.0, 2.0, 9.0)) -> Answers:
    """Return what a system did; each letter is a passage."""
    return Answers([list(letters) for letters in rankings], ms)


def made(**outcomes: Answers) -> dict[str, dict[str, Any]]:
    """Return the figures of the systems."""
    return figures(outcomes, QUESTIONS, seed=0)


def test_figures_are_means_over_the_questions() -> None:
    """Each question counts the same, whatever the number of its gold passages."""
    found = made(dense=outcome("xy", "y", "zzy"))["dense"]

    assert (1 + 0 + 0) / 3 == pytest.approx(found["recall@2"], abs=1e-5)
    assert (1 + 0 + 1) / 3 == pytest.approx(found["recall@5"], abs=1e-5)
    assert found["recall@5_ci"][0] <= found["recall@5"] <= found["recall@5_ci"][1]


def test_costs_are_medians_and_means() -> None:
    """Latency is told as p50 and p95 of the questions, passages as their mean number."""
    found = made(dense=outcome("xy", "y", "zzy", ms=(1.0, 2.0, 9.0)))["dense"]

    assert 2.0 == found["p50_ms"]
    assert 2.0 + 0.9 * (9.0 - 2.0) == pytest.approx(found["p95_ms"])
    assert (2 + 1 + 3) / 3 == pytest.approx(found["mean_passages"], abs=1e-5)


def test_the_difference_to_hybrid_is_paired() -> None:
    """A system that is better by the same on every question has a difference without spread."""
    questions = [Question(str(number), frozenset({"x", "y"})) for number in range(8)]
    better, worse = Answers([["x", "y"]] * 8, [1.0] * 8), Answers([["x"]] * 8, [1.0] * 8)
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
    found = figures({"dense": Answers([["x"]], [1.0])}, [Question("q", frozenset({"x"}))], seed=0)

    assert not {"by_type", "by_hops"}.intersection(found["dense"])


def test_the_table_shows_every_metric_in_percent() -> None:
    """The screen has a row for each metric, with its interval, and none for what no system tells."""
    shown = {row[""]: row["dense"] for row in table(made(dense=outcome("xy", "x", "y")))}

    assert [] == [metric for metric in METRICS if metric not in shown]
    assert "100.0 [100.0, 100.0]" == shown["recall@5"]
    assert not {"recall@5 - hybrid", "sufficiency"} & set(shown)


def test_figures_are_plain_numbers() -> None:
    """Nothing of numpy is left in the figures."""
    values = [value for value in made(dense=outcome("x", "y", "z"))["dense"].values() if not isinstance(value, dict)]

    assert [] == [value for value in np.hstack(values).tolist() if not isinstance(value, float)]
    assert {float, list} == {type(value) for value in values}
