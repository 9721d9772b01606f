"""Word (.docx): paragraphs and tables in order, headings by style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from docx import Document as WordDocument
from docx.table import Table
from docx.text.paragraph import Paragraph

from ...core.types import Document
from ...store.chunk import first_heading
from ..documents import UnreadableError, file_document

MAX_UNPACKED = 300_000_000
MAX_XML = 60_000_000
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)


def read(path: Path) -> Iterator[Document]:
    """Yield the file as one document; the title is the property, else the first heading."""
    _check_sizes(path)
    with path.open("rb") as file:
        word = WordDocument(file)
    blocks = (_paragraph(item) if isinstance(item, Paragraph) else _table(item) for item in word.iter_inner_content())
    text = "\n\n".join(block for block in blocks if block)
    yield file_document(path, text, title=word.core_properties.title or first_heading(text))


def _check_sizes(path: Path) -> None:
    """Refuse archives that unpack to more than a document can need, before anything is unpacked."""
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
    except BadZipFile as error:
        raise UnreadableError("not a Word file: no zip archive, or an encrypted or broken one") from error
    total = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))), default=0)
    if total > MAX_UNPACKED or largest > MAX_XML:
        raise UnreadableError(
            f"unpacks to {total:,} bytes ({largest:,} in one part), over the limit of {MAX_UNPACKED:,} ({MAX_XML:,})"
        )


def _paragraph(paragraph: Paragraph) -> str:
    text = paragraph.text.strip()
    style = (paragraph.style.name if paragraph.style else None) or ""
    found = _HEADING.match(style)
    if not text or not (found or style in ("Title", "Subtitle") or style.startswith("List")):
        return text
    if style.startswith("List"):
        return f"- {text}"
    level = min(int(found[1]), 6) if found else 1
    return f"{'#' * level} {' '.join(text.split())}" if style != "Subtitle" else text


def _table(table: Table) -> str:
    return "\n".join(filter(None, (_row(row.cells) for row in table.rows)))


def _row(cells: tuple[object, ...]) -> str:
    """Join the cells of a row; a merged cell is listed once for each column that it spans, and written once."""
    distinct = {id(getattr(cell, "_tc", cell)): " ".join(str(getattr(cell, "text", "")).split()) for cell in cells}
    return " | ".join(distinct.values()) if any(distinct.values()) else ""
