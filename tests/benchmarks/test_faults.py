"""The table of faults, from its command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import faults
from benchmarks.harness import run
from polyhop.agent.testing import FAULTS


def test_every_fault_is_played() -> None:
    """Whatever the server can play is in the table."""
    assert set(FAULTS) == {fault.kind for fault in faults.PLAYED}


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_it_tells_what_the_user_sees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a fault the model answers, with one the passages do, and the notice and the requests are told."""
    out = tmp_path / "out.json"
    assert 0 == run(
        lambda: faults.COMMAND.main(["--only", "401", "--seconds", "20", "--timeout", "15", "--json", str(out)])
    )
    result = json.loads(out.read_text(encoding="utf-8"))
    rows = {(row["fault"], row["way"]): row for row in result["rows"]}

    assert {("none", "ask"), ("none", "stream"), ("401", "ask"), ("401", "stream")} == set(rows)
    assert ["openai/replay", "extractive"] == [rows[fault, "ask"]["writer"] for fault in ("none", "401")]
    assert [1, 1] == [rows[fault, "stream"]["requests"] for fault in ("none", "401")]
    assert "401" in capsys.readouterr().out
