"""Excel (.xlsx): cells as Excel shows them, dates in ISO form; hidden sheets, rows and columns are left out.

The parts are streamed through lxml. openpyxl, the usual library, knows neither hidden rows nor merged cells when it
streams, and keeps the whole workbook in memory when it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO

from lxml import etree

from ...core.types import Document
from ..builder import Builder
from ..documents import Dropped, Skipped, UnreadableError
from ..number_format import shown_number
from ..package import MAX_UNPACKED, MAX_XML, RELATION, Package, events, local
from ..sheets import MAX_CELL, Cell, Row, Sheet, documents

MAX_COLUMNS = 16_384
MAX_MERGED = 10_000
DOWN = 1_000  # rows of a merged cell in which it is repeated
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
_ROWS = frozenset(["row", "col"])
_ON = ("1", "true")


def read(path: Path) -> Iterator[Document | Dropped | Skipped]:
    """Yield the rows of tables of records as documents, and the rest as one."""
    with Package(path, "an Excel file", largest=MAX_UNPACKED) as package:
        main = package.related("", "officeDocument")
        if not main or local(root := package.xml(main)) != "workbook":
            raise UnreadableError("not an Excel file: there are no sheets in the archive")
        builder = Builder()
        book = _Workbook.of(package, main, root)
        sheets = list(_sheets(package, root, book, builder))
        yield from documents(path, sheets, builder, title=package.core_title())


def _sheets(package: Package, root: etree._Element, book: _Workbook, builder: Builder) -> Iterator[Sheet]:
    """Yield the sheets that are seen; what hidden ones hold is counted."""
    for element in [one for one in root.iter() if local(one) == "sheet"]:
        target = book.relations.get(element.get(RELATION) or "", ("", ""))[1]
        if target not in package:
            continue
        rows = _Rows(package, target, book, builder).rows()
        if (element.get("state") or "visible") == "visible":
            yield Sheet(element.get("name") or "", rows)
        else:
            builder.drop("hidden sheet", " ".join(words for row in rows for words, _ in row.cells.values()))


@dataclass(slots=True)
class _Workbook:
    """What all sheets of a workbook share."""

    relations: dict[str, tuple[str, str]]
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)  # of the styles of cells, in order
    from_1904: bool = False

    @classmethod
    def of(cls, package: Package, main: str, root: etree._Element) -> _Workbook:
        made = cls(package.relations(main))
        made.from_1904 = any(local(one) == "workbookPr" and one.get("date1904") in _ON for one in root)
        if name := package.related(main, "sharedStrings"):
            with package.open(name) as stream:
                made.strings = [_text(element) for _, element in events(stream, frozenset(["si"]))]
        if name := package.related(main, "styles"):
            made.formats = _formats(package.xml(name))
        return made


def _formats(root: etree._Element) -> list[str]:
    own = {one.get("numFmtId"): one.get("formatCode") or "" for one in root.iter() if local(one) == "numFmt"}
    used = next((one for one in root if local(one) == "cellXfs"), None)
    ids = [one.get("numFmtId") or "0" for one in used] if used is not None else []
    return [own.get(number, f"#{number}") for number in ids]


def _text(element: etree._Element) -> str:
    """Return the words of a string with formats in it, without the sounds of Japanese characters."""
    parts = [one.text or "" for one in element.iter() if local(one) == "t" and local(one.getparent()) != "rPh"]
    return "".join(parts)


class _Rows:
    """Reads the rows of one sheet."""

    def __init__(self, package: Package, name: str, book: _Workbook, builder: Builder) -> None:
        self._package = package
        self._name = name
        self._book = book
        self._builder = builder
        self._hidden: set[int] = set()
        self._down: dict[int, tuple[int, Cell]] = {}  # by column: the last row that repeats a cell above, and the cell
        self._merged: dict[int, list[tuple[int, int, int]]] = {}  # by first row: first column, last column, last row

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are seen and not empty, then write what floats over the sheet."""
        with self._package.open(self._name) as stream:
            source: IO[bytes] = stream
            data = stream.read(MAX_XML + 1)
            if len(data) <= MAX_XML:
                source = BytesIO(data)
                self._find_merged(data)
            else:
                stream.seek(0)
            yield from self._read(source)
        self._write_floating()

    def _find_merged(self, data: bytes) -> None:
        for number, found in enumerate(_MERGED.finditer(data)):
            if number == MAX_MERGED:
                break
            first, top, last, bottom = (part.decode() for part in found.groups())
            self._merged.setdefault(int(top), []).append((_column(first), _column(last), int(bottom)))

    def _read(self, source: IO[bytes]) -> Iterator[Row]:
        number = 0
        for tag, element in events(source, _ROWS):
            if tag == "col":
                self._hide(element)
                continue
            number = int(given) if (given := element.get("r") or "").isdigit() and len(given) < 9 else number + 1
            cells = self._cells(element)
            if element.get("hidden") in _ON:
                self._builder.drop("hidden row", " ".join(words for words, _ in cells.values()))
                continue
            row = Row(number, self._repeat(number, cells))
            row.groups = {
                first: last - first + 1
                for first, last, _ in self._merged.get(number, ())
                if first < last and first in cells
            }
            if row.cells:
                yield row

    def _hide(self, element: etree._Element) -> None:
        first, last = ((element.get(name) or "0").strip() for name in ("min", "max"))
        if element.get("hidden") in _ON and first.isdigit() and last.isdigit():
            self._hidden |= set(range(int(first) - 1, min(int(last), MAX_COLUMNS))) if int(first) else set()

    def _cells(self, row: etree._Element) -> dict[int, Cell]:
        cells: dict[int, Cell] = {}
        column = -1
        for element in row:
            found = _REFERENCE.fullmatch(element.get("r") or "")
            column = _column(found[1]) if found else column + 1
            cell = self._cell(element) if column < MAX_COLUMNS else ("", "")
            if column in self._hidden:
                self._builder.drop("hidden column", cell[0])
            elif cell[0].strip():
                cells[column] = cell if len(cell[0]) <= MAX_CELL else (cell[0][:MAX_CELL], cell[0][:MAX_CELL])
                self._builder.drop(f"letters beyond {MAX_CELL:,} in a cell", cell[0][MAX_CELL:])
        return cells

    def _cell(self, element: etree._Element) -> Cell:
        """Return what a cell shows: of a formula the value that was kept."""
        kind = element.get("t") or "n"
        if kind == "inlineStr":
            words = _text(element)
            return words, words
        raw = next((one.text or "" for one in element if local(one) == "v"), "")
        match kind:
            case "s":
                strings = self._book.strings
                words = strings[int(raw)] if raw.isdigit() and int(raw) < len(strings) else ""
                return words, words
            case "b":
                return ("TRUE", True) if raw == "1" else ("FALSE", False)
            case "e":
                return "", ""
            case "n":
                return self._number(raw, element.get("s") or "0")
            case _:
                return raw, raw

    def _number(self, raw: str, style: str) -> Cell:
        formats = self._book.formats
        form = formats[int(style)] if style.isdigit() and int(style) < len(formats) else ""
        try:
            return shown_number(float(raw), form, from_1904=self._book.from_1904)
        except (ValueError, OverflowError):
            return raw, raw

    def _repeat(self, number: int, cells: dict[int, Cell]) -> dict[int, Cell]:
        """Repeat a cell that spans rows in each of them."""
        for column, (last, cell) in list(self._down.items()):
            if number > last:
                del self._down[column]
            elif cells:
                cells.setdefault(column, cell)
        for first, _, bottom in self._merged.get(number, ()):
            if number < bottom <= number + DOWN and first in cells:
                self._down[first] = (bottom, cells[first])
        return cells

    def _write_floating(self) -> None:
        """Write the text boxes over a sheet; count its comments."""
        name = self._package.related(self._name, "drawing")
        for shape in self._package.xml(name).iter() if name else ():
            if local(shape) == "txBody":
                words = [" ".join("".join(one.itertext(f"{_A}t")).split()) for one in shape.iter(f"{_A}p")]
                self._builder.paragraph(" ".join(filter(None, words)))
        name = self._package.related(self._name, "comments")
        if name:
            self._builder.drop("comments", _text(self._package.xml(name)))


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    """Return the number of a column from 0: "A" is 0, "AA" 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
