"""PDF files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from polyhop.core.types import Document
from polyhop.ingest.documents import Skipped
from polyhop.ingest.readers import pdf, read_file


def write(folder: Path, *pages: str, title: str = "", password: str | None = None, name: str = "a-scan.pdf") -> Path:
    writer = PdfWriter()
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")})
    font[NameObject("/BaseFont")] = NameObject("/Helvetica")
    for text in pages:
        page = writer.add_blank_page(300, 300)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password is not None:
        writer.encrypt(password, "owner", algorithm="RC4-128")
    writer.write(folder / name)
    return folder / name


def reason(path: Path) -> str:
    (item,) = read_file(path)
    assert isinstance(item, Skipped)
    return item.reason


def test_joins_the_pages(tmp_path: Path) -> None:
    """All pages become one document with the title property and the number of pages."""
    file = write(tmp_path, "First page.", "Second page.", title="The Report")

    assert [
        Document(str(file), "First page.\n\nSecond page.", title="The Report", metadata={"pages": 2}, source=str(file))
    ] == list(read_file(file))


@pytest.mark.parametrize("title", ["", "Untitled 3", "Microsoft Word - x.doc"])
def test_the_name_is_the_title_where_a_program_made_one_up(tmp_path: Path, title: str) -> None:
    """Titles that writing programs fill in are no titles."""
    (item,) = read_file(write(tmp_path, "text", title=title))

    assert isinstance(item, Document)
    assert "a scan" == item.title


def test_an_empty_password_is_none(tmp_path: Path) -> None:
    """A file that opens without a password is read, one with a password is refused."""
    (item,) = read_file(write(tmp_path, "open text", password=""))

    assert isinstance(item, Document)
    assert "open text" == item.text
    assert "encrypted; save a copy without a password" == reason(write(tmp_path, "text", password="secret"))


def test_a_scan_has_no_text(tmp_path: Path) -> None:
    """A PDF without a text layer says what to do."""
    assert "no text layer (a scan?); run OCR on it first" == reason(write(tmp_path, ""))


def test_one_broken_page_is_skipped_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other pages are kept and the broken one is named."""
    real = PageObject.extract_text

    def fail(page: PageObject) -> str:
        text = real(page)
        if "bad" in text:
            raise KeyError("/Font")
        return text

    monkeypatch.setattr(PageObject, "extract_text", fail)
    file = write(tmp_path, "good", "bad", "fine")
    skipped, item = read_file(file)

    assert Skipped(f"{file}:2", "KeyError: '/Font'") == skipped
    assert isinstance(item, Document)
    assert "good\n\nfine" == item.text


def test_bounds_pages_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many pages or too much text are refused."""
    file = write(tmp_path, "some text", "more text")

    monkeypatch.setattr(pdf, "MAX_CHARACTERS", 10)
    assert "more than 10 characters of text; split the file" == reason(file)
    monkeypatch.setattr(pdf, "MAX_PAGES", 1)
    assert "2 pages are over the limit of 1; split the file" == reason(file)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\nrubbish", b"not a pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n"]
)
def test_broken_files_give_a_reason(tmp_path: Path, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Rubbish is one line of reason, and nothing is printed."""
    file = tmp_path / "a.pdf"
    file.write_bytes(data)

    assert reason(file).startswith("cannot be read: ")
    assert ("", "") == capfd.readouterr()


def test_the_builder_makes_real_files(tmp_path: Path) -> None:
    """The files of these tests are PDFs that a strict reader accepts."""
    assert 2 == len(PdfReader(write(tmp_path, "a", "b"), strict=True).pages)
