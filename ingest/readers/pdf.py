"""PDF: the text layer in reading order, or what tesseract sees on a page that has none."""

from __future__ import annotations

import ctypes
import logging
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ...core.types import Document
from .. import ocr
from ..builder import Builder
from ..documents import Dropped, FileProgress, Pace, Skipped, UnreadableError, clean_text, clean_title, one_line
from ..page_flow import Bookmark, PageLayout, write
from ..page_layout import Column, Grid, PageWord, TextLine, arrange
from ..pdf_page import PageText, page_text, turned

MAX_PAGES = 10_000
MAX_CHARACTERS = 50_000_000
MAX_BOOKMARKS = 20_000
MAX_SIDE = 10_000  # pixels of a picture for OCR
UNMAPPED = 0.3  # of the letters: the text layer means nothing
ENCRYPTED = "encrypted; save a copy without a password"
SCAN = "no text layer (a scan?); install the program tesseract, or run OCR on the file first"
#: titles that programs fill in
_MADE_UP = re.compile(
    r"untitled|microsoft (?:word|powerpoint|excel) -|\(?anonymous|(?:slide 1|none|print|unknown)$"
    r"|(?:.*[\\/])?\S+\.(?:docx?|dvi|tex|indd|qxd|pptx?|xlsx?|pdf|ps|md|html?|rtf|odt|fm)$",
    re.IGNORECASE,
)

logging.getLogger("pypdfium2").addHandler(logging.NullHandler())


def read(path: Path) -> Iterator[Document | Skipped | Dropped | FileProgress]:
    """Yield the file as one document, and each page that could not be read as `path:page`."""
    document = _opened(path)
    try:
        count = len(document)
        if count > MAX_PAGES:
            raise UnreadableError(f"{count:,} pages are over the limit of {MAX_PAGES:,}; split the file")
        pages = _Pages(path, document)
        pace, layouts = Pace(path, count, "pages"), list[PageLayout]()
        for number, layout in enumerate(pages.layouts(), 1):
            layouts += [layout] if layout else []
            yield from pace.told(number)
        outline = _outline(document)
        given = document.get_metadata_dict()
    finally:
        document.close()
    yield from (Skipped(f"{path}:{page}", reason) for page, reason in pages.failed.items())
    builder = Builder()
    for what, number in pages.dropped.items():
        builder.drop(what, "x" * number)
    largest = _largest(layouts)
    write(layouts, outline, builder)
    metadata = {
        "pages": count,
        "author": clean_title(given.get("Author", "")),
        "created": _date(given.get("CreationDate", "")),
    }
    title = clean_title(given.get("Title", ""))
    wanted = "" if _MADE_UP.match(title) else title
    known = {name: value for name, value in metadata.items() if value and value != "anonymous"}
    yield from builder.document(path, title=wanted or largest, metadata=known)
    if not builder.text() and not pages.failed:
        raise UnreadableError("empty: no text in it")


def _opened(path: Path) -> pdfium.PdfDocument:
    data = path.read_bytes()  # not by its path, whose name need not be UTF-8; and the file may change meanwhile
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise UnreadableError(ENCRYPTED) from error
        raise UnreadableError("cannot be read: not a PDF, or a broken or truncated one") from error


class _Pages:
    """The pages of a file one after the other; only their lines are kept."""

    def __init__(self, path: Path, document: pdfium.PdfDocument) -> None:
        self._path = path
        self._document = document
        self.failed: dict[int, str] = {}
        self.dropped: Counter[str] = Counter()

    def layouts(self) -> Iterator[PageLayout | None]:
        """Yield the pages, None for one that could not be read.

        Raises:
            UnreadableError: if there is too much text, or no page has any.
        """
        size = 0
        for number in range(1, len(self._document) + 1):
            layout = self._layout(number)
            size += sum(len(line.text) for line in _lines([layout])) if layout else 0
            if size > MAX_CHARACTERS:
                raise UnreadableError(f"more than {MAX_CHARACTERS:,} characters of text; split the file")
            yield layout
        if not size and self.failed and set(self.failed.values()) == {SCAN}:
            raise UnreadableError(SCAN)

    def _layout(self, number: int) -> PageLayout | None:
        try:
            page = self._document[number - 1]
        except pdfium.PdfiumError as error:
            self.failed[number] = f"broken page: {one_line(error)}"
            return None
        try:
            found = page_text(page)
            self.dropped += found.dropped
            words = found.words if found.unmapped < UNMAPPED else {}
            if not words and (found.pictures or found.words):
                words = self._seen(page, number)
            pieces = [
                piece for turns in self._turns(words, found) for piece in _turned_back(words[turns], turns, found)
            ]
            return PageLayout(number, found.height, pieces)
        except UnreadableError as error:
            self.failed[number] = str(error)
            return None
        except (pdfium.PdfiumError, OSError, subprocess.SubprocessError) as error:
            self.failed[number] = one_line(error)
            return None
        finally:
            page.close()

    def _turns(self, words: Mapping[int, Sequence[PageWord]], page: PageText) -> list[int]:
        """Return the directions of writing, the usual one first, without stamps at the margin."""
        turns = sorted(words, key=lambda one: -len(words[one]))
        kept = turns[:1]
        for turn in turns[1:]:
            text = "".join(word.text for word in words[turn])
            if len(words[turn]) * 10 < len(words[turns[0]]) and _at_margin(words[turn], words[turns[0]], turn, page):
                self.dropped["text at the margin"] += len(text)
            else:
                kept.append(turn)
        return kept

    def _seen(self, page: pdfium.PdfPage, number: int) -> dict[int, list[PageWord]]:
        """Return the words of a page as tesseract sees them."""
        if not ocr.languages():
            self.failed[number] = SCAN
            return {}
        scale = min(ocr.DOTS / 72, MAX_SIDE / max(page.get_size()))
        bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
        pixels = np.ascontiguousarray(bitmap.to_numpy().reshape(bitmap.height, bitmap.width, -1)[:, :, 0])
        bitmap.close()
        if pixels.min() == pixels.max():
            return {}  # an empty page
        found = ocr.words_of(b"P5 %d %d 255\n" % pixels.shape[::-1] + pixels.tobytes())
        zoom = ocr.DOTS / 72 / scale
        return {
            0: [
                word._replace(x0=word.x0 * zoom, y0=word.y0 * zoom, x1=word.x1 * zoom, y1=word.y1 * zoom)
                for word in found
            ]
        }


def _at_margin(words: Sequence[PageWord], main: Sequence[PageWord], turns: int, page: PageText) -> bool:
    """Tell whether turned words stand left or right of all words of an upright page."""
    if turns % 2 == 0 or main is not page.words.get(0):
        return False
    size = page.height, page.width
    boxes = [turned(word[1:5], -turns, *size) for word in words]
    left, right = (
        sorted(word.x0 for word in main)[len(main) // 50],
        sorted(word.x1 for word in main)[-1 - len(main) // 50],
    )
    return all(box[2] <= left or box[0] >= right for box in boxes)


def _turned_back(words: Sequence[PageWord], turns: int, page: PageText) -> Iterator[Column | Grid]:
    """Arrange words that are written in one direction, and give their lines the boxes that they have on the page."""
    for piece in arrange(words, rules=page.rules if not turns else ()):
        if not turns:
            yield piece
        elif isinstance(piece, Column):
            yield Column([_turned_line(line, turns, page) for line in piece.lines])
        else:
            rows = [[[_turned_line(line, turns, page) for line in cell] for cell in row] for row in piece.rows]
            yield Grid(rows, piece.columns)


def _turned_line(line: TextLine, turns: int, page: PageText) -> TextLine:
    size = (page.width, page.height) if turns % 2 == 0 else (page.height, page.width)
    x0, y0, x1, y1 = turned((line.x0, line.y0, line.x1, line.y1), -turns, *size)
    return line._replace(x0=x0, y0=y0, x1=x1, y1=y1)


def _lines(pages: Sequence[PageLayout]) -> Iterator[TextLine]:
    for page in pages:
        for piece in page.pieces:
            if isinstance(piece, Column):
                yield from piece.lines
            else:
                yield from (line for row in piece.rows for cell in row for line in cell)


def _outline(document: pdfium.PdfDocument) -> list[Bookmark]:
    """Return the outline that the file brings."""
    found: list[Bookmark] = []
    try:
        for mark in document.get_toc(max_depth=6):
            dest = mark.get_dest()
            page = dest.get_index() if dest else None
            found.append(Bookmark(mark.level + 1, clean_title(mark.get_title()), 0 if page is None else page + 1))
            if len(found) >= MAX_BOOKMARKS:
                break
    except (pdfium.PdfiumError, ctypes.ArgumentError, ValueError):
        return found  # a broken outline takes nothing from the text
    return found


def _largest(pages: Sequence[PageLayout]) -> str:
    """Return the lines of the largest type on the first page, if there is more than one size of type."""
    lines = [line for line in _lines(pages[:1]) if sum(map(str.isalpha, line.text)) > 2]
    sizes = Counter[float]()
    for line in lines:
        sizes[round(line.size)] += len(line.text)
    if len(sizes) < 2 or (max(sizes) <= 1.1 * sizes.most_common(1)[0][0] and sizes.total() > 300):
        return ""
    title = " ".join(line.text for line in lines if round(line.size) == max(sizes))
    return title if len(title) < 200 else ""


def _date(written: str) -> str:
    """Return the day of a PDF's date, `D:20190131…`, as ISO writes it."""
    found = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", clean_text(written))
    return "-".join(found.groups()) if found else ""
