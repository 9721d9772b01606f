"""Markdown: headings stay in the text, front matter becomes metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...core.types import Document
from ...store.chunk import first_heading, outside_fences
from ..decode import read_text
from ..documents import clean_text, file_document, parse_scalar

FRONT_MATTER_LINES = 500
_KEY = re.compile(r"([A-Za-z_][\w .-]*):(?:\s+(.*)|)$")
_ITEM = re.compile(r"\s*-\s+(.*)$")
_RULE = re.compile(r"(?:=+|--+)[ \t]*")
_UNDERLINE = {"=": "#", "-": "##"}


def read(path: Path) -> Iterator[Document]:
    """Yield the file as one document; the title is the front matter's, else the first heading."""
    raw, note = read_text(path)
    fields, body = split_front_matter(clean_text(raw))
    text = underlined_to_hashes(body)
    title = fields.pop("title", None)
    yield file_document(path, text, title=str(title or first_heading(text)), metadata=fields | note)


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Split off the `key: value` lines between two `---` at the top; anything else there is left as text."""
    lines = text.split("\n", FRONT_MATTER_LINES)
    if lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:FRONT_MATTER_LINES], 1) if line.rstrip() in ("---", "...")), 0)
    fields = _fields(lines[1:end]) if end else None
    if fields is None:
        return {}, text
    return fields, "\n".join(lines[end + 1 :]).lstrip("\n")


def _fields(lines: list[str]) -> dict[str, object] | None:
    """Parse simple lines; None where a line is neither a field, an item of one, nor a comment."""
    fields: dict[str, object] = {}
    items: list[object] = []
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        field, item = _KEY.match(line), _ITEM.match(line)
        if field:
            items = []
            fields[field[1].strip()] = _value(field[2] or "") if field[2] else items
        elif item and fields:
            items.append(_value(item[1]))
        elif not (line[0].isspace() and fields):
            return None
    return fields


def _value(text: str) -> object:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.startswith("[") and text.endswith("]"):
        return [_value(part) for part in text[1:-1].split(",") if part.strip()]
    if text in ("true", "false"):
        return text == "true"
    return parse_scalar(text)


def underlined_to_hashes(text: str) -> str:
    """Write headings underlined with `===` or `---` as `#` lines, the one form that the chunker reads."""
    lines = text.split("\n")
    usable = outside_fences(lines)
    kept: list[str] = []
    for i, line in enumerate(lines):
        mark = _UNDERLINE.get(line[:1]) if _RULE.fullmatch(line) else None
        if mark and usable[i] and i and usable[i - 1] and _is_lone_line(kept):
            kept[-1] = f"{mark} {kept[-1].strip()}"
        else:
            kept.append(line)
    return "\n".join(kept)


def _is_lone_line(lines: list[str]) -> bool:
    """Tell whether the last line is a paragraph of one line, not a heading, list item or quote."""
    last, before = lines[-1], lines[-2] if len(lines) > 1 else ""
    return bool(last.strip()) and not before.strip() and not last.startswith(("#", "-", "*", ">", " ", "|"))
