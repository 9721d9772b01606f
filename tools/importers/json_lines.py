"""JSON lines: an object a line with a name, and whatever else it says of the tool."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..tidy import OWNER, Draft, checked
from ..tool import Note, Tool
from .role import SourceError

LINE = 4_000_000
_SCHEMAS = ("parameters", "inputSchema", "input_schema", "args_schema", "schema")
_OUTPUTS = ("outputSchema", "output_schema")
_SERVERS = ("server", "tool_name", "api")
_TAGS = ("tags", "category", "field", "domain")
_READ = {"name", "description", "required", "type", *_SCHEMAS, *_OUTPUTS, *_SERVERS, *_TAGS}


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of tools, one JSON object a line: `{"name": …, "description": …, "parameters": {…}}`.

    The schema may also be called `inputSchema`, as MCP servers have it; `server`, `tags`, `category` and `field` are
    understood, anything else is kept with the tool.
    """

    path: str | Path
    owner: str = ""

    def __post_init__(self) -> None:
        if not self.owner:
            object.__setattr__(self, "owner", str(Path(self.path).expanduser().absolute())[-OWNER:])

    def read(self) -> Iterator[Tool | Note]:
        """Yield the tools; a line that is no tool is noted."""
        try:
            with Path(self.path).expanduser().open(encoding="utf-8-sig", errors="replace") as lines:
                filled = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
                for number, line in filled:
                    yield from self._line(line, f"line {number}")
        except OSError as error:
            raise SourceError(f"cannot read {str(self.path)!r} ({error}); give a file of JSON lines") from error

    def _line(self, line: str, place: str) -> Iterator[Tool | Note]:
        try:
            row = json.loads(line) if len(line) <= LINE else None
        except (ValueError, RecursionError) as error:
            yield Note(self.owner, place, f"it is not JSON ({error!s:.80})", "left out; mend the line", lost=True)
            return
        if isinstance(row, dict):
            yield from checked(draft_of(row, place), self.owner)
        else:
            what = "it is no object" if row is not None else f"it is null or longer than {LINE} characters"
            yield Note(self.owner, place, what, "left out; write one tool a line", lost=True)


def draft_of(row: Mapping[str, Any], place: str = "", *, kind: str = "function", server: str = "") -> Draft:
    """Return what a JSON object says of a tool, in whichever of the usual words; a given server is the server."""
    first = next((row[name] for name in _SCHEMAS if row.get(name) is not None), None)
    return Draft(
        name=row.get("name"),
        description=row.get("description"),
        parameters=_with_required(first, row.get("required")),
        server=server or next((row[name] for name in _SERVERS if row.get(name)), ""),
        tags=[tag for name in _TAGS for tag in _listed(row.get(name))],
        kind=kind,
        output=next((row[name] for name in _OUTPUTS if row.get(name) is not None), None),
        extras={name: value for name, value in row.items() if name not in _READ},
        place=place,
    )


def _with_required(schema: Any, required: Any) -> Any:
    """Join a mapping from names to schemas with the list of those that are required, which stands beside it."""
    if not isinstance(schema, dict) or not isinstance(required, list) or "properties" in schema:
        return schema
    return {"type": "object", "properties": schema, "required": required}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] if value else []
