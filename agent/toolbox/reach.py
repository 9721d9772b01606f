"""What may be reached: allow and deny lists of servers and tools."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from ...core.errors import CallerError
from ...tools.tool import Tool

# What shows nothing and is of no format category: fillers, a joiner and variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


@dataclass(frozen=True, slots=True)
class Reach:
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
