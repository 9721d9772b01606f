"""Dependencies: what a chosen tool must be given and only another tool gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from ..snapshot import Snapshot
from ..tool import Tool
from .engine import Index
from .terms import parts, stem

# Inputs that nobody knows by heart; anything else an agent takes from the request.
_MARKS = frozenset({"id", "ids", "key", "token", "uuid", "guid", "handle", "slug", "code", "cursor", "hash"})
_SEEKING = frozenset(
    map(stem, ("search", "find", "list", "get", "lookup", "resolve", "query", "create", "autocomplete"))
)
# What stands in a request as a value: something with a digit, in quotes, or an address.
_VALUE = re.compile(r"\b[\w-]*\d[\w-]*\b|[\"'“‘`][^\"'”’`]+[\"'”’`]|\S+@\S+|https?://\S+")


class Need(TypedDict):
    """A tool that gives what a chosen one must be given."""

    id: str
    gives: str
    to: str


@dataclass(frozen=True, slots=True)
class Needs:
    """Adds tools that give the required inputs of the chosen ones.

    An input such as `user_id` is looked for among the outputs of the other tools of the same service, or, where no
    outputs are known, among those called like `search_users`. A request that holds a value for it needs nothing.

    Args:
        most: tools to add.
    """

    most: int = 2

    def of(self, chosen: Sequence[str], request: str, index: Index) -> list[Need]:
        """Return what is needed besides, in the order of the chosen tools."""
        snapshot = index.snapshot
        found: list[Need] = []
        known = set(chosen)
        for name in chosen:
            row = snapshot.row.get(name)
            if row is None or index.lexicon.groups[row] < 2:
                continue
            for wanted in _wanted(snapshot.tools[row], request):
                giver = _giver(row, wanted, index)
                if giver and giver not in known and len(found) < self.most:
                    known.add(giver)
                    found.append(Need(id=giver, gives=wanted, to=name))
        return found


def _wanted(tool: Tool, request: str) -> Iterator[str]:
    """Yield the required inputs that a request gives no value for."""
    said = {stem(word) for word in parts(request)}
    values = len(_VALUE.findall(request))
    for name in tool.required:
        words = parts(name)
        entity = [word for word in words if word not in _MARKS]
        if len(words) > len(entity) and entity and not (values and all(stem(word) in said for word in words)):
            yield name


def _giver(row: int, wanted: str, index: Index) -> str | None:
    """Return the tool of the same service that gives an input, first those that say so."""
    snapshot, lexicon = index.snapshot, index.lexicon
    siblings = [one for one in np.flatnonzero(lexicon.group == lexicon.group[row]).tolist() if one != row]
    able = [one for one in siblings if wanted not in snapshot.tools[one].required]
    entity = {stem(word) for word in parts(wanted) if word not in _MARKS}
    said = [one for one in able if wanted in snapshot.tools[one].outputs]
    called = [one for one in able if _seeks(snapshot, one, entity)]
    return next((snapshot.ids[one] for one in (*said, *called)), None)


def _seeks(snapshot: Snapshot, row: int, entity: set[str]) -> bool:
    """Say whether a tool looks for things of a kind: `search_users` for `user`."""
    words = {stem(word) for word in parts(snapshot.tools[row].name)}
    return entity <= words and bool(words & _SEEKING)
