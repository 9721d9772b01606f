"""Bring text, titles and metadata into the form that every later step can rely on."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..core.types import Document, Scalar

LEVELS = 2
INT64 = 2**63
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?")
_NOT_A_VALUE = frozenset({"NaN", "nan", "inf", "-inf", "Infinity", "-Infinity"})


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
    if not value or value in _NOT_A_VALUE:
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
