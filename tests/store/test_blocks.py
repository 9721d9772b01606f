"""Cutting documents whose structure a reader knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhop.core.types import Block, BlockKind, Chunk, Document, Layout, Line, Link
from polyhop.encoders import Encoder
from polyhop.store import layout
from polyhop.store.chunk import chunk
from polyhop.store.collection import Collection
from polyhop.store.transfer import export, import_file

from .test_chunk import by_word_pieces, letters

ROWS = "\n".join(f"S-{number} | {number * 7} m | Graz" for number in range(60))
TABLE = f"Sensors of 2024\nSensor | Range | Site\n{ROWS}"


def built(pieces: Sequence[tuple[BlockKind, str]], *, pages: Sequence[int] = ()) -> Document:
    """Return a document of blocks with a blank line between two; a heading is the trail of what follows."""
    text, blocks, trail = "", list[Block](), tuple[str, ...]()
    for number, (kind, words) in enumerate(pieces):
        start = len(text)
        text += words + "\n\n"
        head = words.find("\n", words.find("\n") + 1) if kind == "table" else 0
        page = pages[number] if pages else 0
        lines = (Line(start, page, 1.0, 2.0, 3.0, 4.0),) if pages else ()
        trail = () if kind == "heading" else trail
        blocks.append(Block(start, start + len(words), kind, trail, page, max(0, head), lines))
        trail = (words.strip("# "),) if kind == "heading" else trail
    return Document("k", text, "Title", blocks=tuple(blocks))


def originals(document: Document, pieces: Sequence[Chunk]) -> list[str]:
    """Return what each chunk says it is of the document, after comparing it with what the chunk is."""
    found = []
    for piece in pieces:
        place = piece.layout
        assert place is not None
        own = document.text[place.start : place.end]
        assert piece.text[place.lead :] == own
        assert document.text[slice(*place.span(place.lead, len(piece.text)))] == own
        assert piece.text[: max(0, place.lead - 1)] == document.text[slice(*place.span(0, max(0, place.lead - 1)))]
        found.append(own)
    return found


def test_a_short_document_keeps_its_blocks() -> None:
    """A document that fits is one chunk with all that its reader knew."""
    document = built([("heading", "# A"), ("paragraph", "Some words.")])

    (whole,) = chunk(document, by_word_pieces, 50)

    assert Layout(0, len(document.text), blocks=document.blocks) == whole.layout


def test_chunks_end_with_blocks() -> None:
    """A paragraph that would not fit begins the next chunk."""
    paragraphs = [f"Paragraph {number} has a few words and ends here." for number in range(12)]
    document = built([("paragraph", words) for words in paragraphs])

    pieces = chunk(document, by_word_pieces, 40)

    assert 1 < len(pieces) < 12
    assert paragraphs == [part for piece in pieces for part in piece.text.split("\n\n")]


def test_a_heading_stays_with_what_it_heads() -> None:
    """Short sections go together, and none of their headings ends a chunk."""
    sections: list[tuple[BlockKind, str]] = []
    for number in range(20):
        sections += [("heading", f"## Part {number}"), ("paragraph", f"Words of part {number}. " * 2)]

    for limit in range(20, 60, 3):
        pieces = chunk(built(sections), by_word_pieces, limit)
        assert not [piece.text for piece in pieces if piece.text.split("\n")[-1].startswith("#")]


def test_comments_in_code_are_no_headings() -> None:
    """What is a heading is the reader's to say."""
    document = built([("heading", "# Use"), ("code", "# install\npip install it\n" * 20), ("paragraph", "More.")])

    assert {"Use"} == {piece.heading for piece in chunk(document, by_word_pieces, 40)}


def test_each_part_of_a_table_has_its_head() -> None:
    """Caption and header row stand above the rows of each chunk, and rows are whole."""
    document = built([("paragraph", "Before."), ("table", TABLE), ("paragraph", "After.")])

    pieces = chunk(document, by_word_pieces, 80)

    assert len(pieces) > 4
    assert all("Sensors of 2024\nSensor | Range | Site\nS-" in piece.text for piece in pieces)
    rows = [line for piece in pieces for line in piece.text.split("\n") if line.startswith("S-")]
    assert ROWS.split("\n") == rows
    assert max(by_word_pieces([piece.embed_text for piece in pieces])) <= 80
    inner = pieces[2].layout
    assert inner is not None
    assert ("table", 0, inner.lead) == (inner.blocks[0].kind, inner.blocks[0].start, inner.blocks[0].head)
    originals(document, pieces)


def test_the_head_of_a_table_may_be_long() -> None:
    """A header row longer than a chunk takes half of its room at most."""
    table = " | ".join(f"column {number}" for number in range(80)) + "\n" + "\n".join(["1 | 2 | 3"] * 40)
    document = Document("k", table, blocks=(Block(0, len(table), "table", head=table.index("\n")),))

    pieces = chunk(document, by_word_pieces, 60)

    assert max(by_word_pieces([piece.embed_text for piece in pieces])) <= 60
    originals(document, pieces)


def test_pages_and_links_of_a_chunk() -> None:
    """Blocks, lines and links count from the beginning of the chunk, and each has its page."""
    document = built([("paragraph", f"Page {number} " + "word " * 30) for number in (1, 2, 3)], pages=[1, 2, 3])
    place = document.text.index("Page 3")
    document = Document("k", document.text, blocks=document.blocks, links=(Link(place, place + 6, "there.html"),))

    pieces = [piece.layout for piece in chunk(document, by_word_pieces, 45)]

    assert [1, 2, 3] == [piece.page() for piece in pieces if piece]
    assert (Link(0, 6, "there.html"),) == (pieces[2] and pieces[2].links)
    assert [()] * 2 == [piece.links for piece in pieces[:2] if piece]
    assert [0] * 3 == [piece.blocks[0].lines[0].start for piece in pieces if piece]


def test_the_page_of_a_place_in_a_block_that_runs_on() -> None:
    """A paragraph over two pages is on the page of the line that is asked for."""
    lines = (Line(0, 4, 0, 0, 0, 0), Line(10, 5, 0, 0, 0, 0))
    place = Layout(0, 20, blocks=(Block(0, 20, "paragraph", page=4, lines=lines),))

    assert [4, 4, 5, 5] == [place.page(at) for at in (0, 9, 10, 19)]
    assert 0 == Layout(0, 20, blocks=(Block(0, 20, "paragraph"),)).page(3)


WORDS = st.lists(st.sampled_from(["word", "Sentence ends.", "漢字", "x" * 40, "a | b", "#"]), min_size=1, max_size=40)
KINDS = st.sampled_from(["heading", "paragraph", "list", "code", "table"])


@given(st.lists(st.tuples(KINDS, WORDS), min_size=1, max_size=8), st.integers(8, 60), st.booleans())
def test_chunks_of_blocks_cover_the_text(
    given_blocks: list[tuple[BlockKind, list[str]]],
    limit: int,
    paged: bool,  # noqa: FBT001
) -> None:
    """Whatever the blocks, each character is in one chunk, where the layout says, and no chunk is too long."""
    joiner = {"heading": " ", "table": "\n"}
    made: list[tuple[BlockKind, str]] = [(kind, joiner.get(kind, " ").join(words)) for kind, words in given_blocks]
    document = built(made, pages=range(1, len(made) + 1) if paged else ())

    pieces = chunk(document, by_word_pieces, limit)

    assert letters(document.text) == letters("".join(originals(document, pieces)))
    assert max(by_word_pieces([piece.embed_text for piece in pieces])) <= limit
    for piece in pieces:
        assert layout.read(layout.written(piece.layout)) == piece.layout
        assert piece.layout is not None
        assert all(0 <= one.start < one.end <= len(piece.text) for one in piece.layout.blocks)
        assert bool(piece.layout.page(len(piece.text) - 1)) == paged


def test_the_record_and_an_export_keep_the_layout(tmp_path: Path, embedder: Encoder) -> None:
    """A passage tells its page, section and links, also after export and import."""
    document = built([("heading", "# Use"), ("paragraph", "Turn it on.")], pages=[1, 2])
    with Collection.create(tmp_path, "one", embedder=embedder) as one:
        one.add([document])
        (first,) = one.passages(one.record.live_ids()).values()
        export(one, tmp_path / "out.jsonl")
    with Collection.create(tmp_path, "two", embedder=embedder) as two:
        import_file(two, tmp_path / "out.jsonl")
        (second,) = two.passages(two.record.live_ids()).values()

    assert Layout(0, len(document.text), blocks=document.blocks) == first.layout == second.layout


@pytest.mark.parametrize("text", ["[]", "{}", "3", "[[0,1,0,0],[],[[0]],[]]", "[[0"])
def test_what_is_no_layout_is_refused(text: str) -> None:
    """An export may be damaged."""
    with pytest.raises(ValueError, match="no layout"):
        layout.read(text)


def test_a_table_row_and_its_head_are_in_two_places() -> None:
    """Characters that the head and a row share have no place of their own."""
    with pytest.raises(ValueError, match="not in one place"):
        Layout(50, 60, lead=5).span(3, 8)
