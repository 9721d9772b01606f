"""Function definitions as language models are sent them, in all their shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..tidy import OWNER, checked
from ..tool import Note, Tool
from .documents import parsed, text_of
from .json_lines import draft_of
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
        """Yield the tools; a definition that is none is noted."""
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
    """Return the list of definitions that something is or holds."""
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
