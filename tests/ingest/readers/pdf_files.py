"""PDF files made for tests, of text at given places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pypdf import PdfWriter
from pypdf.annotations import Link as LinkNote
from pypdf.generic import DecodedStreamObject, DictionaryObject, Fit, NameObject

FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Courier"}
BODY, BOLD, CODE = FONTS
WIDTH, HEIGHT = 400, 600


class At(NamedTuple):
    """Words that begin `x` points from the left edge and whose line stands `y` points below the top."""

    x: float
    y: float
    text: str
    size: float = 10
    font: str = BODY
    before: str = ""  # operators of the page's language that go before


def lines(x: float, y: float, *texts: str, size: float = 10, font: str = BODY, pitch: float = 12) -> list[At]:
    """Return lines below each other."""
    return [At(x, y + number * pitch, text, size, font) for number, text in enumerate(texts)]


def pdf(folder: Path, *pages: Sequence[At], name: str = "a-scan.pdf", title: str = "") -> Path:
    """Write a file."""
    writer = written(*pages)
    if title:
        writer.add_metadata({"/Title": title})
    writer.write(folder / name)
    return folder / name


def written(*pages: Sequence[At]) -> PdfWriter:
    """Return pages that may be added to."""
    writer = PdfWriter()
    names = {key: _font(name) for key, name in FONTS.items()}
    for texts in pages:
        page = writer.add_blank_page(WIDTH, HEIGHT)
        fonts = DictionaryObject({NameObject(f"/{key}"): font for key, font in names.items()})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(b"\n".join(map(_drawn, texts)))
        page[NameObject("/Contents")] = writer._add_object(stream)
    return writer


def link(writer: PdfWriter, page: int, box: tuple[float, float, float, float], target: str | int) -> None:
    """Lay a link over a box, given from the top left corner."""
    x0, y0, x1, y1 = box
    rect = (x0, HEIGHT - y1, x1, HEIGHT - y0)
    note = (
        LinkNote(rect=rect, url=target)
        if isinstance(target, str)
        else LinkNote(rect=rect, target_page_index=target, fit=Fit.fit())
    )
    writer.add_annotation(page, note)


def _font(name: str) -> DictionaryObject:
    entries = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": f"/{name}", "/Encoding": "/WinAnsiEncoding"}
    return DictionaryObject({NameObject(key): NameObject(value) for key, value in entries.items()})


def _drawn(text: At) -> bytes:
    shown = text.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    place = f"{text.x} {HEIGHT - text.y} Td"
    return f"q BT {text.before} /{text.font} {text.size} Tf {place} ({shown}) Tj ET Q".encode("cp1252")
