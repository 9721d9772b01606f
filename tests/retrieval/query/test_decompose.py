"""Decompositions: what is read, what is refused, and the numbers of references."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from polyhop.retrieval.escalation import filled, needs
from polyhop.retrieval.query.decompose import MOST, Decomposition

FILM = "Which film has the older director, Jaws or Alien?"


def read(said: Any) -> list[str]:
    """Return the sub-questions in what a model said."""
    return Decomposition.model_validate(said).questions


@pytest.mark.parametrize("said", [
    {"questions": ["Who directed Jaws?", "When was #1 born?"]},
    ["Who directed Jaws?", "When was #1 born?"],
    {"When was the director of Jaws born?": ["Who directed Jaws?", "When was #1 born?"]},
    {"When was the director of Jaws born?": ["Who directed  Jaws?", "When was <1> born?"]},
])  # fmt: skip
def test_the_shapes_that_models_use_are_read_alike(said: Any) -> None:
    """An object, a bare list, a tree, and other marks of reference."""
    assert ["Who directed Jaws?", "When was #1 born?"] == read(said)


def test_a_tree_becomes_a_list_with_numbers_of_its_own() -> None:
    """A reference counts among its siblings in a tree, and one to a question with parts is to the last of them."""
    tree = {
        FILM: ["When was the director of Jaws born?", "When was the director of Alien born?", "Is #1 before #2?"],
        "When was the director of Jaws born?": ["Who directed Jaws?", "When was #1 born?"],
        "When was the director of Alien born?": ["Who directed Alien?", "When was #1 born?"],
    }
    expected = ["Who directed Jaws?", "When was #1 born?", "Who directed Alien?", "When was #3 born?"]
    assert [*expected, "Is #2 before #4?"] == read(tree)


def test_a_question_among_its_own_parts_is_asked_as_it_is() -> None:
    """Such a tree has no end; the part that repeats the whole is a leaf."""
    assert ["Who wrote Emma?", "Where was #1 born?"] == read({
        "Where was #1 born?": ["Who wrote Emma?", "Where was #1 born?"],
    })  # fmt: skip


@pytest.mark.parametrize("said", [
    {}, [], {"questions": []}, {"questions": [""]}, {"questions": ["?!"]}, {"Q": []}, "Who?", None, 7,
    {"questions": ["When was #2 born?", "Who directed Jaws?"]},
    {"questions": ["When was #1 born?"]},
    {"questions": ["x" * 1_000]},
    {"questions": ["Who?"] * (MOST + 1)},
    {"a": ["b"], "c": ["d"]},
    {str(level): [str(level + 1)] for level in range(50)},
    {"questions": [{"text": "Who?"}]},
])  # fmt: skip
def test_the_absurd_is_refused(said: Any) -> None:
    """Nothing, the endless, the circular and the dangling fall back to the question itself."""
    with pytest.raises(ValidationError):
        read(said)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_rubbish_is_read_or_refused(said: Any) -> None:
    """Whatever is JSON ends in questions whose references can be filled, or in a refusal."""
    try:
        questions = read(said)
    except ValidationError:
        return
    assert all(number <= place for place, text in enumerate(questions) for number in needs(text))


def test_answers_take_the_place_of_references() -> None:
    """Those that are not known stay."""
    assert "Is Spielberg older than #2?" == filled("Is #1 older than #2?", {1: "Spielberg"})
