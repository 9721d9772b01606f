"""The benchmark of tool selection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.data import Question
from benchmarks.systems import Answers
from benchmarks.tools import COMMAND, Bm25, figures
from polyhop.agent import CallerError
from tests.tools.catalogues import lines
from tests.tools.select.shops import TOOLS

ASKED = [
    {"query": "Tell me the weather in Oslo", "gold": ["get_forecast"]},
    {
        "query": "Send a mail and book a room and translate the text",
        "gold": ["send_mail", "book_room", "translateText"],
    },
]


def test_figures_are_right() -> None:
    """One of two requests whole, the other by a half."""
    asked = [Question("a", frozenset({"x"})), Question("b", frozenset({"x", "y"}))]
    outcome = Answers([["x", "z"], ["z", "y"]], [1.0, 3.0])
    found = figures({"polyhop": outcome, "bm25": outcome}, asked, frozenset({"x"}), seed=0)["polyhop"]

    assert (0.75, 0.5) == (found["recall@5"], found["completeness@5"])
    assert [0.0, 0.0, 0.0] == found["recall@5_vs_bm25"]
    assert {"seen": {"recall@5": 0.5, "n": 2}, "unseen": {"recall@5": 1.0, "n": 1}} == found["by_seen"]
    assert 0.69 == pytest.approx(found["ndcg@5"], abs=0.005)
    assert {"1", "2"} == set(found["by_gold"])


def test_plain_bm25_takes_names_apart() -> None:
    """The control is as good as it can be made in few lines."""
    ranked = Bm25([tool.name for tool in TOOLS], [f"{tool.name} {tool.description}" for tool in TOOLS])
    assert ["translateText"] == ranked.rank("Translate this", 1)


def test_the_benchmark_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It compares all systems and writes what it found."""
    monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "cache"))
    rows = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in TOOLS]
    lines(tmp_path / "corpus.jsonl", rows)
    lines(tmp_path / "dev.jsonl", ASKED)
    COMMAND.main([str(tmp_path), "--foreign", str(tmp_path), "--json", str(tmp_path / "out.json")])
    found = json.loads((tmp_path / "out.json").read_text())

    assert ["bm25", "dense", "hybrid", "polyhop"] == list(found["systems"])
    assert 1.0 == found["systems"]["polyhop"]["completeness@5"]
    assert found["definitions"]["tokens_sent"] < found["definitions"]["tokens_all"]
    assert 2 == found["abstention"]["foreign_requests"]


def test_a_folder_without_requests_is_a_mistake(tmp_path: Path) -> None:
    """The message says what was expected."""
    lines(tmp_path / "dev.jsonl", [{"question": "no"}])
    with pytest.raises(CallerError, match="query and gold"):
        COMMAND.main([str(tmp_path)])
