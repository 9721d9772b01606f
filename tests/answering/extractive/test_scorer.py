"""Choosing sentences: the units on file, the choice, and what is known of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyhop.answering.extractive.quotable import NAMES, Sight
from polyhop.answering.extractive.scorer import GROUPS, MOST, SAME, SHIPPED, SUMMARY, choose, group, load, summary
from polyhop.core.errors import OperatorError
from polyhop.retrieval.query.short_answers import AnswerType


def sight(count: int = 4, *, sufficiency: float | None = None, kind: AnswerType = AnswerType.THING) -> Sight:
    """Return sentences of two passages with made-up features."""
    rows = np.random.default_rng(0).random((count, len(NAMES)))
    return Sight(kind.value, rows, [row % 2 for row in range(count)], [0.5, 0.4], sufficiency)


def test_the_best_sentences_are_chosen() -> None:
    """At most three, the best first, ties in their order."""
    assert [2, 0, 1] == choose(np.array([1.0, 1.0, 5.0, -3.0]), [0, 1, 2, 3])
    assert [] == choose(np.empty(0), [])
    assert MOST == len(choose(np.zeros(9), [0] * 9))


def test_another_passage_goes_before_more_of_the_same() -> None:
    """A sentence of a passage that is quoted already has to be better by some margin."""
    assert [0, 2] == choose(np.array([5.0, 4.0, 4.0 - SAME / 2]), [0, 0, 1], most=2)
    assert [0, 1] == choose(np.array([5.0, 4.0, 4.0 - SAME * 2]), [0, 0, 1], most=2)


def test_every_kind_of_question_has_a_unit() -> None:
    """The shipped file has one for each group, and one for what is chosen."""
    units = load()
    for kind in AnswerType:
        seen = sight(kind=kind)
        scores = units.scores(seen)
        right = units.chance(seen, scores, choose(scores, seen.places))

        assert group(kind.value) in GROUPS
        assert scores.shape == (4,) and 0 < right < 1


def test_better_evidence_makes_an_answer_more_probable() -> None:
    """A ranking that is said to suffice is rather right."""
    units = load()
    low, high = (
        units.chance(seen, units.scores(seen), choose(units.scores(seen), seen.places))
        for seen in (sight(sufficiency=0.05), sight(sufficiency=0.95))
    )

    assert low < high


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_sentences_have_a_summary(count: int) -> None:
    """Where there are fewer than three, or none, all numbers are finite."""
    seen = sight(count)
    scores = np.zeros(count)
    found = summary(seen, scores, choose(scores, seen.places))

    assert (len(SUMMARY),) == found.shape
    assert np.isfinite(found).all()


@pytest.mark.parametrize("change", [{"format": 0}, {"right": {}}, {"scorers": {}}])
def test_a_file_that_does_not_fit_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    """The message names the file and says how to make one."""
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(json.loads(SHIPPED.read_text("utf-8")) | change))

    with pytest.raises(OperatorError, match=r"answer\.json.*polyhop\.training\.answer"):
        load(file)
    with pytest.raises(OperatorError, match="absent"):
        load(tmp_path / "absent.json")


def test_the_weights_have_a_card() -> None:
    """It says how they were made, where they end, and under which licences the data is."""
    card = SHIPPED.with_suffix(".md").read_text("utf-8")
    assert all(part in card for part in ("polyhop.training.answer", "Limits", "Licences"))
