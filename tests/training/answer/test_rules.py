"""`python -m polyhop.training.answer rules`: what is chosen of an answer, and from which questions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyhop.answering.extractive.explain import Rules
from polyhop.training.answer import main
from polyhop.training.answer_rules import GRID, RIGHT, passed
from tests.training.rerank.questions import TEXTS, passage, passages, written


def folder(place: Path, *forms: str) -> Path:
    """Write a set: a question of each wording about each pair of known passages where one names the other."""
    place.mkdir()
    pairs = [(a, b) for a in TEXTS for b in TEXTS if a != b and b.removesuffix(" (film)") in TEXTS[a]]
    asked = [
        {"question": form.format(a), "answer": b, "gold": [passage(a), passage(b)]} for a, b in pairs for form in forms
    ]
    written(place / "train.jsonl", asked)
    passages(place / "corpus.jsonl")
    return place


@pytest.mark.slow
def test_two_sets_choose_the_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is chosen is of the grid, and each set is judged by what the other one chose as well."""
    sets = [
        folder(tmp_path / "a", "What has {} to do with?", "What does {} name?"),
        folder(tmp_path / "b", "Tell me what {} leads to.", "Say what {} speaks of."),
    ]
    assert 0 == main(["rules", *map(str, sets), "--foreign", "9", "--home", str(tmp_path / "home")])
    found = json.loads(capsys.readouterr().out)

    assert all(found["rules"][name] in values for name, values in GRID.items())
    assert Rules(**found["rules"])
    assert 2 == len(found["worth of each set"]) == len(found["with the rules of the others"])
    assert list(RIGHT) == [one["right"] for one in found["thresholds"]]
    assert 1 == found["thresholds"][0]["kept"] >= found["thresholds"][-1]["kept"]


def test_a_single_set_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There have to be questions that the units have not seen."""
    assert 2 == main(["rules", str(folder(tmp_path / "a", "What of {}?"))])
    assert "give two sets at least" in capsys.readouterr().err


def test_thresholds_let_through_what_reaches_them() -> None:
    """Of right answers, wrong ones and foreign questions the shares are counted apart."""
    rows = [(0.9, 1, 0), (0.1, 1, 0), (0.4, 0, 0), (0.3, 0, 1)]

    assert (1.0, 1.0, 1.0) == passed(np.array(rows), 0.0)
    assert (0.5, 0.0, 0.0) == passed(np.array(rows), 0.5)
