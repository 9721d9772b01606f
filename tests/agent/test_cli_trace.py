"""`polyhop trace`: kept runs on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from polyhop.agent import Agent
from polyhop.agent.hop_svg import hop_tree_svg
from polyhop.agent.traces import RunStore
from polyhop.encoders import Encoder

from .commands import QUESTION, files, run, run_json


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a home with an indexed collection and two kept runs."""
    home = tmp_path / "home"
    run("index", files(tmp_path / "docs"), home=home)
    run("retrieve", QUESTION, "-k", 1, "--keep", home=home)
    run("ask", QUESTION, "--keep", home=home)
    run("ask", "What is the capital of Austria?", home=home)
    return home


def test_kept_runs_are_listed(home: Path) -> None:
    """Newest first, those alone that were asked with --keep."""
    listed = run_json("trace", home=home)
    assert [("answer", QUESTION), ("retrieve", QUESTION)] == [(one["task"], one["question"]) for one in listed]
    assert [one["id"] for one in listed] == [line.split()[0] for line in run("trace", home=home).stdout.splitlines()]


def test_a_run_is_shown_with_all_that_happened(home: Path) -> None:
    """Question, settings, steps with times, hops, what was left out and why, the answer with its citations."""
    first = run_json("trace", home=home)[1]["id"]
    shown, retrieved = (run("trace", one, home=home).stdout for one in ("last", first[:14]))

    for said in (QUESTION, "profile=fast", "Steps", "search     hop 1", "Hops", "Answer", "born in Cincinnati. ["):
        assert said in shown
    assert "below the first 1" in retrieved and "Answer" not in retrieved


def test_a_run_is_exported_and_drawn(home: Path, tmp_path: Path) -> None:
    """--json prints the run, which is read again from a file; --svg draws it as its result was."""
    record = run_json("trace", "last", home=home)
    assert record == RunStore(home).get("last")

    exported, drawing = tmp_path / "run.json", tmp_path / "run.svg"
    exported.write_text(json.dumps(record), encoding="utf-8")
    run("trace", exported, "--svg", drawing, home=tmp_path / "elsewhere")
    assert hop_tree_svg(record["result"]) == drawing.read_text(encoding="utf-8")
    assert ElementTree.fromstring(run("trace", exported, "--svg", "-", home=home).stdout) is not None


def test_a_run_is_asked_again(home: Path, tmp_path: Path) -> None:
    """Exit code 0 where all comes out as it did, 1 where anything differs; the differences are printed."""
    exported = tmp_path / "run.json"
    exported.write_text(run("trace", "last", "--json", home=home).stdout, encoding="utf-8")
    assert "all came out as it did" in run("trace", "--replay", exported, home=home).stdout
    assert [] == run_json("trace", "--replay", "last", home=home)["differences"]

    with Agent.open(home) as agent:
        agent.collection.remove(where="year = 1946")
    changed = run("trace", "--replay", exported, home=home, code=1)
    assert "passage 'Steven Spielberg': rank" in changed.stdout and "written to since" in changed.stderr
    assert run_json("trace", "last", "--replay", home=home, code=1)["differences"]


def test_mistakes_are_told(home: Path, tmp_path: Path) -> None:
    """An unknown run, a file that is none, a replay of nothing; and where nothing is kept, how to keep."""
    assert "no run 'ffff'" in run("trace", "ffff", home=home, code=2).stderr
    assert "say which run" in run("trace", "--replay", home=home, code=2).stderr
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert "holds no run" in run("trace", tmp_path / "other.json", home=home, code=2).stderr
    nothing = run("trace", home=tmp_path / "empty")
    assert "--keep" in nothing.stderr and not nothing.stdout
