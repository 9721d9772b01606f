"""Keyword syntax: what each half of a search gets of it, and what is no keyword syntax."""

from __future__ import annotations

import pytest

from polyhop.retrieval.query.translate import Translation, translate


def test_each_half_gets_what_it_understands() -> None:
    """The lexical half keeps phrases and numbers, the dense half a text without operators; neither what is excluded."""
    expected = Translation(
        dense="Polish-Russian War director 1999",
        lexical='"Polish-Russian War" director 1999',
        phrases=("Polish-Russian War",),
        excluded=("second film",),
        sites=("example.org",),
    )
    assert expected == translate('"Polish-Russian War" director 1999 -"second film" site:example.org')


@pytest.mark.parametrize(("keywords", "required", "excluded"), [
    ("+Vienna Danube length", ("Vienna",), ()),
    ('+"90+7" attendance 61700', ("90+7",), ()),
    ("Danube NOT Vienna -Linz length", (), ("Vienna", "Linz")),
    ('title:"Casino Royale" year', ("Casino Royale",), ()),
])  # fmt: skip
def test_operators_are_read(keywords: str, required: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """A plus, a minus, NOT and fields say what is to be there and what not; signs inside words say nothing."""
    read = translate(keywords)
    assert read is not None
    assert (required, excluded) == (read.required, read.excluded)


@pytest.mark.parametrize("request_", [
    'Who wrote "The Trial"?',
    'where did the author of "The Trial" die',
    "Is C++ faster than C -O2?",
    "jaws director birthplace",
    "state - of the art",
    "-5 degrees in Oslo",
    '""',
    '"" ""',
    "-film",
    "+ - |",
    "-a -b",
])  # fmt: skip
def test_a_question_in_words_is_not_touched(request_: str) -> None:
    """Function words or a question mark make a question, and what leaves nothing to search for is no translation."""
    assert translate(request_) is None


def test_syntax_of_another_language_is_text() -> None:
    """What would mean something to SQLite or FTS5 is taken for words."""
    read = translate('"x"; DROP TABLE documents; -- OR NEAR(a, b) AND *')
    assert read is not None
    assert "OR" not in read.dense.split()
