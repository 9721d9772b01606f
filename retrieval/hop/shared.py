"""The shared-name hop: a retrieved passage mentions a rare name that another passage mentions too; go there.

For names that no document bears: a person without a page of their own, a model number, a treaty. Such a link is weaker
than one to the name's bearer, so only names of several words that few passages hold are followed, and what is on the
other side has the score

    weight * rarity / sqrt(n) * (S(bridge) - cos(bridge, target)), at least 0

as in `LinkHop`, with n the number of documents that mention the name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...core.words import CONNECTORS, STOP, capital_spans, name_key
from ..candidate import Candidate, Kind, Query
from ..run import LoadedPassage, Run
from .role import best_of, query_from, reached

MOST_WORDS = 6
PER_BRIDGE = 12


@dataclass(frozen=True, slots=True)
class SharedNameHop:
    """Goes from a passage to others that mention the same rare name.

    Args:
        weight: of such a link; one to a title has 1.
        common: a name that more documents mention is not followed.
    """

    weight: float = 0.3
    common: int = 4
    name: str = "shared"
    kind: Kind = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return a query for each rare name in each bridge that no document bears."""
        run.load(bridge["id"] for bridge in bridges)
        known = [(bridge, there) for bridge in bridges if (there := run.known(bridge["id"])) is not None]
        names = [_names(there) for _, there in known]
        borne = run.retriever.bearers(sorted({name for one in names for name in one}), self.common, where=run.where)
        free = [[name for name in one if name not in borne] for one in names]
        found = run.retriever.mentioning(sorted({name for one in free for name in one}), self.common, where=run.where)
        run.prepare(found)
        return [
            query_from(self, bridge, name, self.weight * run.rarity(name) / math.sqrt(len(found[name])))
            for (bridge, _), one in zip(known, free, strict=True)
            for name in one
            if len(found.get(name, ())) > 1
        ]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages that mention the names, each with the best name that leads to it from a bridge."""
        found = run.retriever.mentioning(sorted({query["text"] for query in queries}), self.common, where=run.where)
        run.load(name for passages in found.values() for name in passages)
        return best_of(one for query in queries for one in self._found(query, found.get(query["text"], ()), run))

    def _found(self, query: Query, ids: Sequence[str], run: Run) -> Iterator[Candidate]:
        bridge = run.known(query["path"][-1])
        for target in map(run.known, ids):
            if bridge is None or target is None:
                continue
            if target.passage.id not in query["path"] and target.passage.document != bridge.passage.document:
                score = query.get("strength", 0.0) * (query["score"] - float(bridge.vector @ target.vector))
                yield reached(
                    self,
                    query,
                    target.passage.id,
                    query["text"],
                    score=score,
                    parts={"strength": query.get("strength", 0.0)},
                )


def _names(known: LoadedPassage) -> list[str]:
    """Return the names of several words in a passage that are not its own, the first `PER_BRIDGE`."""
    own = known.names()
    keys = dict.fromkeys(key for span in capital_spans(known.passage.text) for key in with_parts(name_key(span)))
    return [key for key in keys if key not in own and _telling(key.split())][:PER_BRIDGE]


def with_parts(key: str) -> list[str]:
    """Return a name and what stands between its connecting words: `amoco cadiz of liberia` is two names."""
    parts: list[list[str]] = [[]]
    for word in key.split():
        if word in CONNECTORS:
            parts.append([])
        else:
            parts[-1].append(word)
    return [key, *(" ".join(part) for part in parts)] if len(parts) > 1 else [key]


def _telling(words: list[str]) -> bool:
    return 1 < len(words) <= MOST_WORDS and sum(not word.isdigit() and word not in STOP for word in words) > 1
