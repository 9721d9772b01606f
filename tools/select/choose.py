"""The choice among candidates: all intents are served once before one is served twice, twins become alternatives, and
tools are added that give what a chosen one must be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from ..snapshot import Snapshot
from ..tool import Tool
from .engine import ToolCandidate, ToolIndex
from .lexicon import apart, parts, stem


@dataclass(frozen=True, slots=True)
class Choice:
    """The ids of the chosen tools, best first, and for each what does the same."""

    chosen: list[str]
    alternatives: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class IntentCover:
    """A second tool for what a chosen one serves already is worth less, unless the same service offers both.

    What one service offers for an intent is often needed together; what another offers for it is needed instead. Each
    candidate serves the intents in the shares of a softmax of its scores for them.

    Args:
        cost: in score, for a tool of another service that serves the very same intent.
    """

    cost: float = 3.0

    def order(self, candidates: Sequence[ToolCandidate], index: ToolIndex) -> list[ToolCandidate]:
        """Return the candidates in the order in which they are worth choosing; those that were named stay first."""
        row = index.snapshot.row
        found = [one for one in candidates if one["id"] in row]
        if not found or len(found[0]["intents"]) < 2:
            return found
        scores = np.array([one["intents"] for one in found])
        serves = np.exp(scores - scores.max(1, keepdims=True))
        serves /= serves.sum(1, keepdims=True)
        service = index.lexicon.group[[row[one["id"]] for one in found]]
        worth = np.array([one["score"] for one in found])
        ordered: list[int] = []
        for place, one in enumerate(found):
            best = place if one["named"] else int(worth.argmax())
            ordered.append(best)
            worth -= self.cost * (serves @ serves[best]) * (service != service[best])
            worth[best] = -np.inf
        return [found[place] for place in ordered]


@dataclass(frozen=True, slots=True)
class Twins:
    """Two tools do the same if they are called the same, take the same, and say nearly the same.

    Args:
        cosine: of the two vectors, at least.
        bare: the same where nothing is known of their inputs, which could have told them apart.
        head: candidates that are compared.
    """

    cosine: float = 0.95
    bare: float = 0.99
    head: int = 32

    def choose(self, candidates: Sequence[ToolCandidate], k: int, snapshot: Snapshot) -> Choice:
        """Return the first k candidates of which none repeats another; a tool that was named is never set aside."""
        rows = [(one, snapshot.row[one["id"]]) for one in candidates if one["id"] in snapshot.row]
        chosen: list[int] = []
        alternatives: dict[str, list[str]] = {}
        for place, (one, row) in enumerate(rows):
            better = self._better(row, chosen, snapshot) if place < self.head and not one["named"] else None
            if better is not None:
                alternatives.setdefault(snapshot.ids[better], []).append(one["id"])
            elif len(chosen) < k:
                chosen.append(row)
            elif place >= self.head:
                break
        return Choice([snapshot.ids[row] for row in chosen], alternatives)

    def _better(self, row: int, chosen: Sequence[int], snapshot: Snapshot) -> int | None:
        """Return the first chosen tool that a tool repeats."""
        if not chosen:
            return None
        tool = snapshot.tools[row]
        least = self.cosine if tool.required or tool.optional else self.bare
        near = snapshot.vectors[chosen] @ snapshot.vectors[row] >= least
        rows = [chosen[int(place)] for place in np.flatnonzero(near)]
        return next((other for other in rows if same(snapshot.tools[other], tool)), None)


def same(one: Tool, other: Tool) -> bool:
    """Say whether two tools have the same words in their names and the same inputs."""
    return _words(one) == _words(other) and set(one.required) == set(other.required)


def _words(tool: Tool) -> set[str]:
    return {stem(word) for word in parts(apart(tool.name)[1])}


def why(candidate: Mapping[str, object], intents: Sequence[str]) -> str:
    """Return the intent that a candidate serves best, or that it was called by name."""
    if candidate["named"]:
        return "named in the request"
    place = candidate["intent"]
    return intents[place] if isinstance(place, int) and place < len(intents) else ""


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

    def of(self, chosen: Sequence[str], request: str, index: ToolIndex) -> list[Need]:
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


def _giver(row: int, wanted: str, index: ToolIndex) -> str | None:
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
