"""Rows of tables and objects of JSON as documents: every column is in the text, and typed in the metadata.

The text of a row is what its text column holds, and below it a line for each other column, `column: value`. A line a
column, since each can then be quoted by itself, is cut at its end and not inside a value, and says in a passage of its
own what it is about; one long line of all columns is quoted whole or cut anywhere.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ..core.types import Block, Document
from .documents import (
    ID_FIELDS,
    NOT_A_VALUE,
    TEXT_FIELDS,
    TITLE_FIELDS,
    RowDocuments,
    UnreadableError,
    clean_text,
    clean_title,
    pick,
)

LONG = 300  # characters beyond which a value is a paragraph of its own
DEEPEST = 8
MOST_NUMBERS = 50
_ROLES = ("role", "from", "author", "speaker", "sender", "user", "name")
_SAID = ("content", "value", "text", "message", "body", "utterance")
_OTHERS = frozenset(["metadata", "vector"])
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_HEADING = re.compile(r"(#{1,6}) (\S[^\n]*)")
_SPOKEN_ID = re.compile(r"[A-Za-z]{2,}[-_./ ]?\d+(?:[-_./]\w+)*")
_ENCODED = re.compile(r"data:[\w/+.-]+;base64,|[A-Za-z0-9+/=_-]{500}")

#: a name, or nothing where the words need none, and a value
Field = tuple[str, str]


def row_document(
    rows: RowDocuments,
    row: Mapping[str, object],
    line: int,
    *,
    text_field: str = "",
    metadata: Mapping[str, object] | None = None,
    table: bool = False,
) -> Document:
    """Build the document of one row.

    A row with a text and nothing else but a title and an id is its text alone, and so is one that brings its vector,
    which belongs to just that text. In others ids and titles stand in the text too.

    Args:
        rows: names the rows of the file.
        row: column names and values; `metadata` and `vector` are what they say.
        line: where the row begins, for messages.
        text_field: the column whose text is the row's, if it has another name than those in `TEXT_FIELDS`.
        metadata: what the metadata says in place of the values, of tables, whose values are all written as text.
        table: whether the row is one of a table: it may be of numbers alone, or of an id and a title, and its id stands
            in the text if it looks like one that people speak of ("TCK-4711").

    Raises:
        UnreadableError: if there is no text in the row, or its id or vector is none.
    """
    text = _text_field(row, text_field)
    title, row_id = (pick(row, wanted) for wanted in (TITLE_FIELDS, ID_FIELDS))
    if title == text:
        title = None
    used = {text, title, row_id} | _OTHERS
    beside = {name: value for name, value in row.items() if name not in used}
    fields = list(fields_of(beside))
    main = str(row[text]) if text else ""
    named = {name: row[name] for name in row if name in (title, row_id)}
    if table and not main and not fields:
        fields = list(fields_of(named))
    if not main and not (fields if table else any(map(str.isalpha, "".join(value for _, value in fields)))):
        raise UnreadableError(f"no text: none of {', '.join(TEXT_FIELDS)} nor another field has words in it")
    given = row.get("metadata")
    ready = {
        "text": main or "\n".join(f"{name}: {value}" for name, value in fields),
        "title": row[title] if title and isinstance(row[title], str | int | float) else "",
        "id": row.get(row_id or ""),
        "metadata": _metadata(beside, whole=not text)
        | (dict(given) if isinstance(given, Mapping) else {"metadata": given})
        | dict(metadata or {}),
    }
    spoken = table and _SPOKEN_ID.fullmatch(str(row.get(row_id or "") or "").strip())
    if row.get("vector") is not None or not (fields or spoken):
        return rows.document(ready, line, vector=row.get("vector"))
    shown = {name: value for name, value in row.items() if name in beside or name in named}
    written, blocks = written_fields(fields_of(shown), main=clean_text(main))
    return replace(rows.document(ready, line, content=written), text=written, blocks=blocks)


def _text_field(row: Mapping[str, object], wanted: str) -> str | None:
    """Return the name of the column that holds the text, or None where no known one has some."""
    for name in (wanted,) if wanted else TEXT_FIELDS:
        found = pick(row, (name,))
        value = row[found] if found else None
        if found and isinstance(value, str) and value.strip():
            return found
    return None


def _metadata(beside: Mapping[str, object], *, whole: bool) -> dict[str, object]:
    """Return the columns as metadata; where there is no text column, what is text is none."""
    if not whole:
        return dict(beside)
    return {
        name: value
        for name, value in beside.items()
        if not (isinstance(value, str) and len(value) > LONG)
        and not (isinstance(value, list) and any(isinstance(one, Mapping) for one in value))
    }


def fields_of(row: Mapping[str, object], prefix: str = "", depth: int = 0) -> Iterator[Field]:
    """Yield the names and values of an object, of nested ones as `outer.inner`, of turns of a talk as `role`."""
    for key, value in row.items():
        name = clean_title(f"{prefix}{key}")
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from fields_of(value, f"{name}.", depth + 1)
        elif isinstance(value, list | tuple) and any(isinstance(one, Mapping | list) for one in value):
            yield from _nested(name, value, depth)
        elif words := _value(value):
            yield name, words


def _nested(name: str, values: Iterable[object], depth: int) -> Iterator[Field]:
    for value in values:
        if isinstance(value, Mapping) and (turn := _turn(value)):
            yield turn
        elif isinstance(value, Mapping) and depth < DEEPEST:
            yield from fields_of(value, f"{name}.", depth + 1)
        elif isinstance(value, list) and depth < DEEPEST:
            yield from fields_of({name: value}, "", depth + 1)
        elif words := _value(value):
            yield name, words


def _turn(value: Mapping[str, object]) -> Field | None:
    """Return who speaks and what is said where an object is a turn of a talk."""
    role = next((value[name] for name in _ROLES if isinstance(value.get(name), str)), None)
    said = next((value[name] for name in _SAID if name in value), None)
    if isinstance(said, list):
        said = "\n\n".join(str(part["text"]) for part in said if isinstance(part, Mapping) and part.get("text"))
    if not isinstance(role, str) or not isinstance(said, str) or not said.strip() or len(value) > 6:
        return None
    return clean_title(role), clean_text(said).strip()


def _value(value: object) -> str:
    """Return a value in words, or nothing for none and for what is not for reading, such as vectors."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "" if _ENCODED.match(value) or value.strip() in NOT_A_VALUE else clean_text(value).strip()
    if isinstance(value, list | tuple):
        if len(value) > MOST_NUMBERS and all(isinstance(one, int | float) for one in value):
            return ""
        return ", ".join(filter(None, map(_value, value)))
    return clean_text(json.dumps(value, ensure_ascii=False, default=str)) if isinstance(value, Mapping) else str(value)


def _line(field: Field) -> str:
    name, value = field
    return f"{name}: {' '.join(value.split())}" if name else " ".join(value.split())


def written_fields(fields: Iterable[Field], *, main: str = "") -> tuple[str, tuple[Block, ...]]:
    """Return the text of a row and its blocks: the main text, then a line a field; a long one is a paragraph."""
    text, blocks = "", list[Block]()
    trail: tuple[str, ...] = ()

    def add(kind: str, words: str) -> None:
        nonlocal text
        text += "\n\n" if text else ""
        blocks.append(Block(len(text), len(text) + len(words), kind, trail))  # type: ignore[arg-type]
        text += words

    for part in _BLANK_LINES.split(main.strip()) if main else ():
        if found := _HEADING.fullmatch(part):
            trail = (*trail[: len(found[1]) - 1],)
            add("heading", part)
            trail = (*trail, found[2])
        else:
            add("paragraph", part)
    trail = ()
    waiting: list[str] = []
    for name, value in fields:
        if len(value) <= LONG and "\n\n" not in value:
            waiting.append(_line((name, value)))
            continue
        if waiting:
            add("list", "\n".join(waiting))
            waiting = []
        for number, part in enumerate(_BLANK_LINES.split(value)):
            add("paragraph", f"{name}: {part}" if name and not number else part)
    if waiting:
        add("list", "\n".join(waiting))
    return text, tuple(blocks)
