"""Budgets under concurrency, and that the benchmark would see one that does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import budgets
from polyhop.core.llm import Amount, Ledger
from polyhop.encoders import Encoder
from tests import corpus

SCHEDULES = 12


@pytest.mark.slow
def test_many_runs_together_never_exceed_their_budget() -> None:
    """Calls, tokens and dollars hold in random schedules, and nothing stays held or goes uncounted."""
    outcomes = [budgets.schedule(seed) for seed in range(SCHEDULES)]

    assert [] == [wrong for outcome in outcomes for wrong in outcome.wrong]
    assert any(outcome.met.get("refused, shared") for outcome in outcomes)
    assert any(outcome.met.get("replied") for outcome in outcomes)


def looking_first(self: Ledger, amount: Amount) -> Amount:
    """Note what is asked for without looking whether there is room."""
    with self._inside:
        self._held += amount
    return amount


def forgetting(self: Ledger, held: Amount, spent: Amount) -> None:
    """Count what was spent but keep the hold."""
    with self._inside:
        self._spent += spent


@pytest.mark.slow
@pytest.mark.parametrize(("method", "broken"), [("hold", looking_first), ("settle", forgetting)])
def test_a_ledger_that_does_not_hold_is_seen(method: str, broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that refuses nothing, or never gives back, is found wrong within a few schedules."""
    monkeypatch.setattr(Ledger, method, broken)

    assert [wrong for seed in range(4) for wrong in budgets.schedule(seed).wrong]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_questions_at_once_make_no_more_requests_than_they_may(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server counts; every question is answered, and those that came too late say so."""
    monkeypatch.setattr(budgets, "RUNS", 12)
    with corpus.collection(tmp_path, embedder, documents=budgets.DOCUMENTS) as films:
        row = budgets.over_http(films, 5, seed=0)

    assert (False, 12) == (row["wrong"], row["answers"])
    assert row["requests"] == row["spent"] <= 5
    assert row["written"] + row["at the limit"] >= 11
