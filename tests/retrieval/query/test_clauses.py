"""Clauses: questions that ask several things, and those of one piece."""

from __future__ import annotations

import pytest

from polyhop.retrieval.query.clauses import MOST, clauses

SEVERAL = {
    "Which filter has to run first, and can the same module change response headers too?": (
        "Which filter has to run first",
        "can the same module change response headers too?",
    ),
    "The nightly backup fails every Sunday. Where does it write its log file, and how long is that kept?": (
        "The nightly backup fails every Sunday.",
        "Where does it write its log file how long is that kept?",
    ),
    "Wie oft wird das Archiv geprüft und wer bekommt den Bericht darüber?": (
        "Wie oft wird das Archiv geprüft",
        "wer bekommt den Bericht darüber?",
    ),
}
ONE_PIECE = (
    "",
    "Who was the father of the director of the film Jaws?",
    "Salt and pepper mills of the nineteenth century",
    "The village in which the painter was born lies in what province?",
    "When and where did it open?",
)


@pytest.mark.parametrize("question", SEVERAL)
def test_what_is_asked_beside_each_other_is_told_apart(question: str) -> None:
    """In the order of the question, with nothing lost but what joins them."""
    assert SEVERAL[question] == clauses(question)


@pytest.mark.parametrize("question", ONE_PIECE)
def test_one_piece_has_no_clauses(question: str) -> None:
    """Neither chains nor lists of nouns are cut, nor what would leave a clause without a subject."""
    assert () == clauses(question)


def test_a_page_of_text_is_not_searched_sentence_by_sentence() -> None:
    """Beyond the most clauses a question is taken as a whole."""
    sentence = "The printer on the second floor jams. "

    assert MOST == len(clauses(sentence * MOST))
    assert () == clauses(sentence * (MOST + 1))
