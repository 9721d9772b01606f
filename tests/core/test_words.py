"""Words and names as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhop.core.words import capital_spans, content_words, fold, is_capital, name_key, word_key


@pytest.mark.parametrize(("text", "expected"), [
    ("The Third Man", "the third man"),
    ("Xawery Żuławski", "xawery zuławski"),
    ("O'Brien’s", "obriens"),
    ("  Jaws (film), 1975! ", "jaws film 1975"),
    ("ﬁlm Ⅳ", "film iv"),
    ("snake_case", "snake case"),
    ("", ""),
    ("!?", ""),
])  # fmt: skip
def test_a_name_key_is_folded_words(text: str, expected: str) -> None:
    """Case, accents, punctuation and apostrophes make no other name."""
    assert expected == name_key(text)


@given(st.text(max_size=60))
def test_a_name_key_is_its_own_key(text: str) -> None:
    """Keys are stable: the key of a key is the key, and it has no spaces too many."""
    key = name_key(text)
    assert key == name_key(key) == " ".join(key.split())


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    """Folded text stays as it is."""
    assert fold(text) == fold(fold(text))


def test_content_words_leave_function_words_out() -> None:
    """What remains carries meaning, in order, repeats included."""
    assert ["director", "jaws", "director"] == content_words("Who is the director of Jaws, the director?")
    assert [] == content_words("who was it and where is that")


def test_a_word_key_joins_forms() -> None:
    """direct, director and directed are one."""
    assert {"direc"} == {word_key(word) for word in ("direct", "director", "directed")}


@pytest.mark.parametrize(("text", "expected"), [
    ("He met Carol Reed while Vienna slept.", ["He", "Carol Reed", "Vienna"]),
    ("the Bank of England and the Duke", ["Bank of England and the Duke"]),
    ("Paris, London and Rome", ["Paris", "London and Rome"]),
    ("in 1975 and after", ["1975"]),
    ("nothing here", []),
    ("", []),
])  # fmt: skip
def test_runs_of_capitals_are_names(text: str, expected: list[str]) -> None:
    """Connectors join, commas part, and no run ends with a connector."""
    assert expected == capital_spans(text)


@given(st.text(max_size=80))
def test_every_span_begins_and_ends_like_a_name(text: str) -> None:
    """Whatever the text, the first and the last word of a run are capitalised."""
    for span in capital_spans(text):
        words = span.split()
        assert is_capital(words[0]) and is_capital(words[-1])
