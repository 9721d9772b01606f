"""The choice among candidates: all intents are served before one is served again, and twins become alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..snapshot import Snapshot
from ..tool import Tool
from .engine import Index, ToolCandidate
from .lexicon import apart
from .terms import parts, stem


@dataclass(frozen=True, slots=True)
class Choice:
    """The ids of the chosen tools, best first, and for each what does the same."""

    chosen: list[str]
    alternatives: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Cover:
    """A second tool for what a chosen one serves already is worth less, unless the same service offers both.

    What one service offers for an intent is often needed together; what another offers for it is needed instead. Each
    candidate serves the intents in the shares of a softmax of its scores for them.

    Args:
        cost: in score, for a tool of another service that serves the very same intent.
    """

    cost: float = 3.0

    def order(self, candidates: Sequence[ToolCandidate], index: Index) -> list[ToolCandidate]:
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
