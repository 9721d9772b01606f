"""What readers build documents with."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from polyhop.core.types import Block, Document, Line
from polyhop.ingest.builder import Builder
from polyhop.ingest.documents import Dropped

PATH = Path("docs/some-page.html")


def made(builder: Builder) -> Document:
    (document,) = (item for item in builder.document(PATH) if isinstance(item, Document))
    return document


def texts(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def test_blocks_stand_in_the_text_under_their_headings() -> None:
    """Each block knows its kind, its characters and the headings above it; one of the same level ends another."""
    builder = Builder()
    builder.heading(1, "Guide")
    builder.heading(2, "# Install C#")
    builder.paragraph("Run\n  it.")
    builder.code("pip install x\n  # comment\n")
    builder.heading(2, "Use")
    builder.items([(0, "", "open"), (1, "2.", "close"), (0, "", " ")])
    builder.footnote("1 Or not.")
    document = made(builder)

    assert [
        ("heading", "# Guide"),
        ("heading", "## Install C#"),
        ("paragraph", "Run it."),
        ("code", "pip install x\n  # comment"),
        ("heading", "## Use"),
        ("list", "- open\n  2. close"),
        ("footnote", "1 Or not."),
    ] == texts(document)
    assert [(), ("Guide",), ("Guide", "Install C#")] == [block.trail for block in document.blocks[:3]]
    assert [("Guide",), ("Guide", "Use"), ("Guide", "Use")] == [block.trail for block in document.blocks[4:]]
    assert ("Guide", str(PATH)) == (document.title, document.key)


def test_a_table_knows_its_head() -> None:
    """Caption and header row are the head; rows and cells without words are left out, but not those between others."""
    builder = Builder()
    builder.table([["Name", "Range\nin m", ""], ["A", "", ""], ["", "", ""], ["B", "", "3"]], caption="Sensors")
    builder.table([["1", "2"]], header=0)
    builder.table([["alone", "x"]])
    document = made(builder)

    assert [
        ("table", "Sensors\nName | Range in m |\nA |  |\nB |  | 3"),
        ("table", "1 | 2"),
        ("table", "alone | x"),
    ] == texts(document)
    assert [len("Sensors\nName | Range in m |"), 0, 0] == [block.head for block in document.blocks]


def test_links_keep_their_place() -> None:
    """The anchor text of each link is found in the text, wherever it was written."""
    builder = Builder()
    linked = [("See  ", ""), (" the manual ", "m.html"), ("or\n", ""), ("this", "#x"), (" ", "empty"), (".", "")]
    builder.heading(3, linked)
    builder.paragraph(linked)
    builder.items([(0, "", "a"), (1, "", linked)])
    builder.table([["h", linked], [linked, "b"]], caption="c")
    document = made(builder)

    assert ["the manual", "this"] * 5 == [document.text[link.start : link.end] for link in document.links]
    assert ["m.html", "#x"] * 5 == [link.target for link in document.links]
    assert list(document.links) == sorted(document.links)


def test_lines_count_from_their_block() -> None:
    """A reader of pages says where each line of a block begins in it."""
    builder = Builder()
    builder.paragraph("before", page=1)
    builder.paragraph("one two", page=2, lines=[Line(0, 2, 1, 2, 3, 4), Line(4, 3, 1, 2, 3, 4)])
    block = made(builder).blocks[1]

    assert Block(8, 15, "paragraph", page=2, lines=(Line(8, 2, 1, 2, 3, 4), Line(12, 3, 1, 2, 3, 4))) == block


def test_what_is_left_out_is_counted() -> None:
    """Letters are counted by kind, also of a document that has nothing else."""
    builder = Builder()
    builder.drop("navigation", "Home | Up ")
    builder.drop("navigation", "x")
    builder.drop("hidden", " ")

    assert [Dropped(str(PATH), "navigation", 8)] == list(builder.document(PATH))


INLINE = st.lists(st.tuples(st.text(" \n\taé́x|#", max_size=6), st.sampled_from(["", "t"])), max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["paragraph", "heading", "items", "table", "code"]), INLINE), max_size=6))
def test_whatever_is_written_blocks_and_links_fit_the_text(pieces: list[tuple[str, list[tuple[str, str]]]]) -> None:
    """Blocks cover all but white space, in order, and links lie inside them."""
    builder = Builder()
    for kind, inline in pieces:
        if kind == "paragraph":
            builder.paragraph(inline)
        elif kind == "heading":
            builder.heading(2, inline)
        elif kind == "items":
            builder.items([(0, "", inline), (1, "1.", inline)])
        elif kind == "table":
            builder.table([[inline, "b"], [inline, inline]])
        else:
            builder.code("".join(piece for piece, _ in inline))
    for document in builder.document(PATH):
        assert isinstance(document, Document)
        at = 0
        for block in document.blocks:
            assert not document.text[at : block.start].strip()
            assert at <= block.start < block.end
            assert document.text[block.start : block.end].strip()
            at = block.end
        assert at == len(document.text)
        links = [(link.start, link.end) for link in document.links]
        assert links == sorted(links)
        assert all(any(one.start <= a < b <= one.end for one in document.blocks) for a, b in links)
