"""OpenDocument files."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from polyhop.core.types import Document
from polyhop.ingest import documents as ingest_documents
from polyhop.ingest.documents import Dropped, FileProgress, Skipped
from polyhop.ingest.readers import read_file

_NAMES = {
    **{name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in "office text table style".split()},
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "presentation": "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_SPACES = " ".join(f'xmlns:{name}="{space}"' for name, space in _NAMES.items())


def write(folder: Path, body: str, *, kind: str = "text", styles: str = "", pages: str = "", title: str = "") -> Path:
    """Write a file of one body; `styles` are its own, `pages` has headers and footers."""
    file = folder / f"a.{ {'text': 'odt', 'presentation': 'odp', 'spreadsheet': 'ods'}[kind] }"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        own = f"<office:automatic-styles>{styles}</office:automatic-styles>"
        inside = f"{own}<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        archive.writestr("content.xml", f"<office:document-content {_SPACES}>{inside}</office:document-content>")
        archive.writestr("styles.xml", f"<office:document-styles {_SPACES}>{pages}</office:document-styles>")
        archive.writestr(
            "meta.xml", f"<office:document-meta {_SPACES}><dc:title>{title}</dc:title></office:document-meta>"
        )
    return file


def documents(path: Path) -> list[Document]:
    return [item for item in read_file(path) if isinstance(item, Document)]


def dropped(path: Path) -> dict[str, int]:
    return {item.what: item.characters for item in read_file(path) if isinstance(item, Dropped)}


def p(text: str, style: str = "") -> str:
    """Return a paragraph."""
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def test_text_keeps_headings_lists_notes_and_links(tmp_path: Path) -> None:
    """Headings have their level, lists their numbers and depth, and a note stands behind its paragraph."""
    note = f"<text:note-citation>1</text:note-citation><text:note-body>{p('See below.')}</text:note-body>"
    note = f"<text:note>{note}</text:note>"
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-suffix="."/><text:list-level-style-bullet text:level="2"/></text:list-style>'
    )

    def item(*inside: str) -> str:
        return f"<text:list-item>{''.join(inside)}</text:list-item>"

    nested = f"<text:list>{item(p('deep'))}</text:list>"
    body = (
        '<text:h text:outline-level="2">Rules</text:h>'
        + p(f'a<text:s text:c="3"/>b<text:line-break/>c <text:a xlink:href="https://example.org/">link</text:a>{note}')
        + f'<text:list text:style-name="L">{item(p("one"), nested)}{item(p("two"))}</text:list>'
    )
    (made,) = documents(write(tmp_path, body, styles=styles, title="Handbook"))

    assert "## Rules\n\na b c link [1]\n\n[1] See below.\n\n1. one\n  - deep\n2. two" == made.text
    assert "Handbook" == made.title
    assert ["https://example.org/"] == [link.target for link in made.links]


def test_deleted_and_hidden_text_is_counted_and_headers_are_written_once(tmp_path: Path) -> None:
    """Tracked deletions, comments, hidden text and page numbers are left out."""
    styles = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    gone = f"<text:changed-region><text:deletion>{p('gone')}</text:deletion></text:changed-region>"
    gone = f"<text:tracked-changes>{gone}</text:tracked-changes>"
    body = gone + p(
        f"seen <text:span text:style-name='H'>unseen</text:span><office:annotation>{p('why?')}</office:annotation>"
    )
    pages = f"<style:header>{p('Contract KX-1')}</style:header><style:header>{p('Contract KX-1')}</style:header>"
    pages += f"<style:footer>{p('<text:page-number>3</text:page-number>')}</style:footer>"
    file = write(tmp_path, body, styles=styles, pages=pages)

    assert ["Contract KX-1\n\nseen"] == [made.text for made in documents(file)]
    assert {"comments": 4, "deleted text": 4, "hidden text": 6, "page number": 1} == dropped(file)


def test_tables_keep_their_header_and_merged_cells(tmp_path: Path) -> None:
    """Header rows are the head, and a cell that spans rows is repeated in each."""

    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text: str, rows: int = 1) -> str:
        return f'<table:table-cell table:number-rows-spanned="{rows}">{p(text)}</table:table-cell>'

    head = f"<table:table-header-rows>{row(cell('Land'), cell('City'))}</table:table-header-rows>"
    body = row(cell("CH", 2), cell("Bern")) + row("<table:covered-table-cell/>", cell("Basel"))
    (made,) = documents(write(tmp_path, f"<table:table>{head}{body}</table:table>"))

    assert "Land | City\nCH | Bern\nCH | Basel" == made.text
    assert len("Land | City") == made.blocks[0].head


def test_slides_are_sections_and_sheets_of_records_give_rows(tmp_path: Path) -> None:
    """A slide has its number as page; a repeated row or cell of a sheet is bounded."""
    title = f'<draw:frame presentation:class="title"><draw:text-box>{p("Plan")}</draw:text-box></draw:frame>'
    slides = f"<draw:page>{title}<draw:frame><draw:text-box>{p('Go on.')}</draw:text-box></draw:frame></draw:page>"
    (deck,) = documents(write(tmp_path, slides, kind="presentation"))
    assert ("## Plan\n\nGo on.", [1, 1]) == (deck.text, [block.page for block in deck.blocks])

    def row(*values: str, times: int = 1) -> str:
        cells = "".join(f"<table:table-cell>{p(value)}</table:table-cell>" for value in values)
        return f'<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>'

    rows = row("Part", "Colour") + "".join(row(f"bolt {n}", "red") for n in range(25))
    far = '<table:table-cell table:number-columns-repeated="16384"/>'
    far = f'<table:table-row table:number-rows-repeated="1048576">{far}</table:table-row>'
    file = write(tmp_path, f'<table:table table:name="S">{rows}{far}</table:table>', kind="spreadsheet")
    assert (25, "Part: bolt 24\nColour: red") == (len(documents(file)), documents(file)[-1].text)
    assert f"{file}#S!26" == documents(file)[-1].key

    bomb = f'<table:table table:name="S">{row("a", "b", times=999_999_999)}</table:table>'
    assert sum(len(made.text) for made in documents(write(tmp_path, bomb, kind="spreadsheet"))) < 1_000_000


def test_encrypted_and_broken_files_give_a_reason(tmp_path: Path) -> None:
    """What is encrypted says so; what is none is refused."""
    with ZipFile(tmp_path / "locked.odt", "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<manifest><file-entry><encryption-data/></file-entry></manifest>")
        archive.writestr("content.xml", b"\x00\x01")
    (tmp_path / "bad.odt").write_bytes(b"rubbish")
    reasons = [
        item.reason
        for name in ("locked", "bad")
        for item in read_file(tmp_path / f"{name}.odt")
        if isinstance(item, Skipped)
    ]

    assert "encrypted with a password" == reasons[0]
    assert reasons[1].startswith("not an OpenDocument file")


def test_progress_is_told_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher hears how far the file is read."""
    monkeypatch.setattr(ingest_documents, "PACE", 0)
    file = write(tmp_path, p("One") + p("Two"))
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), done, 2, "blocks") for done in (1, 2)] == told
