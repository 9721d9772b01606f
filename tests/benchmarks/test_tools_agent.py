"""The benchmark of agents that search for their tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.tools_agent import COMMAND, Script, figures
from tests.tools.catalogues import lines
from tests.tools.select.shops import TOOLS

REQUEST = "Tell me the weather in Oslo, and send a mail to Anna."
LACKS = {"send_mail": frozenset({"send", "mail"}), "get_forecast": frozenset({"weather"})}


def script(turns: int = 4) -> Script:
    """Return a script for two tools."""
    return Script(REQUEST, dict(LACKS), turns)


def test_the_model_searches_for_what_it_lacks() -> None:
    """First for the request, then for the clause of the missing tool, until there is none or it has all."""
    one = script()

    assert [REQUEST, "send a mail to Anna.", ""] == [
        one.next([]),
        one.next(["get_forecast"]),
        one.next(["get_forecast", "send_mail"]),
    ]
    assert (3, [(0, 0), (1, 1), (2, 2)]) == (one.whole, one.bound)


def test_the_model_gives_up() -> None:
    """It says nothing twice, and its turns are bounded."""
    long, short = script(9), script(2)

    assert [True, True, True, False] == [bool(long.next(["x"] if turn else [])) for turn in range(4)]
    assert [True, False] == [bool(short.next([])) for _ in range(2)] and 0 == short.whole


def test_figures_are_right() -> None:
    """A request that never has all counts as one turn more than it took."""
    first, never = script(), script(1)
    first.next(list(LACKS))
    never.next(["get_forecast"])
    found = figures([first, never])

    assert (0.5, 0.5, 0.5, 1.5) == (found["within@1"], found["within@3"], found["never"], found["mean_turns"])
    assert (0.75, 1.5) == (found["gold_bound"], found["tools_bound"])


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent has its tools before the model speaks; plain search needs a turn to be asked."""
    monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "cache"))
    rows = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in TOOLS]
    lines(tmp_path / "corpus.jsonl", rows)
    lines(tmp_path / "dev.jsonl", [{"query": REQUEST, "gold": ["get_forecast", "send_mail"]}])
    COMMAND.main(
        [str(tmp_path), "--systems", "dense,polyhop", "--threshold", "0", "--json", str(tmp_path / "out.json")]
    )
    found = json.loads((tmp_path / "out.json").read_text())["systems"]

    assert (0.0, 1.0) == (found["dense"]["within@1"], found["polyhop"]["within@1"])
    assert 1.0 == found["dense"]["gold_bound"]
