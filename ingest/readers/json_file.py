"""JSON: the objects of a list are rows; any other value is one document of `name: value` lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...core.types import Document
from ..decode import read_text
from ..documents import TITLE_FIELDS, RowDocuments, Skipped, UnreadableError, file_document, pick
from ..rows import fields_of, row_document, written_fields
from . import json_lines

MAX_BYTES = 50_000_000
_LISTS = ("data", "rows", "items", "records", "results", "documents", "entries", "hits")


def read(path: Path, *, text_field: str = "") -> Iterator[Document | Skipped]:
    """Yield a document for each object of the list, and a `Skipped` named `path:number` for each that gives none."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableError(f"{size:,} bytes of JSON are over the limit of {MAX_BYTES:,}; save it as JSON lines")
    text, note = read_text(path)
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise UnreadableError("invalid JSON: nested too deeply") from error
    except ValueError as error:
        if "Extra data" not in str(error):
            raise UnreadableError(f"invalid JSON: {error}") from error
        yield from json_lines.read(path, text_field=text_field)
        return
    rows, rest = _rows(value)
    if rows:
        yield from _documents(path, rows, text_field=text_field)
    if rest and (fields := list(fields_of(rest))):
        written, blocks = written_fields(fields)
        title = pick(rest, TITLE_FIELDS)
        made = file_document(path, written, title=str(rest[title]) if title else "", metadata=note)
        yield replace(made, blocks=blocks)


def _documents(path: Path, values: Sequence[Mapping[str, object]], *, text_field: str) -> Iterator[Document | Skipped]:
    rows = RowDocuments(path)
    for number, row in enumerate(values, 1):
        try:
            yield row_document(rows, row, number, text_field=text_field)
        except UnreadableError as error:
            yield Skipped(f"{path}:{number}", str(error))


def _rows(value: object) -> tuple[list[Mapping[str, object]], Mapping[str, object]]:
    """Return the rows of a value, and what it holds besides: all of it where it has no rows."""
    if isinstance(value, list):
        rows = [one for one in value if isinstance(one, Mapping)]
        others = [one for one in value if not isinstance(one, Mapping)]
        return rows, {"": others} if others else {}
    if not isinstance(value, Mapping):
        return [], {"": value}
    lists = [name for name, one in value.items() if isinstance(one, list) and one and _all_objects(one)]
    found = next((name for name in _LISTS if name in lists), lists[0] if len(lists) == 1 and len(value) < 4 else None)
    if found is not None and not _is_talk(value[found]):
        rest = {name: one for name, one in value.items() if name != found}
        return list(value[found]), rest if any(isinstance(one, str) for one in rest.values()) else {}
    objects = [one for one in value.values() if isinstance(one, Mapping)]
    if len(objects) > 1 and len(objects) == len(value) and set.intersection(*(set(one) for one in objects)):
        return [{"id": name, **one} for name, one in value.items()], {}
    return [], value


def _all_objects(values: Sequence[object]) -> bool:
    return all(isinstance(one, Mapping) for one in values)


def _is_talk(values: Sequence[Mapping[str, object]]) -> bool:
    return any("role" in one and "content" in one for one in values)
