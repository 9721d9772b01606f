"""What of a language model's reading of a request is believed."""

from __future__ import annotations

from typing import Any

import pytest

from polyhop.retrieval.query.instructions import Instructions, ParsedRequest, Period, checked_reading
from polyhop.retrieval.query.translate import checked_question

REQUEST = "Who directed GoldenEye? Spare me Casino Royale, nothing older than 1990."


def reading(question: str = "Who directed GoldenEye?", **facts: Any) -> ParsedRequest:
    """Return a reading of the request."""
    return ParsedRequest(question=question, **facts)


def test_a_reading_that_follows_from_the_request_is_believed() -> None:
    """Topics and years that stand there are taken over."""
    read = checked_reading(REQUEST, reading(exclude=["Casino Royale"], since=1990))
    assert Instructions("Who directed GoldenEye?", ("Casino Royale",), period=Period(since=1990)) == read


@pytest.mark.parametrize("wrong", [
    reading(exclude=["Skyfall"]),
    reading(require=["Skyfall"]),
    reading(since=2020),
    reading("Which actor directed GoldenEye?", exclude=["Casino Royale"]),
    reading("", exclude=["Casino Royale"]),
    reading(exclude=[" "]),
    reading(),
])  # fmt: skip
def test_what_the_request_does_not_say_is_not(wrong: ParsedRequest) -> None:
    """A topic, year or word of the model's own, nothing left to ask, or nothing read: the rules' reading stands."""
    assert checked_reading(REQUEST, wrong) is None


@pytest.mark.parametrize(("reply", "expected"), [
    ("How many people saw the match at 90+7?\n", "How many people saw the match at 90+7?"),
    ("“How many people saw the match at 90+7?”", "How many people saw the match at 90+7?"),
    ("How many people saw the match at 97?", None),
    ("How many people saw the match at 90+7? And where?", None),
    ("Sure!\nHow many people saw the match at 90+7?", None),
    ("What stands at 90+7 above zero in “Who knows”?" * 9, None),
    ("match 90+7 " * 30, None),
    ("", None),
])  # fmt: skip
def test_a_question_keeps_the_numbers_of_its_keywords(reply: str, expected: str | None) -> None:
    """One line, one question, all numbers as they were, and at least one word in common."""
    assert expected == checked_question("people match 90+7", reply)
