"""What an agent is offered: a search over tools, and the tools that such a search may show, no others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from ...core.errors import CallerError
from ...tools.tool import Tool
from ..selection import SelectedTool, ToolSelector

# Tools that one search shows, and those it looks through where some may not be shown.
MOST = 20
DEPTH = 60
# Characters of a description that a search shows.
DESCRIPTION = 2_000
# Characters of what a search is asked.
REQUEST = 4_000

SEARCH = "search_tools"
CALL = "call_tool"
SEARCHES = (
    "Find tools for what has to be done. Say in plain words what each tool should do, one thing after the other, "
    "rather than keywords. Search again in other words if nothing fits."
)


# What shows nothing and is of no format category: fillers, a joiner and variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


@dataclass(frozen=True, slots=True)
class Permissions:
    """Patterns of `SERVER/NAME`, such as `github/*` or `*/delete_*`: what to allow, and what to deny out of that.

    Each half is a pattern of its own, with `*`, `?` and `[...]`; either may hold slashes. What is denied is so however
    its letters are cased, composed or spaced, and by the name of its server as by the one that is shown.
    """

    allow: tuple[str, ...] = ("*/*",)
    deny: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (*self.allow, *self.deny):
            if "/" not in pattern:
                raise CallerError(f"the pattern {pattern!r} names no server; write SERVER/NAME, such as '*/{pattern}'")

    def passes(self, server: str, names: Collection[str]) -> bool:
        """Say whether something of a server that bears these names may be shown: one must be allowed, none denied."""
        for name in names:
            forms = [(server, name), (server, plain(name))]
            if any(_fits(one, form, way) for one in self.deny for form in forms for way in (str.casefold, caseless)):
                return False
        return any(_fits(one, (server, name), way) for one in self.allow for name in names for way in (str, plain))

    def permits(self, tool: Tool, server: str = "") -> bool:
        """Say whether a tool may be shown and called; `server` is its server's whole name where the tool has it cut."""
        said = (server or tool.server, tool.name)
        shown = (tool.server, tool.marked)
        of_id, _, name = tool.id.partition("/")
        for pattern in self.deny:
            forms = {said, shown, *([(of_id, name)] if "#" in pattern else [])}
            if any(_fits(pattern, form, way) for form in forms for way in (str.casefold, caseless)):
                return False
        return any(_fits(pattern, said, way) for pattern in self.allow for way in (str, plain))


@lru_cache(4_096)
def plain(text: str) -> str:
    """Return a name as it is read: composed, its spaces caseless, and without what cannot be seen."""
    seen = [one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf"]
    return " ".join(_BLANK.sub("", "".join(seen)).split())


@lru_cache(4_096)
def caseless(text: str) -> str:
    """Return a name as it is read whatever its letters' case."""
    return plain(plain(text).casefold())


def _fits(pattern: str, form: tuple[str, str], way: Callable[[str], str]) -> bool:
    """Say whether a pattern, divided at any of its slashes, fits a server and a name, all of them written one way."""
    server, name = map(way, form)
    ends = [place for place, one in enumerate(pattern) if one == "/"]
    halves = ((way(pattern[:end]), way(pattern[end + 1 :])) for end in ends)
    return any(fnmatchcase(server, of_server) and fnmatchcase(name, of_name) for of_server, of_name in halves)


class NotOffered(CallerError):
    """A tool that is not there, or may not be reached."""


@dataclass(frozen=True, slots=True)
class FoundTools:
    """The tools that a search shows, best first; `why` says why there are none."""

    tools: tuple[SelectedTool, ...]
    why: str = ""

    def rows(self) -> list[dict[str, Any]]:
        """Return what a model must know to call them, as plain JSON."""
        return [_row(one) for one in self.tools]


@dataclass(frozen=True, slots=True)
class ToolSearch:
    """A search over the tools of a selector that may be reached, pass a filter, and are at hand.

    `has` says of a tool whether it can be called here, `meant` whether it may be by this name.
    """

    selector: ToolSelector
    permissions: Permissions = field(default_factory=Permissions)
    where: str = ""
    has: Callable[[Tool], bool] | None = None
    meant: Callable[[str, Tool], bool] | None = None

    def shows(self, tool: Tool) -> bool:
        """Say whether a search may show a tool, its filter aside."""
        return self.permissions.permits(tool) and (self.has is None or self.has(tool))

    def search(self, request: str, k: int = 5) -> FoundTools:
        """Return the k best tools for a request, and what they depend on.

        Raises:
            CallerError: for an empty request or a bad k.
        """
        k = min(k, MOST)
        text = request[:REQUEST] if isinstance(request, str) else request
        for depth in dict.fromkeys((k, max(k, DEPTH))):
            selection = self.selector.select(text, depth, where=self.where)
            ranked = [one for one in selection.ranked if self.shows(one.tool)]
            if len(ranked) >= k or len(selection.ranked) < depth:
                break
        if selection.abstained or not ranked:
            return FoundTools((), selection.why or "none of the tools that fit may be used here")
        kept = ranked[:k]
        names = {one.name for one in kept}
        needed = [one for one in selection.needed if one.to in names and one.name not in names]
        return FoundTools((*kept, *(one for one in needed if self.shows(one.tool))))

    def named(self, name: str) -> Tool:
        """Return the tool that a model calls by this name.

        Raises:
            NotOffered: if there is none that a search may show, or several.
        """
        snapshot = self.selector.catalogue.snapshot()
        rows = [row for row in snapshot.by_name(name) if self.shows(snapshot.tools[row])]
        if self.meant is not None:
            rows = [row for row in rows if self.meant(name, snapshot.tools[row])]
        if rows and self.where.strip():
            passing = set(self.selector.catalogue.collection.keys(self.where))
            rows = [row for row in rows if snapshot.ids[row] in passing]
        if len(rows) == 1:
            return snapshot.tools[rows[0]]
        if rows:
            names = ", ".join(repr(snapshot.shown[row]) for row in rows[:8])
            raise NotOffered(f"{len(rows)} tools are called {name!r:.80}; call one of {names}")
        raise NotOffered(f"there is no tool {name!r:.80}; find one with {SEARCH}, and call it by the name shown there")


def _row(one: SelectedTool) -> dict[str, Any]:
    function: Mapping[str, Any] = one.definition()["function"]
    row = {**function, "description": function["description"][:DESCRIPTION], **_declared(one.tool)}
    return {**row, "note": one.reason} if one.gives else row


def _declared(tool: Tool) -> dict[str, Any]:
    """Return what a server says of its tool beside the definition, as MCP calls it."""
    said = tool.extras.get("annotations")
    hints = said if isinstance(said, Mapping) else {}
    title = tool.extras.get("title") or hints.get("title")
    row = {"title": title if isinstance(title, str) else "", "outputSchema": tool.output, "annotations": hints}
    return {name: value for name, value in row.items() if value}
