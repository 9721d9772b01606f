"""Fitting the gate: what it learns, what it does not, and figures on questions that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.retrieval.query.gate import FEATURES
from polyhop.training.augment import FOLDS, GateDataset, GateExample, cases, fit, gain, judged, trained
from polyhop.training.harness import load, write

Rule = Callable[[np.ndarray], float]


def examples(count: int, added: Rule, *, seed: int = 0) -> list[GateExample]:
    """Return questions with random numbers and what feedback adds to each, by a rule."""
    rows = np.random.default_rng(seed).normal(size=(count, len(FEATURES)))
    return [
        GateExample(f"question {number}?", row.tolist(), 0.5, {"feedback": 0.5 + added(row)})
        for number, row in enumerate(rows)
    ]


def test_a_unit_learns_whom_it_helps() -> None:
    """Where one number decides, the unit gives it by far the most weight, in the right direction."""
    unit = fit(cases(examples(400, lambda row: 0.1 if row[3] > 0 else -0.1), "feedback"), penalty=1.0)

    assert 3 == int(np.abs(unit.weights).argmax())
    assert unit.weights[3] > 3 * np.abs(np.delete(unit.weights, 3)).max()


def test_larger_differences_count_for_more() -> None:
    """Many small losses do not outvote a few large gains."""
    given = examples(400, lambda row: 0.5 if row[0] > 1.2 else -0.01)
    right = 1 / (1 + np.exp(-fit(cases(given, "feedback"), penalty=1.0)(np.zeros((1, len(FEATURES))))))
    small = examples(400, lambda row: 0.01 if row[0] > 1.2 else -0.01)
    wrong = 1 / (1 + np.exp(-fit(cases(small, "feedback"), penalty=1.0)(np.zeros((1, len(FEATURES))))))
    assert right[0] > wrong[0]


def test_questions_that_stay_as_they_are_teach_nothing() -> None:
    """With and without them the unit is the same."""
    some = examples(200, lambda row: 0.1 if row[1] > 0 else -0.1)
    same = [
        GateExample(f"same {one.question}", one.features, 0.5, {"feedback": 0.5}) for one in examples(99, lambda row: 0)
    ]
    one, other = (fit(cases(given, "feedback"), penalty=2.0) for given in (some, some + same))

    np.testing.assert_allclose(one.weights, other.weights)
    assert one.bias == pytest.approx(other.bias)


def test_a_penalty_keeps_weights_small() -> None:
    """On noise, a strong penalty leaves hardly anything but the share of gains."""
    given = cases(examples(60, lambda row: 0.1 if row.sum() % 1 > 0.5 else -0.1), "feedback")
    sizes = [float(np.abs(fit(given, penalty=penalty).weights).sum()) for penalty in (0.01, 10.0, 1e6)]
    assert sizes[0] > sizes[1] > sizes[2] and sizes[2] < 1e-3


def test_a_number_that_never_changes_is_harmless() -> None:
    """A constant feature gets no weight, and nothing is divided by zero."""
    flat = [
        GateExample(one.question, [7.0, *one.features[1:]], one.without, one.augmented)
        for one in examples(80, lambda row: 0.1 if row[2] > 0 else -0.1)
    ]
    assert 0 == pytest.approx(fit(cases(flat, "feedback"), penalty=1.0).weights[0])


def test_the_figures_are_of_folds_not_seen() -> None:
    """Where numbers decide, the gate comes near the perfect one; where they say nothing, nowhere near."""
    told = judged(cases(examples(400, lambda row: 0.1 if row[3] > 0 else -0.1), "feedback"), penalty=1.0)
    chance = np.random.default_rng(1)
    noise = judged(cases(examples(400, lambda row: float(chance.choice([-0.1, 0.1]))), "feedback"), penalty=1.0)

    assert (400, 400) == (told["questions"], told["better"] + told["worse"])
    assert told["gate"] > 0.8 * told["perfect"] > 0
    assert noise["gate"] < 0.5 * noise["perfect"]
    assert told["perfect"] == pytest.approx(100 * 0.1 * told["better"] / 400)


def test_a_question_is_in_one_fold() -> None:
    """Titled and untitled it is kept apart together, and each fold has some."""
    some = examples(50, lambda row: 0.1)
    folds = cases([*some, *some], "feedback").folds
    assert np.array_equal(folds[:50], folds[50:])
    assert set(range(FOLDS)) == set(folds.tolist())


def test_too_few_differences_are_refused() -> None:
    """A gate from a handful of questions would be chance."""
    with pytest.raises(CallerError, match="changes 5 of 5"):
        trained(examples(5, lambda row: 0.1), ["feedback"], penalty=1.0)


def test_no_examples_are_no_cases() -> None:
    """Questions that nobody reformulated so are left out."""
    given = cases(examples(5, lambda row: 0.1), "expansion")
    assert (0, len(FEATURES)) == given.rows.shape
    assert isinstance(given.part(np.zeros(0, bool)), GateDataset)


@pytest.mark.parametrize(("documents", "expected"), [
    (["a", "b"], 1.0), (["b", "a"], 1.0), (["x", "a", "b"], (1 / np.log2(3) + 0.5) / (1 + 1 / np.log2(3))),
    (["x"] * 10 + ["a"], 0.0), ([], 0.0),
])  # fmt: skip
def test_the_gain_is_that_worked_by_hand(documents: list[str], expected: float) -> None:
    """Gold first is 1, further down less, behind the tenth nothing."""
    assert expected == pytest.approx(gain(documents, {"a", "b"}))


def test_examples_are_written_and_read(tmp_path: Path) -> None:
    """What was kept comes back; a line that is none names its place."""
    some, file = examples(3, lambda row: 0.1), tmp_path / "examples.jsonl"
    write(file, some)
    assert some == load([file], GateExample)

    for broken in ('{"question": "a"}', '{"question": "a", "features": [1], "without": 0, "augmented": {}}'):
        file.write_text(broken + "\n", encoding="utf-8")
        with pytest.raises(CallerError, match=r"examples\.jsonl.*`examples` step"):
            load([file], GateExample)
