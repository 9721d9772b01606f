"""References inside a document: resolved to what they mean, without walking in circles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .schema import DEPTH, VALUES, pointed


@dataclass(slots=True)
class Expander:
    """Copies parts of a document with its local references replaced by what they point at.

    A reference back to something that is being copied, one that leads out of the document, and whatever goes beyond
    the bounds become `{}`; each complaint is remembered once.
    """

    root: Mapping[str, Any]
    complaints: list[str] = field(default_factory=list)
    left: int = VALUES
    circles: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def expand(self, value: Any, depth: int = 0) -> Any:
        """Return the copy."""
        self.left -= 1
        if self.left < 0:
            return self._complain(f"it has more than {VALUES} values")
        if depth > DEPTH:
            return self._complain(f"it is nested more than {DEPTH} deep")
        if isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                return self._follow(value, depth)
            return {key: self.expand(item, depth + 1) for key, item in value.items() if self.left > 0}
        if isinstance(value, list | tuple):
            return [self.expand(item, depth + 1) for item in value if self.left > 0]
        return value

    def _follow(self, value: Mapping[str, Any], depth: int) -> Any:
        pointer = value["$ref"]
        if pointer in self._open:
            self.circles.append(pointer)
            return self._complain(f"{pointer!r} refers to itself")
        target = pointed(self.root, pointer)
        if target is None:
            where = "out of the document" if not pointer.startswith("#") else "nowhere"
            return self._complain(f"{pointer!r} leads {where}")
        self._open.append(pointer)
        try:
            found = self.expand(target, depth + 1)
        finally:
            self._open.pop()
        beside = {key: item for key, item in value.items() if key in ("description", "default", "title")}
        return {**found, **beside} if isinstance(found, dict) else found

    def _complain(self, complaint: str) -> dict[str, Any]:
        if complaint not in self.complaints:
            self.complaints.append(complaint)
        return {}


def circle(schema: Mapping[str, Any]) -> str:
    """Return a reference in a schema that leads back to itself, or nothing."""
    if "$ref" not in str(schema):
        return ""
    expander = Expander(schema)
    expander.expand({key: value for key, value in schema.items() if key not in ("$defs", "definitions")})
    return next(iter(expander.circles), "")
