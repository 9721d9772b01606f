"""Turn the rows of a table or a JSON lines file into documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..core.types import Document
from .clean import clean_metadata, clean_text, clean_title
from .skipped import UnreadableError

TEXT_FIELDS = ("text", "content", "body", "passage", "contents")
TITLE_FIELDS = ("title", "name")
ID_FIELDS = ("id", "_id")


def pick(names: Mapping[str, object], wanted: tuple[str, ...]) -> str | None:
    """Return the field that is called like the first of the wanted names that there is; exact case wins."""
    by_name = {name.strip().casefold(): name for name in names} | {name: name for name in names}
    return next((by_name[name] for name in wanted if name in by_name), None)


@dataclass(slots=True)
class Rows:
    """Names the rows of one file, so that their order does not matter.

    A row with an id is `path#id`; one without is `path#` and the first 12 hex digits of SHA-256 over title + text,
    with `-2`, `-3` for the repeats.
    """

    path: Path
    ids: dict[str, int] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)

    def document(self, fields: Mapping[str, object], line: int, *, vector: object = None) -> Document:
        """Build one document; `fields` has text, title, id and metadata ready under these names."""
        text = clean_text(str(fields["text"]))
        if not text.strip():
            raise UnreadableError("no text: it is empty")
        title = clean_title(str(fields.get("title") or ""))
        metadata = fields.get("metadata")
        checked = None if vector is None else parse_vector(vector)
        return Document(
            key=f"{self.path}#{self._name(fields.get('id'), title + text, line)}",
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
