"""Ranking and calibration of probabilities, against examples worked by hand."""

from __future__ import annotations

import math

import pytest

from polyhop.agent import CallerError
from polyhop.agent.evaluate.metrics import Bin, auroc, calibration_error, reliability


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1.0),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], 0.0),
        ([0, 1, 0, 1], [0.1, 0.4, 0.35, 0.3], 3 / 4),
        ([0, 1], [0.5, 0.5], 1 / 2),
        ([1, 0, 1, 0, 0], [0.9, 0.5, 0.5, 0.5, 0.1], (3 + 1 + 1 / 2 + 1 / 2) / 6),
        ([False, True], [-7.0, 3.0], 1.0),
    ],
)
def test_auroc_counts_the_pairs_in_order(labels: list[int], scores: list[float], expected: float) -> None:
    """Each pair of a true and a false case counts 1 in order, 0 out of order and a half where it is tied."""
    assert expected == pytest.approx(auroc(labels, scores))


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_auroc_needs_both_sorts(labels: list[int]) -> None:
    """Without a pair to compare there is no figure."""
    assert math.isnan(auroc(labels, [0.5] * len(labels)))


def test_the_calibration_error_weighs_bins_by_their_cases() -> None:
    """Of three cases at 0.2 one comes true, and the one at 0.9 does: three quarters of 2/15, and a quarter of 0.1."""
    found = calibration_error([1, 0, 0, 1], [0.2, 0.2, 0.2, 0.9])

    assert (3 * abs(1 / 3 - 0.2) + 1 * (1 - 0.9)) / 4 == pytest.approx(found)


def test_over_and_underestimates_in_a_bin_cancel() -> None:
    """A bin is judged by its mean, so that more bins find more error."""
    labels, probabilities = [1, 0], [0.4, 0.6]

    assert 0.0 == pytest.approx(calibration_error(labels, probabilities, bins=1))
    assert 0.6 == pytest.approx(calibration_error(labels, probabilities, bins=2))


def test_bins_hold_their_lower_bound_and_the_last_one_both() -> None:
    """0.5 of two bins lies in the second, as does 1; a bin without cases holds nothing."""
    assert [Bin(0.0, 0.5, 0, 0.0, 0.0), Bin(0.5, 1.0, 2, 0.75, 0.5)] == reliability([1, 0], [0.5, 1.0], bins=2)
    assert [1] * 10 == [one.cases for one in reliability([1] * 10, [place / 10 + 0.05 for place in range(10)])]


def test_without_cases_nothing_is_known() -> None:
    """No case, no error to tell of."""
    assert math.isnan(calibration_error([], []))


@pytest.mark.parametrize(
    ("labels", "numbers", "bins", "said"),
    [
        ([1], [0.5, 0.5], 10, "1 labels and 2 numbers"),
        ([1, 0], [0.5, 1.5], 10, "1.5 is no probability"),
        ([1], [math.nan], 10, "nan is no probability"),
        ([1], [0.5], 0, "bins is 0"),
    ],
)
def test_what_cannot_be_judged_is_told(labels: list[int], numbers: list[float], bins: int, said: str) -> None:
    """Lists of different lengths, numbers that are no probabilities and no bins are the caller's mistakes."""
    with pytest.raises(CallerError, match=said):
        calibration_error(labels, numbers, bins)
