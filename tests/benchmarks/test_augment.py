"""The benchmark of reformulations: figures by hand, gates that follow, and a whole run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import augment
from benchmarks.augment import SystemResults, derived, figures, profiles
from benchmarks.harness import run
from benchmarks.systems import Answers
from polyhop.retrieval.query.gate import Gate
from polyhop.retrieval.query.reformulations import Feedback
from polyhop.retrieval.query.role import AUGMENTERS
from tests.benchmarks.test_multihop import sample, write

NEVER, ALWAYS = np.array([[1.0, 1.0], [0.5, 0.0], [0.5, 0.0]]), np.array([[0.5, 0.0], [1.0, 1.0], [0.5, 0.0]])
CHANCES = [0.2, 0.55, 0.65]


def asked() -> SystemResults:
    """Return three questions: one that is harmed, one that is helped, one that stays as it is."""
    values = {"never": NEVER, "always": ALWAYS, "repeat": NEVER, "gate": np.stack([NEVER[0], ALWAYS[1], ALWAYS[2]])}
    ms = {"never": 10.0, "always": 20.0, "repeat": 22.0, "gate": 17.0}
    made = {"never": [False] * 3, "always": [True] * 3, "repeat": [True] * 3, "gate": [False, True, True]}
    answers = {
        name: Answers([[]] * 3, [ms[name]] * 3, augmented=made[name], chances=CHANCES if name == "gate" else [None] * 3)
        for name in values
    }
    return SystemResults(answers, values)


def test_gates_of_other_thresholds_follow() -> None:
    """Of each question what always does, from the threshold on, or never; a perfect gate has the better of both."""
    found = derived(asked())

    assert np.array_equal(asked().values["gate"], found.values["gate 0.5"])
    assert np.array_equal(np.stack([NEVER[0], NEVER[1], ALWAYS[2]]), found.values["gate 0.6"])
    assert np.array_equal(np.stack([NEVER[0], ALWAYS[1], ALWAYS[2]]), found.values["perfect"])
    assert [10.0, 20.0, 20.0] == found.answers["gate 0.5"].ms


def test_the_figures_are_those_worked_by_hand() -> None:
    """Recall, what it adds to never and always, the share augmented and the time added, of that of always."""
    systems = figures(asked(), seed=1)
    gate = systems["gate"]

    assert [2 / 3, 2 / 3, 5 / 6] == [
        pytest.approx(systems[name]["recall@5"][0], abs=1e-4) for name in ("never", "always", "gate")
    ]
    assert [1 / 6, 1 / 6] == [
        pytest.approx(gate[f"recall@5 against {name}"][0], abs=1e-4) for name in ("never", "always")
    ]
    assert (0.7, pytest.approx(2 / 3, abs=1e-3)) == (gate["added"], gate["augmented"])
    assert (0.0, 1.0, 1.2) == tuple(systems[name]["added"] for name in ("never", "always", "repeat"))
    assert "ms" not in systems["perfect"]


def test_questions_of_arms_are_pooled() -> None:
    """Each question counts the same, whatever arm it is of."""
    both = asked() + asked()
    assert 6 == len(both.answers["gate"].chances) == len(both.values["gate"]) == len(both.answers["never"].ms)


def test_all_but_the_augmenter_is_the_default() -> None:
    """The four differ in nothing else, and `always` has no gate."""
    made = profiles("feedback", None, 0.4)
    assert [None, Feedback(), AUGMENTERS.make("repeat"), Feedback()] == [one.augment for one in made.values()]
    assert [None, None, None, Gate("feedback", 0.4)] == [one.gate for one in made.values()]
    assert 1 == len({(one.first, one.hops, one.ranker, one.stop, one.rerankers) for one in made.values()})


@pytest.mark.slow
def test_a_whole_run_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Arms and all questions together, each system in each of them."""
    folder, out = write(tmp_path / "set", *sample()), tmp_path / "out.json"
    assert 0 == run(lambda: augment.COMMAND.main([str(folder), "--titled", "--limit", "2", "--json", str(out)]))
    report = json.loads(out.read_text("utf-8"))

    assert 1 == len(report["arms"])
    assert {"never", "always", "repeat", "gate", "gate 0.5", "perfect"} <= set(report["pooled"]["systems"])
    assert report["arms"][0]["systems"]["always"]["augmented"] == 1.0
    assert "all questions: feedback" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--augment", "none"], ["--gate", "absent.json"], ["--augment", "passage"]])
def test_what_cannot_be_compared_is_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown augmenter, weights that are not there, and an augmenter without a gate."""
    assert 2 == run(lambda: augment.COMMAND.main([str(tmp_path), *arguments]))
    assert arguments[1] in capsys.readouterr().err
