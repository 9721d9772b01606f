"""Documents of files and rows: text, titles and metadata in the form that every later step can rely on."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..core.errors import PolyhopError
from ..core.types import Document, Scalar


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a part of one (`rows.jsonl:17`, `scan.pdf:3`), that gave no document; `reason` is one line."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a reader left out of a file on purpose: `what` it is ("navigation"), and how many characters."""

    path: str
    what: str
    characters: int


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far a reader is in a large file: `done` of `total` of a unit such as "pages", 0 for a total nobody knows."""

    path: str
    done: int
    total: int
    unit: str


#: what a reader yields
Item = Document | Skipped | Dropped | FileProgress
PACE = 1.0  # seconds between two reports of how far a reader is


class Pace:
    """Says how far a reader is in a file, at most once a second.

    Args:
        path: the file.
        total: of how many, 0 where nobody knows.
        unit: of what, such as "pages".
    """

    def __init__(self, path: Path, total: int, unit: str) -> None:
        self._path, self._total, self._unit = str(path), total, unit
        self._next = time.monotonic() + PACE

    def told(self, done: int) -> Iterator[FileProgress]:
        """Yield that `done` are read, or nothing where the last report is not old enough."""
        if time.monotonic() >= self._next:
            yield FileProgress(self._path, done, self._total, self._unit)
            self._next = time.monotonic() + PACE


class UnreadableError(PolyhopError):
    """A file or a row cannot become a document; the message is the reason that `Skipped` reports."""


def one_line(error: BaseException, limit: int = 200) -> str:
    """Describe an exception as `Class: message` without line breaks, cut to `limit` characters."""
    message = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {message}" if message else name)[:limit]


LEVELS = 2
INT64 = 2**63
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?")
NOT_A_VALUE = frozenset({"NaN", "nan", "inf", "-inf", "Infinity", "-Infinity"})


def clean_text(text: str) -> str:
    """Normalise to NFC with `\\n` line ends, without NUL and lone surrogates, which SQLite and tokenizers refuse."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return text.replace("\x00", "")
    return unicodedata.normalize("NFC", _UNSTORABLE.sub("", text))


def clean_title(title: str) -> str:
    """Clean a title and put it on one line."""
    return " ".join(clean_text(title).split())


def stem_title(path: Path) -> str:
    """Return the title that a file's name suggests."""
    return clean_title(re.sub(r"[-_]+", " ", path.stem)) or path.name


def file_document(path: Path, text: str, *, title: str = "", metadata: Mapping[str, object] | None = None) -> Document:
    """Build the document of a file that holds just one."""
    return Document(
        key=str(path),
        text=clean_text(text),
        title=clean_title(title) or stem_title(path),
        metadata=clean_metadata(metadata or {}),
        source=str(path),
    )


def parse_scalar(value: str) -> str | int | float | None:
    """Read a cell as a number where it is written as one; `007` and `+44` stay text, NaN and infinity are None."""
    value = value.strip()
    if not value or value in NOT_A_VALUE:
        return None
    if not _NUMBER.fullmatch(value):
        return value
    if value.lstrip("-").isdigit():
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else value


def clean_metadata(fields: Mapping[str, object]) -> dict[str, Scalar | list[Scalar]]:
    """Flatten fields to string keys with scalars or lists of scalars.

    Nested objects become `a.b` and `a.b.c`, deeper ones JSON text; None, NaN, infinity and empty lists are dropped.
    """
    cleaned = {}
    for key, value in _flatten(fields, "", LEVELS):
        usable = _list(value) if isinstance(value, list | tuple) else _scalar(value)
        if key and usable is not None:
            cleaned[key] = usable
    return cleaned


def _flatten(fields: Mapping[str, object], prefix: str, levels: int) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        key = prefix + clean_title(str(name))
        if isinstance(value, Mapping) and levels:
            yield from _flatten(value, f"{key}.", levels - 1)
        else:
            yield key, value


def _scalar(value: object) -> Scalar | None:
    """Return a value that the record can store, or None to drop it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -INT64 <= value < INT64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return clean_text(value)
    return clean_text(json.dumps(value, ensure_ascii=False, default=str))


def _list(values: list[object] | tuple[object, ...]) -> list[Scalar] | str | None:
    if any(isinstance(value, Mapping | list | tuple) for value in values):
        return clean_text(json.dumps(values, ensure_ascii=False, default=str))
    return [scalar for value in values if (scalar := _scalar(value)) is not None] or None


TEXT_FIELDS = ("text", "content", "body", "passage", "contents", "page_content")
TITLE_FIELDS = ("title", "name")
ID_FIELDS = ("id", "_id")


def pick(names: Mapping[str, object], wanted: tuple[str, ...]) -> str | None:
    """Return the field that is called like the first of the wanted names that there is; exact case wins."""
    return _picked(tuple(names), wanted)


@lru_cache(maxsize=256)  # the rows of a table have the same names
def _picked(names: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    by_name = {name.strip().casefold(): name for name in names} | {name: name for name in names}
    return next((by_name[name] for name in wanted if name in by_name), None)


@dataclass(slots=True)
class RowDocuments:
    """Names the rows of one file, so that their order does not matter.

    A row with an id is `path#id`; one without is `path#` and the first 12 hex digits of SHA-256 over title + text,
    with `-2`, `-3` for the repeats.
    """

    path: Path
    ids: dict[str, int] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)

    def document(
        self, fields: Mapping[str, object], line: int, *, vector: object = None, content: str = ""
    ) -> Document:
        """Build one document; `fields` has text, title, id and metadata ready under these names.

        `content` is what a row without an id is named after, where that is more than its text.
        """
        text = clean_text(str(fields["text"]))
        if not text.strip():
            raise UnreadableError("no text: it is empty")
        title = clean_title(str(fields.get("title") or ""))
        metadata = fields.get("metadata")
        checked = None if vector is None else parse_vector(vector)
        return Document(
            key=f"{self.path}#{self._name(fields.get('id'), title + (content or text), line)}",
            text=text,
            title=title,
            metadata=clean_metadata(metadata if isinstance(metadata, Mapping) else {}),
            source=str(self.path),
            vector=checked,
        )

    def _name(self, row_id: object, content: str, line: int) -> str:
        if isinstance(row_id, bool) or not isinstance(row_id, str | int | float | None):
            raise UnreadableError(f"id {str(row_id)[:80]!r} is neither a string nor a number")
        name = "" if row_id is None else clean_title(str(row_id))
        if not name:
            digest = hashlib.sha256(content.encode()).hexdigest()[:12]
            count = self.repeats[digest] = self.repeats.get(digest, 0) + 1
            return digest if count == 1 else f"{digest}-{count}"
        if name in self.ids:
            raise UnreadableError(f"id {name[:80]!r} is taken by line {self.ids[name]}; give each row its own")
        self.ids[name] = line
        return name


def parse_vector(values: object) -> tuple[float, ...]:
    """Check a caller's embedding: finite numbers in the range of float32, not all zero."""
    if not isinstance(values, list) or not values or any(type(value) not in (int, float) for value in values):
        raise UnreadableError("vector is not a list of numbers")
    try:
        vector = np.asarray(values, dtype=np.float64)
    except OverflowError as error:
        raise UnreadableError("vector holds a number too large for float32") from error
    if not np.isfinite(vector).all():
        raise UnreadableError("vector holds NaN or infinity")
    if np.abs(vector).max() > np.finfo(np.float32).max:
        raise UnreadableError("vector holds a number too large for float32")
    if np.abs(vector).max() < np.finfo(np.float32).tiny:
        raise UnreadableError("vector is zero")
    return tuple(vector.tolist())
