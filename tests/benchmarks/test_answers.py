"""The benchmark of answers: true and false answers, what is shown, and when an answer is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.answers import COMMAND, Told, checked, citations, finding, holds, plain, shown
from benchmarks.claims import KINDS, TRUE, Case, cases
from benchmarks.data import Question, Source
from benchmarks.indexes import Arm, Index
from tests.benchmarks.test_multihop import sample, write

BOX = {
    "title": "Jaws (film)",
    "text": "Jaws (film) is a 1975 American thriller film directed by Steven Spielberg and starring Roy Scheider. "
    "It was filmed on Martha's Vineyard in May 1974, and it was the first summer blockbuster.",
}
MAN = {
    "title": "Steven Spielberg",
    "text": "Steven Allan Spielberg (born December 18, 1946) is an American film director, who began in television. "
    "He was born in Cincinnati, Ohio, and his mother was Leah Adler. He won the Academy Award in 1993.",
}
OTHER = {
    "title": "Vienna",
    "text": "Vienna is the capital of Austria and lies on the Danube. It had 1,900,000 inhabitants in 2019. "
    "Franz Schubert was born there in 1797.",
}
ROW = {
    "question": "Where was the director of film Jaws born?",
    "answer": "Cincinnati",
    "gold": [BOX, MAN],
    "others": [OTHER],
}


def told(
    *shown_ones: str, found: bool = True, sufficiency: float | None = 0.5, documents: tuple[str, ...] = ("a", "b")
) -> Told:
    """Return an answer of these sentences."""
    return Told(found, shown_ones, sufficiency, documents, [{"title": "Jaws", "text": "Born in Cincinnati."}])


def arm(*answers: str) -> Arm:
    """Return a set of questions with these answers and two gold passages."""
    questions = [Question("Where?", frozenset({"a", "b"}), answer=answer) for answer in answers]
    return Arm(Source(Path("set")), "dev", questions, Index("", ""), {})


def test_true_and_false_answers_are_made_of_questions() -> None:
    """As many of each as were asked for, of every kind, the same for the same seed, each with its marks."""
    made = cases([ROW], 8, seed=3)

    assert made == cases([ROW], 8, seed=3) != cases([ROW], 8, seed=4)
    assert {TRUE: 8, **dict.fromkeys(KINDS, 2)} == {
        kind: sum(one.kind == kind for one in made) for kind in (TRUE, *KINDS)
    }
    assert all("[" in one.answer and 3 == len(one.texts) for one in made)
    assert len({one.answer for one in made if one.kind == TRUE}) > 2


def test_the_check_is_counted_by_kind() -> None:
    """A true answer that is not borne out is lost, a false one that is not borne out is caught."""
    texts = ["Jaws\nJaws was directed by Steven Spielberg in 1975."]
    answers = [
        Case("?", texts, "Jaws was directed by Steven Spielberg [1].", TRUE, ""),
        Case("?", texts, "Jaws was filmed in winter by night [1].", TRUE, ""),
        Case("?", texts, "Jaws was directed by Steven Spielberg in 1976 [1].", "number", ""),
        Case("?", texts, "Jaws was directed in 1975 [1].", "name", ""),
    ]
    verdicts, _ = checked(answers)
    found = citations(verdicts)

    assert (2, 0.5, 2, 0.5) == (found["true"], found["lost"], found["false"], found["caught"])
    assert {"number": {"n": 1, "caught": 1.0}, "name": {"n": 1, "caught": 0.0}} == found["by_kind"]
    assert {**found, "true": 4, "false": 4, "by_kind": {k: {**v, "n": 2} for k, v in found["by_kind"].items()}} == (
        citations(verdicts + verdicts)
    )


@pytest.mark.parametrize(
    ("texts", "answer", "expected"),
    [
        (["Born in Cincinnati, Ohio."], "cincinnati", True),
        (["Álvaro de Campos"], "The Alvaro de Campos", True),
        (["Cincinnatian"], "Cincinnati", False),
        (["a", "b", "c", "Cincinnati"], "Cincinnati", False),
    ],
)
def test_an_answer_is_held_by_the_first_three_sentences(texts: list[str], answer: str, *, expected: bool) -> None:
    """Whatever the case, accents, articles and punctuation, but as whole words."""
    assert expected == holds(texts, answer)
    assert "alvaro de campos" == plain("The  Álvaro de-Campos!")


def test_what_is_shown_is_counted_where_all_gold_is_there() -> None:
    """Yes and no, and questions whose gold is not among the first five, are left out."""
    answers = [
        told("He was born in Cincinnati."),
        told("He was born."),
        told("No."),
        told("Cincinnati", documents=("a",)),
    ]
    found = shown(arm("Cincinnati", "Cincinnati", "no", "Cincinnati"), answers)

    assert {"questions": 2, "held": 0.5, "possible": 1.0, "sentences": 1.0} == found


def test_answers_given_are_counted_by_sufficiency() -> None:
    """An answer below the least sufficiency is withheld; wrong is what lacks the answer among those given."""
    answers = [told("Cincinnati", sufficiency=0.9), told("Paris", sufficiency=0.2, documents=("a",)), told(found=False)]
    rows = {row["sufficiency"]: row for row in finding(arm(*["Cincinnati"] * 3), answers, [told("x", sufficiency=0.1)])}

    assert (0.66667, 0.5, 1.0, 0.5, 1.0) == tuple(
        rows[0.0][k] for k in ("given", "kept", "incomplete", "wrong", "foreign")
    )
    assert (0.33333, 0.5, 0.0, 0.0, 0.0) == tuple(
        rows[0.5][k] for k in ("given", "kept", "incomplete", "wrong", "foreign")
    )


@pytest.mark.slow
def test_the_command_writes_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small set is indexed, asked and checked; the file holds what the tables show."""
    monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "cache"))
    folder, out = write(tmp_path / "set", *sample()), tmp_path / "out.json"
    COMMAND.main([str(folder), "--titled", "--claims", "4", "--limit", "3", "--json", str(out)])
    report = json.loads(out.read_text())

    assert {"shown", "found", "citations", "dataset"} <= set(report["arms"][0])
