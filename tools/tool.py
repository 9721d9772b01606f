"""A tool as the catalogue keeps it, and what is said of the sources that tools come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .schema import Argument, arguments, properties_of

_NUMBERED = re.compile(r"~\d+\Z")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: what it is called, what it does, what it takes and gives, and who offers it.

    `name` is exactly what its server wants to hear. `parameters` and `output` are JSON schemas, empty where nothing is
    known. `server` offers it, `owner` is the source it was read from. `number` tells apart different tools that one
    server offers under one name. Importers check and bound all of it; one made by hand goes through `tidy.checked`.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    server: str = ""
    tags: tuple[str, ...] = ()
    kind: str = "function"
    output: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    number: int = 1

    @property
    def id(self) -> str:
        """Return what it is called in a catalogue for good: owner, server and name, told apart whatever is in them."""
        owner = self.owner.replace("%", "%25").replace("#", "%23")
        server = self.server.replace("%", "%25").replace("/", "%2F")
        return f"{owner}#{server}/{self.marked}"

    @property
    def qualified(self) -> str:
        """Return the name behind its server's, where it has one."""
        return f"{self.server}/{self.marked}" if self.server else self.marked

    @property
    def title(self) -> str:
        """Return the words of the name; a name without any is its own title."""
        return words(self.name) or self.name

    @property
    def text(self) -> str:
        """Return what is searched beside the title: description, arguments, server, tags and the exact name."""
        return body(self)

    @property
    def embed_text(self) -> str:
        """Return what the stored vector is made of."""
        return f"{self.title}\n{self.text}"

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Return the inputs in their order."""
        return arguments(self.parameters)

    @property
    def required(self) -> tuple[str, ...]:
        """Return the names of the inputs that a call must give."""
        return tuple(one.name for one in self.arguments if one.required)

    @property
    def optional(self) -> tuple[str, ...]:
        """Return the names of the other inputs."""
        return tuple(one.name for one in self.arguments if not one.required)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of what it gives: the properties of its output, or of the items where that is a list."""
        return tuple(properties_of(self.output))

    def definition(self, name: str = "") -> dict[str, Any]:
        """Return the function definition that a language model is sent; `name` stands in for the tool's own."""
        parameters = dict(self.parameters) or {"type": "object", "properties": {}}
        function = {"name": name or self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    @property
    def marked(self) -> str:
        """Return the name with its number, where it has one or ends like one, so that no two come out the same."""
        return f"{self.name}~{self.number}" if self.number > 1 or _NUMBERED.search(self.name) else self.name


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a tool that its owner should mend; the catalogue goes on with what it made of it.

    `lost` says that the source held something that could not be told to be this tool or that one.
    """

    owner: str
    tool: str
    what: str
    remedy: str
    lost: bool = False

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.owner}: {self.tool}: {self.what}; {self.remedy}"


@dataclass(slots=True)
class SyncReport:
    """What became of the tools of one source.

    `failed` says why the source could not be read; its tools are then as they were. `kept` counts tools that stay only
    because the source could not be read whole.
    """

    owner: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0
    notes: list[Note] = field(default_factory=list)
    failed: str = ""


# Characters of each part that are searched: an embedder reads about 1,000, and long texts drown in word statistics.
DESCRIPTION = 2_000
ARGUMENT = 160
ARGUMENTS = 1_500
TAGS = 200

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> str:
    """Return the words of a name in snake, camel or kebab case, dots and slashes, lower case: `get team stats`."""
    return " ".join(_HUMP.sub(" ", " ".join(_WORD.findall(name))).lower().split())


def folded(name: str) -> str:
    """Return the letters and digits of a name, in lower case: what is left of it however it is written."""
    return "".join(_WORD.findall(name)).lower()


def body(tool: Tool) -> str:
    """Return the text of a tool behind its title; it is never empty."""
    parts = [tool.description[:DESCRIPTION], _inputs(tool), _where(tool)]
    if _HUMP.search(tool.name):  # a search by words finds all others by their words already
        parts.append(tool.name)
    return "\n".join(part for part in parts if part.strip()) or tool.name


def _inputs(tool: Tool) -> str:
    said = []
    room = ARGUMENTS
    for argument in tool.arguments:
        named = words(argument.name) or argument.name
        one = f"{named}: {argument.description[:ARGUMENT]}" if argument.description else named
        room -= len(one)
        if room < 0:
            break
        said.append(one)
    return "; ".join(said)


def _where(tool: Tool) -> str:
    return ", ".join(part for part in (tool.server, *tool.tags) if part)[:TAGS]
