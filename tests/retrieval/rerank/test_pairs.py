"""What a cross-encoder reads: question, way and candidate as text, and as tokens within the limits."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer

from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank.pairs import AROUND, HEAD, QUESTION, WAY, WHOLE, CandidatePair, candidate, encode, way

START, END, ARROW = "[CLS]", "[SEP]", ">"
LONG = "word " * 60


@pytest.fixture(scope="module")
def reader() -> Tokenizer:
    """Return the tokenizer of the default embedder."""
    return tokenizer()


def pieces(reader: Tokenizer, *, question: str = "Who?", led: str = "", text: str = "An answer.") -> list[str]:
    """Return the tokens of a pair as the vocabulary spells them."""
    (tokens,) = encode([CandidatePair(question, led, text)], reader)
    return [str(reader.id_to_token(token)) for token in tokens.ids]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("Title", "Heading", "Text"), "Title: Heading: Text"),
        (("", "Heading", "Text"), "Heading: Text"),
        (("Title", "", "Text"), "Title: Text"),
        (("", "", "Text"), "Text"),
    ],
)
def test_a_candidate_is_told_with_what_it_has(parts: tuple[str, str, str], expected: str) -> None:
    """Title, heading and text are joined; what is empty leaves no mark."""
    assert expected == candidate(*parts)


def test_a_way_is_cut_between_words_around_the_name() -> None:
    """Some words on either side of the name are told, each whole, behind the bridge's title."""
    told = way("Jaws", f"{LONG}Steven Spielberg {LONG}", "steven spielberg").removeprefix("Jaws: ")
    before, after = told.split("Steven Spielberg")

    assert {"word"} == {*before.split(), *after.split()}
    assert AROUND - 5 <= len(before) <= AROUND
    assert AROUND - 5 <= len(after) <= AROUND


def test_an_untitled_way_begins_with_the_opening_of_the_bridge() -> None:
    """Without a title the opening says what the bridge is about, unless the name is near it anyway."""
    told = way("", f"Jaws is a film. {LONG}Steven Spielberg {LONG}", "steven spielberg")
    opening, around = told.split(" ... ")

    assert f"Jaws is a film. {LONG}".startswith(opening)
    assert HEAD - 5 <= len(opening) <= HEAD
    assert "Steven Spielberg" in around
    assert "Jaws by Steven Spielberg" == way("", "Jaws by Steven Spielberg", "steven spielberg")


@pytest.mark.parametrize("title", ["", "Jaws"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Spielberg made it.", "Spielberg made it."),
        ("It was made by Spielberg", "It was made by Spielberg"),
        ("Spielberg", "Spielberg"),
    ],
)
def test_a_name_may_stand_at_either_end(title: str, text: str, told: str) -> None:
    """A name at the start or the end of a text is told whole, with what there is around it."""
    assert (f"{title}: {told}" if title else told) == way(title, text, "spielberg")


@pytest.mark.parametrize("name", ["", "nobody", "kei* smith"])
@pytest.mark.parametrize("title", ["", "Jaws"])
def test_without_its_name_the_opening_of_a_bridge_is_told(title: str, name: str) -> None:
    """A key that does not stand in the text, or none, leaves the opening, cut between words."""
    told = way(title, LONG, name)

    assert told.startswith("Jaws: word" if title else "word")
    assert told.endswith("word")
    assert 2 * AROUND - 5 <= len(told.removeprefix("Jaws: ")) <= 2 * AROUND


@pytest.mark.parametrize("text", [f"{'x' * 300} Spielberg {'y' * 300}", f"{'映' * 200}「Spielberg」{'画' * 200} end"])
def test_a_name_among_long_words_is_not_cut_away(text: str) -> None:
    """Where there is no space to cut at the name is told all the same."""
    assert "Steven Spielberg" in way("", text.replace("Spielberg", "Steven Spielberg"), "steven spielberg")


def test_an_empty_bridge_leads_nowhere() -> None:
    """A bridge without title and text tells nothing."""
    assert "" == way("", "", "name")


def test_an_arrow_stands_between_way_and_candidate(reader: Tokenizer) -> None:
    """The question comes first; a way is parted from the candidate by an arrow, and without a way there is none."""
    assert [START, "who", "?", END, "an", "answer", ".", END] == pieces(reader)
    assert [START, "who", "?", END, "jaws", ARROW, "an", "answer", ".", END] == pieces(reader, led="Jaws")


def test_the_first_segment_is_that_of_the_question(reader: Tokenizer) -> None:
    """Its tokens and the marks around them are counted, whatever follows."""
    tokens = encode([CandidatePair("Who?", led, "An answer.") for led in ("", "Jaws")], reader)
    assert [4, 4] == [one.first for one in tokens]


def test_each_part_has_its_limit(reader: Tokenizer) -> None:
    """Question and way are cut, and the candidate has what is left of the whole, which is never exceeded."""
    found = pieces(reader, question="river " * 99, led="town " * 99, text="lake " * 999)

    assert [QUESTION, WAY, WHOLE] == [found.count("river"), found.count("town"), len(found)]
    assert WHOLE - QUESTION - WAY - 4 == found.count("lake")
    assert [START, END, END] == [token for token in found if token in (START, END)]


def test_a_long_candidate_without_a_way_fills_the_whole(reader: Tokenizer) -> None:
    """What the way does not need is the candidate's."""
    found = pieces(reader, text="lake " * 999)
    assert (WHOLE, WHOLE - 5) == (len(found), found.count("lake"))


def test_empty_texts_are_no_error(reader: Tokenizer) -> None:
    """An empty pair is its marks, and no pairs are no tokens."""
    assert [START, END, END] == pieces(reader, question="", text="")
    assert [] == encode([], reader)


def test_the_same_text_is_read_once(reader: Tokenizer) -> None:
    """The question of many pairs, and a candidate that was reached on two ways, are given to the tokenizer once."""
    given: list[str] = []

    class Counting:
        def encode_batch_fast(self, texts: list[str], **options: Any) -> Any:
            given.extend(texts)
            return reader.encode_batch_fast(texts, **options)

    pairs = [
        CandidatePair("Who?", "", "An answer."),
        CandidatePair("Who?", "Jaws", "An answer."),
        CandidatePair("Who?", "Jaws", "Another."),
    ]
    counted: Any = Counting()

    assert encode(pairs, reader) == encode(pairs, counted)
    assert sorted({part for pair in pairs for part in pair}) == sorted(given)


def test_broken_unicode_is_read(reader: Tokenizer) -> None:
    """Lone surrogates come from real files and must not stop a question."""
    tokens = encode([CandidatePair("Who\ud800?", "a\udfffb", "an\ud83d\ude00swer")], reader)
    assert len(tokens[0].ids) > tokens[0].first
