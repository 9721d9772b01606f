"""Short answers: dates, numbers and names of the kind that a question asks for."""

from __future__ import annotations

import pytest

from polyhop.core.types import Passage
from polyhop.core.words import name_key
from polyhop.retrieval.query.short_answers import MOST, ShortAnswer, short_answers

JAWS = (
    "Jaws (film)",
    "Jaws is a 1975 American thriller film directed by Steven Spielberg and starring Roy Scheider. It cost 9 million "
    "dollars. The music was composed by John Williams.",
)
SPIELBERG = (
    "Steven Spielberg",
    "Steven Allan Spielberg (born December 18, 1946) is an American film director. He was born in Cincinnati, Ohio. "
    "His mother was Leah Adler.",
)
BERGMAN = (
    "Ingrid Bergman",
    "Ingrid Bergman (29 August 1915 – 29 August 1982) was a Swedish actress. She won three Academy Awards. She died in "
    "London of breast cancer. She was the wife of Roberto Rossellini.",
)


def passages(*pairs: tuple[str, str]) -> list[Passage]:
    """Return passages of titles and texts."""
    return [Passage(str(place), str(place), title, "", text) for place, (title, text) in enumerate(pairs)]


def best(question: str) -> str:
    """Return the best short answer from all passages, folded."""
    return name_key(short_answers(question, passages(JAWS, SPIELBERG, BERGMAN))[0].text)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is the director of Jaws?", "steven spielberg"),
        ("Who composed the music of Jaws?", "john williams"),
        ("When was Steven Spielberg born?", "december 18 1946"),
        ("Where was Steven Spielberg born?", "cincinnati"),
        ("Who is the mother of Steven Spielberg?", "leah adler"),
        ("What nationality is Ingrid Bergman?", "swedish"),
        ("When was Ingrid Bergman born?", "29 august 1915"),
        ("When did Ingrid Bergman die?", "29 august 1982"),
        ("Where did Ingrid Bergman die?", "london"),
        ("Why did Ingrid Bergman die?", "breast cancer"),
        ("How many Academy Awards did Ingrid Bergman win?", "three"),
        ("Who was Ingrid Bergman's husband?", "roberto rossellini"),
        ("What was Ingrid Bergman's occupation?", "actress"),
        ("How much did Jaws cost?", "9 million"),
    ],
)
def test_the_best_is_what_is_asked_for(question: str, expected: str) -> None:
    """Of all dates, numbers and names the one of the right kind beside the words of the question comes first."""
    assert expected == best(question)


def test_the_question_is_no_answer_to_itself() -> None:
    """Names of the question are not offered, each string comes once with its passage, and there are few."""
    found = short_answers("Who directed Jaws with Roy Scheider?", passages(JAWS, SPIELBERG, SPIELBERG))
    keys = [name_key(one.text) for one in found]

    assert ShortAnswer("Steven Spielberg", found[0].score, 0) == found[0]
    assert not {"jaws", "roy scheider"} & set(keys)
    assert len(keys) == len(set(keys)) <= MOST
    assert sorted((one.score for one in found), reverse=True) == [one.score for one in found]


def test_without_passages_there_is_none() -> None:
    """Nothing is answered from nothing."""
    assert [] == short_answers("Who directed Jaws?", [])
    assert [] == short_answers("Who directed Jaws?", passages(("", "nothing at all is named here.")))
