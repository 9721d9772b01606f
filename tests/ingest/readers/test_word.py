"""Word files."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document as WordDocument

from polyhop.core.types import Document
from polyhop.ingest.documents import Skipped
from polyhop.ingest.readers import read_file, word


def write(folder: Path, *, title: str = "", heading: str = "Main", name: str = "the-report.docx") -> Path:
    file = WordDocument()
    file.core_properties.title = title
    if heading:
        file.add_heading(heading, level=1)
    file.add_paragraph("First paragraph.")
    file.add_heading("Detail", level=2)
    file.add_paragraph("one", style="List Bullet")
    table = file.add_table(rows=2, cols=3)
    for cell, text in zip(table.rows[0].cells, ("City", "People", "Area"), strict=True):
        cell.text = text
    table.rows[1].cells[0].text = "Bern"
    merged = table.rows[1].cells[1].merge(table.rows[1].cells[2])
    merged.text = "many"
    file.add_paragraph("Last paragraph.")
    file.save(str(folder / name))
    return folder / name


def document(path: Path) -> Document:
    (item,) = read_file(path)
    assert isinstance(item, Document)
    return item


def reason(path: Path) -> str:
    (item,) = read_file(path)
    assert isinstance(item, Skipped)
    return item.reason


def test_keeps_headings_lists_and_tables_in_order(tmp_path: Path) -> None:
    """Paragraphs and tables come in order, headings as # lines, a merged cell once."""
    assert (
        "# Main\n\nFirst paragraph.\n\n## Detail\n\n- one\n\nCity | People | Area\nBern | many\n\nLast paragraph."
    ) == document(write(tmp_path)).text


def test_the_title_is_the_property_then_the_heading_then_the_name(tmp_path: Path) -> None:
    """Titles come from where a reader would look first."""
    assert "Annual report" == document(write(tmp_path, title="Annual report")).title
    assert "Main" == document(write(tmp_path)).title
    assert "Detail" == document(write(tmp_path, heading="")).title


def test_a_document_without_text_is_empty(tmp_path: Path) -> None:
    """A new Word file is empty."""
    WordDocument().save(str(tmp_path / "a.docx"))

    assert "empty: no text in it" == reason(tmp_path / "a.docx")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that unpacks to more than the limit is refused by what the archive says about itself."""
    monkeypatch.setattr(word, "MAX_XML", 1_000_000)
    file = write(tmp_path)
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        archive.writestr("word/bomb.xml", b" " * 2_000_000)

    assert file.stat().st_size < 100_000
    assert reason(file).startswith("unpacks to 2,") and "2,000,000 in one part" in reason(file)


@pytest.mark.parametrize("data", [b"rubbish", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0 encrypted or old"])
def test_what_is_no_archive_gives_a_reason(tmp_path: Path, data: bytes) -> None:
    """Rubbish, truncated and encrypted files are refused."""
    file = tmp_path / "a.docx"
    file.write_bytes(data)

    assert reason(file).startswith("not a Word file")


def test_another_archive_gives_a_reason(tmp_path: Path) -> None:
    """A zip file that is no Word file, or whose XML is broken, is refused."""
    with ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    broken = write(tmp_path)
    with ZipFile(broken) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(broken, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data[:200] if name == "word/document.xml" else data)

    assert reason(tmp_path / "a.docx").startswith("cannot be read: KeyError")
    assert reason(broken).startswith("cannot be read: XMLSyntaxError")
