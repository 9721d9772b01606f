"""JSON lines: an object a line, each line read and judged by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ...core.types import Document
from ..decode import UTF8, looks_binary, marked_encoding, refuse_known
from ..documents import RowDocuments, Skipped, UnreadableError
from ..rows import row_document

MAX_LINE = 10_000_000
HOPELESS = 100
_HEAD = 1 << 16


def read(path: Path, *, text_field: str = "") -> Iterator[Document | Skipped]:
    """Yield a document a line, and a `Skipped` named `path:line` for each line that gives none.

    `text_field` is the field whose text is the row's, if it has another name than those in `TEXT_FIELDS`.
    """
    rows, good, bad = RowDocuments(path), 0, 0
    for number, line in _lines(path):
        try:
            document = row_document(rows, _parse(line), number, text_field=text_field)
        except UnreadableError as error:
            bad += 1
            yield Skipped(f"{path}:{number}", str(error))
        else:
            good += 1
            yield document
        if bad == HOPELESS and not good:
            raise UnreadableError(f"not JSON lines: none of the first {HOPELESS} lines is usable, the rest is not read")


def _lines(path: Path) -> Iterator[tuple[int, str | bytes]]:
    """Yield the non-blank lines with their numbers; one over the limit comes cut just beyond it."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    refuse_known(head)
    encoding = marked_encoding(head)
    if encoding in (None, UTF8):
        if looks_binary(head):
            raise UnreadableError("binary, not text")
        file = path.open("rb")
    else:
        file = path.open(encoding=encoding, newline="\n")  # type: ignore[assignment]
    with file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            _skip_rest(file, line)
            if line.strip():
                yield number, line


def _skip_rest(file: IO[Any], line: str | bytes) -> None:
    """Pass over what is left of a line that is longer than the limit."""
    newline: Any = "\n" if isinstance(line, str) else b"\n"
    rest: Any = line
    while len(rest) > MAX_LINE and not rest.endswith(newline):
        rest = file.readline(MAX_LINE + 1)


def _parse(line: str | bytes) -> dict[str, object]:
    if len(line) > MAX_LINE:
        raise UnreadableError(f"longer than the limit of {MAX_LINE:,} bytes a line")
    try:
        value = json.loads(line if isinstance(line, str) else line.decode(UTF8))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not valid UTF-8 at byte {error.start:,} of the line") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UnreadableError(f"invalid JSON: {reason}") from error
    if not isinstance(value, dict):
        raise UnreadableError(f"not a JSON object but a {type(value).__name__}")
    return value
