"""Spreadsheets: a sheet that is a table of records gives a document a row, all others are sections of one document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, pairwise
from pathlib import Path

from ..core.types import Document
from .builder import Builder
from .documents import Dropped, RowDocuments, Skipped, UnreadableError, clean_title, stem_title
from .rows import row_document

MANY = 20  # rows from which a table of records is read row by row
LOOKED_AT = 200  # rows that tell what a sheet is
MAX_CELLS = 300_000  # of all sheets that are read as one document
MAX_LETTERS = 50_000_000  # of the same
MAX_ROW = 10_000_000  # letters of a row that is a document
MAX_CELL = 32_767  # letters, as in Excel
HEADING = 200  # letters of the longest title above a table
_GENERIC = re.compile(r"(?:sheet|tabelle|feuil|hoja|foglio|blad|planilha|worksheet|лист|工作表)\s*\d*", re.IGNORECASE)

#: what a cell shows, and its value: a string, number, truth value
Cell = tuple[str, object]


@dataclass(slots=True)
class Row:
    """A row that is seen: its number from 1, and its cells that are not empty by their column from 0.

    `groups` tells of cells that span columns how many.
    """

    number: int
    cells: dict[int, Cell]
    groups: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Sheet:
    """A sheet, whose rows can be read once."""

    name: str
    rows: Iterator[Row]


def documents(
    path: Path, sheets: Sequence[Sheet], builder: Builder, *, title: str = ""
) -> Iterator[Document | Dropped | Skipped]:
    """Yield the rows of tables of records as documents `path#Sheet!row`, then one document with all other sheets.

    `builder` may have counted before what is left out.
    """
    left, letters = MAX_CELLS, MAX_LETTERS
    named = len(sheets) > 1
    for sheet in sheets:
        head = list(islice(sheet.rows, LOOKED_AT))
        rows = chain(head, sheet.rows)
        if (start := _header_of_records(head)) is not None:
            yield from _records(
                path, sheet.name, islice(rows, start, None), shown=named and not _is_generic(sheet.name)
            )
            continue
        if head and (named or not _is_generic(sheet.name)):
            builder.heading(2, sheet.name)
        for group in _groups(rows):
            left -= sum(len(row.cells) for row in group)
            letters -= sum(map(_letters, group))
            if left < 0 or letters < 0:
                reason = f"more than {MAX_CELLS:,} cells or {MAX_LETTERS:,} letters; only the first are read"
                yield Skipped(f"{path}#{sheet.name}", reason)
                break
            _write(builder, group)
    yield from builder.document(path, title=title or stem_title(path))


def _is_generic(name: str) -> bool:
    return bool(_GENERIC.fullmatch(name.strip()))


def _is_words(cell: Cell) -> bool:
    return isinstance(cell[1], str) and bool(cell[0].strip())


def _header_of_records(head: Sequence[Row]) -> int | None:
    """Return the place of the header row where a sheet is a table of many records, else None.

    Above it stand at most titles; its cells are different words, and below nearly each row keeps to its columns.
    """
    start = next((place for place, row in enumerate(head[:10]) if len(row.cells) > 1), None)
    if start is None:
        return None
    columns = head[start].cells
    below = head[start + 1 :]
    names = [clean_title(shown).casefold() for shown, _ in columns.values()]
    grouped = bool(head[start].groups)
    if len(below) < MANY or not all(map(_is_words, columns.values())) or (len(set(names)) < len(names) and not grouped):
        return None
    first, last = min(columns), max(columns) + max(head[start].groups.values(), default=0)
    fit = sum(
        all(first <= column <= last for column in row.cells) and len(row.cells) * 3 >= min(len(columns), 6)
        for row in below
    )
    gaps = sum(row.number - above.number > 1 for above, row in pairwise(below))
    return start if fit * 10 >= len(below) * 9 and gaps * 20 <= len(below) else None


def _records(path: Path, sheet: str, rows: Iterator[Row], *, shown: bool) -> Iterator[Document | Skipped]:
    header = next(rows)
    names = {column: clean_title(words) for column, (words, _) in header.cells.items()}
    if header.groups and (second := next(rows, None)):
        if all(map(_is_words, second.cells.values())):
            names = _grouped(header, second)
        else:
            rows = chain([second], rows)
    names = _distinct(names)
    for row in rows:
        key = f"{path}#{sheet}!{row.number}"
        if _letters(row) > MAX_ROW:
            yield Skipped(key, f"longer than the limit of {MAX_ROW:,} letters a row")
            continue
        fields: dict[str, object] = {"sheet": sheet} if shown and "sheet" not in names.values() else {}
        typed: dict[str, object] = {"sheet": sheet}
        for column, (words, value) in sorted(row.cells.items()):
            name = names.get(column) or f"column {column + 1}"
            fields[name] = words
            typed[name] = value
        try:
            made = row_document(RowDocuments(path), fields, row.number, metadata=typed, table=True)
            yield replace(made, key=key)
        except UnreadableError as error:
            yield Skipped(key, str(error))


def _letters(row: Row) -> int:
    return sum(len(words) for words, _ in row.cells.values())


def _grouped(header: Row, second: Row) -> dict[int, str]:
    """Return the names of columns of a header of two rows, the upper of which spans several."""
    above: dict[int, str] = {}
    for column, (words, _) in header.cells.items():
        above |= dict.fromkeys(range(column, column + header.groups.get(column, 1)), clean_title(words))
    below = {column: clean_title(words) for column, (words, _) in second.cells.items()}
    return {
        column: " ".join(dict.fromkeys(filter(None, (above.get(column), below.get(column)))))
        for column in sorted(above.keys() | below.keys())
    }


def _distinct(names: dict[int, str]) -> dict[int, str]:
    made: dict[int, str] = {}
    for column, name in names.items():
        made[column] = name if name not in made.values() else f"{name} ({column + 1})"
    return made


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows between empty ones, in pieces of at most 5,000."""
    group: list[Row] = []
    for row in rows:
        if group and (row.number - group[-1].number > 1 or len(group) == 5_000):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _write(builder: Builder, group: list[Row]) -> None:
    """Write rows as a table under the title above them, or as paragraphs where no row has two cells."""
    place = 0
    titles: list[str] = []
    while place < len(group) and len(group[place].cells) == 1:
        titles.append(next(iter(group[place].cells.values()))[0])
        place += 1
    table = group[place:]
    short = len(titles) == 1 and len(titles[0]) <= HEADING
    if not table or not short:
        for words in titles:
            builder.paragraph(words)
    if not table:
        return
    columns = sorted({column for row in table for column in row.cells})
    grid = [[row.cells.get(column, ("", ""))[0] for column in columns] for row in table]
    for cells in grid:
        while cells and not cells[-1]:
            cells.pop()
    named = len(table) > 1 and all(map(_is_words, table[0].cells.values())) and not grid[0][0].endswith(":")
    builder.table(grid, header=1 if named else 0, caption=titles[0] if short else "")
