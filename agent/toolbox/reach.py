"""What may be reached: allow and deny lists of servers and tools."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ...core.errors import CallerError
from ...tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Reach:
    """Patterns of `SERVER/NAME`, such as `github/*` or `*/delete_*`: what to allow, and what to deny out of that.

    Each half is a pattern of its own, with `*`, `?` and `[...]`. What is denied is so however its letters are cased.
    """

    allow: tuple[str, ...] = ("*/*",)
    deny: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (*self.allow, *self.deny):
            if "/" not in pattern:
                raise CallerError(f"the pattern {pattern!r} names no server; write SERVER/NAME, such as '*/{pattern}'")

    def permits(self, tool: Tool) -> bool:
        """Say whether a tool may be shown and called."""
        if any(_fits(pattern.casefold(), tool.server.casefold(), tool.name.casefold()) for pattern in self.deny):
            return False
        return any(_fits(pattern, tool.server, tool.name) for pattern in self.allow)


def _fits(pattern: str, server: str, name: str) -> bool:
    of_server, _, of_name = pattern.partition("/")
    return fnmatchcase(server, of_server) and fnmatchcase(name, of_name)
