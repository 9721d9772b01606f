"""Reading names out of texts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhop.retrieval.hop.mentions import mentions
from polyhop.retrieval.retriever import Bearers


class Register:
    """Knows who bears which name, and nothing else that a retriever knows."""

    def __init__(self, **bearers: int) -> None:
        self._bearers = {name.replace("_", " "): number for name, number in bearers.items()}

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Return so many bearers for each name that is known."""
        return {name: [(str(n), 0) for n in range(self._bearers[name])] for name in names if name in self._bearers}


def named(text: str, register: Register, *, question: bool = False) -> list[str]:
    """Return the keys of the mentions in a text."""
    (found,) = mentions([text], register, question=question)  # type: ignore[arg-type]
    return [mention.key for mention in found]


def test_the_longest_name_wins() -> None:
    """A name inside a longer one is not read a second time."""
    register = Register(new_york=1, new_york_times=1, times=1)
    assert ["new york times"] == named("She wrote for the New York Times.", register)


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("who wrote the third man", True, []),
        ("who wrote the third Man", True, ["the third man"]),
        ("He saw The Third Man there.", False, ["the third man"]),
    ],
)
def test_a_question_has_to_hold_a_capital(text: str, question: bool, expected: list[str]) -> None:  # noqa: FBT001
    """In a question a name may begin with any word, but one of its words has to have a capital."""
    assert expected == named(text, Register(the_third_man=1), question=question)


def test_first_and_last_name_meet_the_full_name() -> None:
    """An inexact name is found by the start of the first word and the last word."""
    assert ["ken*burns"] == named("A film by Ken Burns.", Register(**{"ken*burns": 1}))


def test_an_inexact_name_may_have_fewer_bearers() -> None:
    """Eleven bearers are too many for an inexact name and few enough for an exact one."""
    assert [] == named("A film by Ken Burns.", Register(**{"ken*burns": 11}))
    assert ["ken burns"] == named("A film by Ken Burns.", Register(ken_burns=11))


def test_only_the_first_words_are_read() -> None:
    """A passage of any length costs a bounded number of look-ups."""
    assert [] == named("word " * 600 + "Vienna", Register(vienna=1))
    assert ["vienna"] == named("word " * 599 + "Vienna", Register(vienna=1))


@given(st.text(max_size=80), st.booleans())
def test_any_text_can_be_read(text: str, question: bool) -> None:  # noqa: FBT001
    """No text, whatever its script, makes reading fail or finds a name where none is known."""
    assert [] == named(text, Register(), question=question)
