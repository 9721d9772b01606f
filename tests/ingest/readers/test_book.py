"""Books."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from polyhop.core.types import Document
from polyhop.ingest import documents
from polyhop.ingest.documents import Dropped, FileProgress, Skipped
from polyhop.ingest.readers import read_file

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf"/>'
    "</rootfiles></container>"
)


def write(folder: Path, chapters: dict[str, str], *, nav: str = "", locked: str = "") -> Path:
    """Write a book of chapters in the order of the spine, which is not that of the archive."""
    file = folder / "a.epub"
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters)
    items += '<item id="nav" href="nav.xhtml" properties="nav"/>' if nav else ""
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    fields = "<dc:title>The Sea</dc:title><dc:creator>A. Writer</dc:creator><dc:language>en</dc:language>"
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>{fields}'
        f"</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", _CONTAINER)
        archive.writestr("OPS/book.opf", package)
        for name, body in reversed(chapters.items()):
            page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
            archive.writestr(f"OPS/{name}.xhtml", f"{page}<head><title/></head><body>{body}</body></html>")
        if nav:
            archive.writestr("OPS/nav.xhtml", f"<html><body><nav><ol>{nav}</ol></nav></body></html>")
        if locked:
            reference = f'<e><CipherReference URI="OPS/{locked}.xhtml"/></e>'
            archive.writestr("META-INF/encryption.xml", f"<encryption>{reference}</encryption>")
    return file


def document(path: Path) -> Document:
    (item,) = (item for item in read_file(path) if not isinstance(item, Dropped))
    assert isinstance(item, Document)
    return item


def test_chapters_come_in_reading_order_with_notes_at_their_place(tmp_path: Path) -> None:
    """The spine is the order; a note in another file stands behind the paragraph that refers to it."""
    chapters = {
        "two": '<h1>Tides</h1><p>High<a epub:type="noteref" href="notes.xhtml#n1">1</a> water&#160;comes.</p>'
        '<p>Ebb&nbsp;goes<a role="doc-noteref" href="#n2">*</a>.</p><p id="n2" role="doc-footnote">Or not.</p>',
        "one": "<p>Fish &amp; ships</p>",
        "notes": '<h1>Notes</h1><aside id="n1" epub:type="footnote"><p>Twice a day.</p></aside>',
    }
    nav = '<li><a href="two.xhtml">Tides</a></li><li><a href="one.xhtml">Creatures</a></li>'
    book = document(write(tmp_path, chapters, nav=nav))

    tides = "# Tides\n\nHigh [1] water comes.\n\n[1] Twice a day.\n\nEbb goes [2].\n\n[2] Or not."
    assert f"{tides}\n\n## Creatures\n\nFish & ships\n\n# Notes" == book.text
    assert ("The Sea", {"author": "A. Writer", "language": "en"}) == (book.title, book.metadata)


def test_a_locked_chapter_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    """Encrypted chapters have a reason of their own."""
    file = write(tmp_path, {"one": "<p>free</p>", "two": "<p>paid</p>"}, locked="two")
    items = list(read_file(file))

    assert [(f"{file}#OPS/two.xhtml", "encrypted (DRM)")] == [
        (item.path, item.reason) for item in items if isinstance(item, Skipped)
    ]
    assert ["free"] == [item.text for item in items if isinstance(item, Document)]


def test_progress_is_told_in_chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher hears how far the file is read."""
    monkeypatch.setattr(documents, "PACE", 0)
    file = write(tmp_path, {"one": "<p>Fish</p>", "two": "<p>Ships</p>"})
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), done, 2, "chapters") for done in (0, 1)] == told


def test_broken_chapters_are_mended_and_what_is_no_book_gives_a_reason(tmp_path: Path) -> None:
    """HTML that is no XML is read as browsers do; rubbish and other archives are refused."""
    assert "one\n\ntwo" == document(write(tmp_path, {"a": "<p>one<p>two<br>"})).text
    with ZipFile(tmp_path / "b.epub", "w") as archive:
        archive.writestr("hello.txt", "hello")
    (tmp_path / "c.epub").write_bytes(b"rubbish")

    for name in ("b.epub", "c.epub"):
        (item,) = read_file(tmp_path / name)
        assert isinstance(item, Skipped) and item.reason.startswith("not a book (.epub)")
