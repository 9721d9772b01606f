"""`polyhop train`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.agent import example
from polyhop.encoders import Encoder
from polyhop.training.treehop.train import TreeHopVerdict

from .commands import QUESTION, files, run, run_json


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home with the example corpus, whose passages name each other."""
    folder = tmp_path_factory.mktemp("example")
    with example.passages_path() as path:
        run("index", path, home=folder)
    return folder


@pytest.mark.slow
def test_a_network_that_does_not_help_is_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, the figures are told, nothing is written."""
    # Which questions are kept apart depends on the documents' paths, and with it whether so few show a gain.
    monkeypatch.setattr(TreeHopVerdict, "better", False)
    own = home / "default" / "treehop.safetensors"
    before = own.exists()
    said = run("train", "--epochs", 1, "--out", tmp_path / "w.safetensors", home=home, code=1).stderr

    assert "does not beat plain search, so nothing was saved: recall on" in said
    assert "epoch 1: loss" in said
    assert not (tmp_path / "w.safetensors").exists()
    assert before == own.exists()


@pytest.mark.slow
def test_what_was_trained_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint lies beside the collection, its figures are shown, and the updater finds it there."""
    monkeypatch.setattr(TreeHopVerdict, "better", True)
    facts = run_json("train", "--epochs", 1, "--hops", 300, "--seed", 4, home=home)
    events = run_json("retrieve", QUESTION, "--updaters", "treehop", home=home)["events"]
    shown = run("train", "--epochs", 1, "--hops", 300, "--seed", 4, home=home).stdout

    assert str(home / "default" / "treehop.safetensors") == facts["file"]
    assert {"with_network", "without", "k", "questions", "low", "high"} == set(facts["heldout"])
    assert sum(facts["data"]["kinds"].values()) == facts["data"]["examples"]
    assert [facts["checkpoint"]] == [word for word in shown.split() if word == facts["checkpoint"]]
    assert any(event["event"] == "hop" and event["queries"] for event in events)


def test_bad_calls_are_told(home: Path, tmp_path: Path) -> None:
    """Unreadable questions, none at all, and a collection without links are mistakes of the call."""
    (tmp_path / "q.jsonl").write_text(json.dumps({"question": "q", "gold": ["a"]}) + "\n{", encoding="utf-8")
    run("index", files(tmp_path / "docs"), home=tmp_path / "small")

    assert "q.jsonl:2: not JSON" in run("train", "--questions", tmp_path / "q.jsonl", home=home, code=2).stderr
    assert "gives no examples" in run("train", "--hops", 0, home=home, code=2).stderr
    assert "too few" in run("train", home=tmp_path / "small", code=2).stderr
