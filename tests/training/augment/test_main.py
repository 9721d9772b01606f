"""`python -m polyhop.training.augment`: question files to examples, and these to a gate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from polyhop.retrieval.query.gate import FEATURES, Gate
from polyhop.training import augment
from polyhop.training.augment import GateExample, main
from polyhop.training.harness import load, write
from tests.training.rerank.questions import passages, rows, written


@pytest.mark.slow
def test_question_files_become_a_gate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question is asked as it is and reformulated; the file of the gate is one that a run can use."""
    monkeypatch.setattr(augment, "FEWEST", 1)
    asked, known = written(tmp_path / "q.jsonl", rows()), passages(tmp_path / "corpus.jsonl")
    files = [tmp_path / "titled.jsonl", tmp_path / "untitled.jsonl"]
    for file, untitled in zip(files, ([], ["--untitled"]), strict=True):
        given = [asked, "--corpus", known, "--home", tmp_path / "home", *untitled, "--out", file]
        assert 0 == main(["examples", *map(str, given)])
    found = load(files, GateExample)

    assert 2 * len(rows()) == len(found)
    assert all({"feedback", "expansion"} == set(one.augmented) for one in found)
    assert all(len(FEATURES) == len(one.features) for one in found)
    assert all(0 <= gain <= 1 for one in found for gain in (one.without, *one.augmented.values()))
    capsys.readouterr()

    # So few questions may all end alike, of which nothing is to be learnt: two are given an outcome.
    ends = [
        replace(one, without=before, augmented=dict.fromkeys(one.augmented, after))
        for one, before, after in zip(found, (0.0, 1.0), (1.0, 0.0), strict=False)
    ]
    changed, gate = tmp_path / "changed.jsonl", tmp_path / "gate.json"
    write(changed, [*ends, *found[2:]])
    assert 0 == main(["gate", str(changed), "--out", str(gate)])
    facts = json.loads(capsys.readouterr().out)
    assert len(found) == facts["feedback"]["questions"]
    assert Gate("expansion", file=gate).checked() and Gate("feedback", file=gate).checked()


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "step"),
    (["examples", "absent.jsonl", "--out", "x"], "absent.jsonl"),
    (["gate", "absent.jsonl", "--out", "x"], "absent.jsonl"),
])  # fmt: skip
def test_a_mistake_is_told_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file, and the exit code is the caller's."""
    monkeypatch.chdir(tmp_path)
    assert 2 == main(arguments)
    told = capsys.readouterr().err
    assert said in told
    assert 1 == len(told.splitlines())
