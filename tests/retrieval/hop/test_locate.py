"""From the key of a name back to the words that a person reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.mentions import locate, mentions
from polyhop.store.collection import Collection
from tests import corpus


def seen(key: str, text: str) -> str | None:
    """Return what stands at the place of a name."""
    place = locate(key, text)
    return None if place is None else text[slice(*place)]


@pytest.mark.parametrize(("key", "text", "expected"), [
    ("akira kurosawa", "It was made by Akira Kurosawa.", "Akira Kurosawa"),
    ("emile zola", "A novel of Émile Zola's youth, by Émile Zola.", "Émile Zola"),
    ("rosemarys baby", "He filmed “Rosemary’s Baby” in 1968.", "Rosemary’s Baby"),
    ("sean oneil", "SEAN O'NEIL sings", "SEAN O'NEIL"),
    ("spider man", "the film Spider-Man (2002)", "Spider-Man"),
    ("ken*burns", "a series by Kenneth Lauren Burns on jazz", "Kenneth Lauren Burns"),
    ("ken*burns", "a series by Ken Burns", "Ken Burns"),
    ("k*burns", "a series by K. Burns", "K. Burns"),
    ("jaws", "JAWS, the film", "JAWS"),
    ("danube", "The Danube flows; the Danube ends.", "Danube"),
    ("i", "Straße nach İstanbul, I say", "I"),
    ("istanbul", "Straße nach İstanbul, I say", "İstanbul"),
    ("ken*burns", "ken burns in small letters", None),
    ("vienna", "Nothing of the kind.", None),
    ("", "Nothing of the kind.", None),
    ("vienna", "", None),
])  # fmt: skip
def test_a_name_is_found_as_it_is_written(key: str, text: str, expected: str | None) -> None:
    """Accents, apostrophes, hyphens, capitals and inexact forms all lead to the words in the text."""
    assert expected == seen(key, text)


def test_a_whole_name_goes_before_a_part_of_a_longer_one() -> None:
    """The place meant is that of the name alone, unless it only stands inside longer ones."""
    text = "Vienna Airport lies outside of Vienna."
    assert (len(text) - len("Vienna."), len(text) - 1) == locate("vienna", text)
    assert "Vienna" == seen("vienna", "New Vienna Airport")
    assert (0, 6) == locate("vienna", "Vienna. Airport and all.")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection of names that are easily missed."""
    documents = [
        Document("1", "Émile Zola was a French novelist."),
        Document("2", "Sean O’Neil is an Irish singer."),
        Document("3", "Kenneth Lauren Burns is an American filmmaker."),
        Document("4", "It opened on a Friday.", "Rosemary's Baby (film)"),
        Document("5", "The Spider-Man is a comic figure."),
    ]
    with corpus.collection(tmp_path_factory.mktemp("named"), embedder, documents=documents) as opened:
        yield opened


def test_whatever_is_mentioned_is_located(named: Collection) -> None:
    """Every mention that the link hop follows has a place, and reading that place gives the key again."""
    text = "Emile Zola, SEAN O'NEIL, Ken Burns and Spider-Man met for Rosemary’s Baby."
    (found,) = mentions([text], named)
    expected = ["Emile Zola", "SEAN O'NEIL", "Ken Burns", "Spider-Man", "Rosemary’s Baby"]
    assert expected == [seen(mention.key, text) for mention in found]
