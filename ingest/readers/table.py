"""CSV and TSV: a header row, then a document a row."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from ...core.types import Document
from ..decode import encoding_note, encoding_of
from ..documents import (
    ID_FIELDS,
    TEXT_FIELDS,
    TITLE_FIELDS,
    RowDocuments,
    Skipped,
    UnreadableError,
    clean_title,
    parse_scalar,
    pick,
)
from ..rows import row_document

MAX_FIELD = 10_000_000


def read(path: Path, *, text_field: str = "") -> Iterator[Document | Skipped]:
    """Yield a document a row, and a `Skipped` named `path:line` for each row that gives none.

    `text_field` is the column whose text is the row's, if it has another name than those in `TEXT_FIELDS`.
    """
    encoding = encoding_of(path)
    # The limit belongs to the process; it is only ever raised, so other users of csv lose nothing.
    csv.field_size_limit(max(MAX_FIELD, csv.field_size_limit()))
    with path.open(encoding=encoding, newline="") as file:
        table = _rows(file, tabs=path.suffix.lower() == ".tsv")
        columns = _columns(next(table, (1, []))[1])
        rows = RowDocuments(path)
        for line, row in table:
            try:
                fields = _named(columns, row)
                yield _document(fields, line, rows, text_field=text_field, note=encoding_note(encoding))
            except UnreadableError as error:
                yield Skipped(f"{path}:{line}", str(error))


def _rows(file: TextIO, *, tabs: bool) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield each row that is not blank with the line it starts on; an error ends that row alone.

    Tab-separated values know no quotes. The delimiter of a CSV is the most frequent one in its header.
    """
    if tabs:
        table = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        header = file.readline(MAX_FIELD)
        file.seek(0)
        # Strict, or a quote that is never closed would quietly make one row of all that follow it.
        table = csv.reader(file, delimiter=max(",;\t|", key=header.count), strict=True)
    row: list[str] | csv.Error | None = []
    while row is not None:
        line = table.line_num + 1
        try:
            row = next(table, None)
        except csv.Error as error:
            row = error
        if isinstance(row, csv.Error) or (row and any(map(str.strip, row))):
            yield line, row


def _columns(header: list[str] | csv.Error) -> list[str]:
    """Check the header row and name the columns that have no name."""
    if isinstance(header, csv.Error):
        raise UnreadableError(f"invalid CSV in the header row: {header}") from header
    names = [clean_title(_unquote(name)) for name in header]
    named = [name for name in names if name]
    repeated = [name for name, n in Counter(named).items() if n > 1]
    if not named:
        raise UnreadableError("empty: no header row")
    if repeated:
        raise UnreadableError(f"the header row repeats {', '.join(sorted(repeated))}; rename the columns")
    if all(not isinstance(parse_scalar(name), str) for name in named):
        raise UnreadableError("the first row is all numbers; add a header row with the names of the columns")
    return [name or f"column {number}" for number, name in enumerate(names, 1)]


def _named(columns: Sequence[str], row: list[str] | csv.Error) -> dict[str, str]:
    if isinstance(row, csv.Error):
        raise UnreadableError(f"invalid CSV: {row}") from row
    if len(row) > len(columns):
        raise UnreadableError(f"{len(row)} values for {len(columns)} columns; quote values that hold the delimiter")
    return {name: _unquote(value) for name, value in zip(columns, row, strict=False)}


def _unquote(value: str) -> str:
    """Take off the quotes that spreadsheets put around tab-separated values."""
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1].replace('""', '"') if quoted else value


def _document(
    fields: dict[str, str], line: int, rows: RowDocuments, *, text_field: str, note: dict[str, object]
) -> Document:
    text, title, row_id = (
        pick(fields, wanted) for wanted in ((text_field,) if text_field else TEXT_FIELDS, TITLE_FIELDS, ID_FIELDS)
    )
    rest = {name: value for name, value in fields.items() if name not in {text, title, row_id}}
    if text and not fields[text].strip() and not any(map(str.strip, rest.values())):
        raise UnreadableError(f"no text in column {text!r}")
    metadata = {name: parse_scalar(value) for name, value in rest.items()}
    return row_document(rows, fields, line, text_field=text_field, metadata=metadata | note, table=True)
