"""Function definitions as language models are sent them: values, a JSON or YAML file, or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..tidy import OWNER, Draft, checked
from ..tool import Note, Tool
from .documents import parsed, text_of
from .role import SourceError

_WRAPPERS = ("tools", "functions", "functionDeclarations", "function_declarations", "result")
WRAPPED = 4


@dataclass(frozen=True, slots=True)
class Functions:
    """Definitions in the shapes of OpenAI (`{"type": "function", "function": {…}}` and flat), Anthropic and MCP.

    Give a list of them, one, or a JSON or YAML file; a request that has them under `tools`, or the answer to
    `tools/list`, is understood too.
    """

    definitions: Sequence[Any] | Mapping[str, Any] | str | Path
    owner: str = ""
    server: str = ""

    def __post_init__(self) -> None:
        if not self.owner:
            here = isinstance(self.definitions, str | Path)
            name = str(Path(str(self.definitions)).expanduser().absolute())[-OWNER:] if here else "functions"
            object.__setattr__(self, "owner", name)

    def read(self) -> Iterator[Tool | Note]:
        """Yield the tools; a definition that is none is noted.

        Raises:
            SourceError: for a file that cannot be read, or holds no definitions.
            SourceAway: for an address that does not answer.
        """
        given = self.definitions
        if isinstance(given, str | Path):
            given = parsed(text_of(given), given)
        for number, one in enumerate(unwrapped(given, self.owner), start=1):
            yield from self._tool(one, f"definition {number}")

    def _tool(self, one: Any, place: str) -> Iterator[Tool | Note]:
        inside = one.get("function") if isinstance(one, Mapping) else None
        row = inside if isinstance(inside, Mapping) else one
        if isinstance(row, Mapping):
            yield from checked(draft_of(row, place, server=self.server), self.owner)
        else:
            what = f"it is a {type(row).__name__}, not an object"
            yield Note(self.owner, place, what, "left out; give a function definition", lost=True)


def unwrapped(given: Any, owner: str) -> Sequence[Any]:
    """Return the list of definitions that something is or holds.

    Raises:
        SourceError: where there are none.
    """
    for _ in range(WRAPPED):
        if isinstance(given, Mapping):
            key = next((key for key in _WRAPPERS if isinstance(given.get(key), list | Mapping)), None)
            if key is None:
                return [given]
            given = given[key]
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        nested = [one for item in given for one in _declared(item)]
        return nested
    raise SourceError(f"{owner!r} holds a {type(given).__name__}, no function definitions; give a list of them")


def _declared(item: Any) -> Sequence[Any]:
    """Return the definitions that an item of a list bundles, as Gemini has it, or the item."""
    bundle = next((item[key] for key in _WRAPPERS[2:4] if key in item), None) if isinstance(item, Mapping) else None
    return bundle if isinstance(bundle, list) else [item]


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
        """Yield the tools; a line that is no tool is noted.

        Raises:
            SourceError: for a file that cannot be read.
        """
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
