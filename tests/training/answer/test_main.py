"""`python -m polyhop.training.answer`: question files to examples, and these to units."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from polyhop.answering.extractive.quotable import NAMES
from polyhop.answering.extractive.scorer import load as units_of
from polyhop.core.errors import CallerError
from polyhop.training.answer import AnswerExample, holds, main, trained, useful
from polyhop.training.harness import load, write
from tests.training.rerank.questions import passages, rows, written


def examples(count: int, telling: int = 3, *, hops: int = 2, foreign: bool = False) -> list[AnswerExample]:
    """Return questions of four sentences, of which that with the highest value of one feature is right."""
    chance = np.random.default_rng(count + telling)
    made = []
    for number in range(count):
        values = chance.random((4, len(NAMES))).round(3)
        right = [not foreign and bool(row == values[:, telling].argmax()) for row in range(4)]
        made.append(
            AnswerExample(
                question=f"question {number}?",
                kind=("thing", "person", "one of two")[number % 3],
                rows=values.tolist(),
                places=[0, 0, 1, 1],
                cosines=[0.1, 0.1] if foreign else [0.7, 0.6],
                sufficiency=0.2 if foreign else 0.9,
                holds=right,
                gold=right,
                foreign=foreign,
                hops=hops,
            )
        )
    return made


@pytest.mark.slow
def test_question_files_become_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each question that has an answer is asked, those of other passages too, and the file says what holds it."""
    answered = [{**row, "answer": "river"} for row in rows()]
    asked, known = written(tmp_path / "q.jsonl", answered), passages(tmp_path / "corpus.jsonl")
    foreign = written(tmp_path / "f.jsonl", [{**answered[0], "question": "Who tamed the unicorn?", "answer": "Vera"}])
    out = tmp_path / "examples.jsonl"
    given = [asked, "--corpus", known, "--foreign", foreign, "--home", tmp_path / "home", "--out", out]
    assert 0 == main(["examples", *map(str, given)])
    found = load([out], AnswerExample)

    assert len(answered) + 1 == len(found) == json.loads(capsys.readouterr().out)["examples"]
    assert ["Who tamed the unicorn?"] == [one.question for one in found if one.foreign]
    assert all(len(NAMES) == len(row) for one in found for row in one.rows)


def test_examples_become_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is one that answers can be made with, and the figures are of questions that no scorer has seen."""
    made, out = tmp_path / "examples.jsonl", tmp_path / "answer.json"
    write(made, [*examples(60), *examples(20, foreign=True)])
    assert 0 == main(["units", str(made), "--out", str(out)])
    facts = json.loads(capsys.readouterr().out)
    units = units_of(out)

    assert (80, 20) == (facts["questions"], facts["foreign"])
    assert facts["held"] > 0.9
    assert all(3 == int(np.abs(unit.weights).argmax()) for unit in units.scorers.values())


def test_runs_cut_short_teach_the_scorers_nothing() -> None:
    """Questions of one search count where wrong answers are told from right ones, not where sentences are chosen."""
    strange = examples(20, foreign=True)
    alone, _ = trained([*examples(60), *strange])
    both, _ = trained([*examples(60), *strange, *examples(40, telling=9, hops=1)])

    assert not any(map(useful, examples(9, hops=1)))
    assert alone["scorers"] == both["scorers"] and alone["right"] != both["right"]


@pytest.mark.parametrize("given", [examples(9), examples(60), examples(30, foreign=True)])
def test_too_few_examples_are_refused(given: Sequence[AnswerExample]) -> None:
    """The message says of which there are too few."""
    with pytest.raises(CallerError, match=r"with a right sentence and \d+ of other passages"):
        trained(given)


def test_an_answer_stands_in_a_text_whole() -> None:
    """Case, accents, articles and punctuation do not count; a part of a word does not either."""
    assert holds("He lived in the Hague, in Málaga and elsewhere.", "Malaga")
    assert holds("It is by The Beatles.", "the beatles")
    assert not holds("He was a Roman.", "Roma")


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "step"),
    (["examples", "absent.jsonl", "--out", "x"], "absent.jsonl"),
    (["units", "absent.jsonl", "--out", "x"], "absent.jsonl"),
    (["units", "broken.jsonl", "--out", "x"], "broken.jsonl:1"),
])  # fmt: skip
def test_a_mistake_is_told_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file, and the exit code is the caller's."""
    (tmp_path / "broken.jsonl").write_text('{"question": "Who?"}\n')
    monkeypatch.chdir(tmp_path)

    assert 2 == main(arguments)
    assert said in capsys.readouterr().err
