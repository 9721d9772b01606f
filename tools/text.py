"""What is embedded and searched of a tool, within bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tool import Tool

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
