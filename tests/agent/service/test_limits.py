"""Bounds: places and rates."""

from __future__ import annotations

import pytest

from polyhop.agent.service.limits import Admission, BusyError, Rates


def test_as_many_come_in_as_there_are_places() -> None:
    """One more is told to come back, and comes in once a place is free."""
    admission = Admission(2)
    with admission.place():
        with admission.place(), pytest.raises(BusyError), admission.place():
            pass
        with admission.place():
            assert 2 == admission.inside
    assert 0 == admission.inside


def test_a_rate_is_kept_for_each_caller() -> None:
    """A minute's worth may come at once, then one each so many seconds; nobody pays for another."""
    now = 0.0
    rates = Rates(60, lambda: now)
    for _ in range(60):
        rates.take("a")
    with pytest.raises(BusyError) as refused:
        rates.take("a")
    rates.take("b")
    now = 1.0
    rates.take("a")

    assert refused.value.rate and refused.value.seconds == pytest.approx(1.0)
    with pytest.raises(BusyError):
        rates.take("a")


def test_no_rate_is_no_bound() -> None:
    """0 lets everybody in."""
    rates = Rates(0, lambda: 0.0)
    for _ in range(1_000):
        rates.take("a")
