"""Cutting documents into chunks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhop.core.errors import CallerError
from polyhop.core.types import Chunk, Document
from polyhop.store.chunk import chunk, chunk_all

Counter = Callable[[Sequence[str]], list[int]]


def by_word_pieces(texts: Sequence[str]) -> list[int]:
    """Count pieces of up to four letters, and each other sign, as a word piece tokenizer does."""
    return [len(re.findall(r"[^\W_]{1,4}|[^\w\s]|_", text)) for text in texts]


def by_unknown_words(texts: Sequence[str]) -> list[int]:
    """Count words, those over 100 letters as one unknown token."""
    return [len(text.split()) for text in texts]


def by_bytes(texts: Sequence[str]) -> list[int]:
    """Count a token for each byte, spaces too."""
    return [len(text.encode()) for text in texts]


COUNTERS = (by_word_pieces, by_unknown_words, by_bytes)
PIECES = st.sampled_from(
    ["# A\n", "\n## B\n", "word ", "Longer sentence here. ", "\n\n", "漢字。", "é", "x" * 90, "```\n"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=60).map("".join)


def document(text: str = "Some text.", **fields: object) -> Document:
    return Document(**{"key": "k", "text": text, "title": "Title", **fields})  # type: ignore[arg-type]


def letters(text: str) -> str:
    return "".join(text.split())


def section(heading: str, words: int) -> str:
    return f"{heading}\n\n" + "word " * words + "\n\n"


def test_a_short_document_is_one_chunk_unchanged() -> None:
    """A document that fits keeps its text to the last space, headings included."""
    text = "  # A\n\ntext \n\n## B\n\nmore  \n"

    assert [Chunk(text, title="Title")] == chunk(document(text), by_word_pieces, 50)


def test_sections_become_chunks_with_their_trail() -> None:
    """Sections are not merged; each chunk has the title and the trail, without the heading that repeats the title."""
    text = section("# Title", 20) + section("## A", 20) + section("### B", 20)

    chunks = chunk(document(text), by_word_pieces, 30)

    assert ["", "A", "A > B"] == [piece.heading for piece in chunks]
    assert {"Title"} == {piece.title for piece in chunks}
    assert chunks[1].text.startswith("## A\n\nword")


def test_tiny_sections_join_their_neighbours() -> None:
    """Sections of a few words go together under the headings they share; a bare heading joins what it heads."""
    text = section("# Top", 0) + section("## A", 1) + section("## B", 1) + section("## C", 55)

    chunks = chunk(document(text, title=""), by_word_pieces, 64)

    assert [("Top", "# Top\n\n\n\n## A\n\nword \n\n## B\n\nword"), ("Top > C", "## C\n\n" + "word " * 54 + "word")] == [
        (piece.heading, piece.text) for piece in chunks
    ]


def test_long_titles_and_headings_are_cut() -> None:
    """A title of any length leaves most of the budget to the text."""
    text = "# " + "heading " * 80 + "\n" + "word " * 300

    chunks = chunk(document(text, title="title " * 500), by_word_pieces, 64)

    assert max(by_word_pieces([piece.embed_text for piece in chunks])) <= 64
    assert {"title " * 7 + "title"} == {piece.title for piece in chunks}
    assert len(chunks) < 30


def test_a_long_title_stays_where_it_fits() -> None:
    """A title is cut only in documents that do not fit with it."""
    (piece,) = chunk(document("x", title="title " * 20), by_word_pieces, 64)

    assert "title " * 20 == piece.title


def test_a_document_with_its_own_vector_is_one_chunk() -> None:
    """The caller's vector stands for the whole text."""
    text = "word " * 1000

    assert [Chunk(text, title="Title")] == chunk(document(text, vector=(1.0,)), by_word_pieces, 16)


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_no_text_gives_no_chunk(text: str) -> None:
    """White space alone is not a chunk."""
    assert [] == chunk(document(text), by_word_pieces, 16)


def test_breaks_lie_between_sentences() -> None:
    """Where a paragraph is too long, chunks end with sentences."""
    text = "This is one sentence of the text. " * 40

    chunks = chunk(document(text, title=""), by_word_pieces, 30)

    assert all(piece.text.endswith("text.") for piece in chunks)
    assert min(by_word_pieces([piece.text for piece in chunks[:-1]])) > 15


@pytest.mark.parametrize("count", COUNTERS)
def test_a_word_without_end_is_split(count: Counter) -> None:
    """A word of 200,000 letters is split, even by a tokenizer that calls it one token."""
    chunks = chunk(document("x" * 200_000, title=""), count, 256)

    assert "x" * 200_000 == "".join(piece.text for piece in chunks)
    assert max(len(piece.text) for piece in chunks) <= 16 * 256


@pytest.mark.slow
def test_a_word_of_ten_megabytes_is_split() -> None:
    """The time and memory for a word without end grow with its length only."""
    chunks = chunk(document("x" * 10_000_000, title=""), by_unknown_words, 256)

    assert 10_000_000 == sum(len(piece.text) for piece in chunks)


def test_text_without_spaces_is_split() -> None:
    """Chinese is split after sentences, within the budget."""
    text = "北京是中国的首都。" * 300

    chunks = chunk(document(text, title=""), lambda texts: [len(letters(text)) for text in texts], 100)

    assert text == "".join(piece.text for piece in chunks)
    assert max(len(piece.text) for piece in chunks) <= 100


def test_many_short_documents_cost_few_counts() -> None:
    """Short documents are not tokenised at all, longer ones in batches."""
    calls: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return by_word_pieces(texts)

    short = [document(f"Passage {i}.", key=str(i)) for i in range(3000)]
    longer = [document("some words of a passage " * 20, key=str(i)) for i in range(1000)]

    assert [1] * 4000 == [len(chunks) for _, chunks in chunk_all(short + longer, count, 256)]
    assert len(calls) <= 8


def test_documents_keep_their_order_and_stream() -> None:
    """Documents come back with their own chunks, before all of them were read."""
    endless = (document(f"text {i}", key=str(i)) for i in iter(int, 1))

    first, chunks = next(chunk_all(endless, by_word_pieces, 64))

    assert ("0", "text 0") == (first.key, chunks[0].text)


def test_refuses_a_budget_of_nothing() -> None:
    """A budget without tokens is the caller's error."""
    with pytest.raises(CallerError, match="max_tokens is 0"):
        chunk(document(), by_word_pieces, 0)


@settings(deadline=None)
@given(text=TEXTS, title=st.sampled_from(["", "Title", "A", "long " * 40]), count=st.sampled_from(COUNTERS))
@pytest.mark.parametrize("limit", [24, 64])
def test_nothing_is_lost_and_all_fits(text: str, title: str, count: Counter, limit: int) -> None:
    """Chunks cover all that is not white space, in order, none is empty, and each fits with title and heading."""
    chunks = chunk(document(text, title=title), count, limit)

    assert letters(text) == letters("".join(piece.text for piece in chunks))
    assert all(piece.text.strip() for piece in chunks)
    assert all(cost <= limit for cost in count([piece.embed_text for piece in chunks]))


@settings(deadline=None)
@given(text=st.text(max_size=80), count=st.sampled_from(COUNTERS))
def test_a_budget_of_one_token_ends(text: str, count: Counter) -> None:
    """Even where no character fits the budget, all of the text is kept."""
    chunks = chunk(document(text), count, 1)

    assert letters(text) == letters("".join(piece.text for piece in chunks))
