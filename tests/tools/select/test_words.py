"""Words of requests and tools."""

from __future__ import annotations

import pytest

from polyhop.tools.select.lexicon import Vocabulary, parts, stem

DESCRIPTIONS = ["Get a random movie of the day", "A random list of movies", "Every random movie", "movie get get"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getTeamStats", ["get", "team", "stats"]),
        ("parseHTMLPage v2", ["parse", "html", "page", "v", "2"]),
        ("get_air-quality/now", ["get", "air", "quality", "now"]),
        ("Übersetzung café", ["ubersetzung", "cafe"]),
        ("天気予報", ["天気", "気予", "予報"]),
    ],
)
def test_identifiers_are_taken_apart(text: str, expected: list[str]) -> None:
    """Humps, marks and digits part words; scripts without spaces give pairs of characters."""
    assert expected == parts(text)


@pytest.mark.parametrize(
    "words",
    [
        ("calculate", "calculation", "calculator", "calculates"),
        ("city", "cities"),
        ("stop", "stopped", "stopping"),
        ("search", "searches", "searching"),
    ],
)
def test_forms_of_a_word_have_one_stem(words: tuple[str, ...]) -> None:
    """English endings do not matter."""
    assert 1 == len({stem(word) for word in words})


@pytest.mark.parametrize(("one", "other"), [("user", "use"), ("news", "new"), ("address", "add")])
def test_other_words_keep_other_stems(one: str, other: str) -> None:
    """Short words are left alone."""
    assert stem(one) != stem(other)


def test_words_run_together_are_taken_apart_by_the_catalogues_own_words() -> None:
    """What the descriptions say in words is found in names without marks."""
    vocabulary = Vocabulary.of(DESCRIPTIONS)

    assert ["get", "random", "movie"] == vocabulary.apart("getrandommovie")
    assert [] == vocabulary.apart("randomness")
    assert [] == vocabulary.apart("movie")
