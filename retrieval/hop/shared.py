"""The shared-name hop: a retrieved passage mentions a rare name that another passage mentions too; go there.

For names that no document bears: a person without a page of their own, a model number, a treaty. Such a link is weaker
than one to the name's bearer, so only names of several words that few passages hold are followed, and what is on the
other side is worth

    weight * rarity / sqrt(n) * (S(bridge) - cos(bridge, target)), at least 0

as in `LinkHop`, with n the number of documents that mention the name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.words import CONNECTORS, STOP, capital_spans, name_key
from ..candidate import Candidate, Kind, Query
from ..run import LoadedPassage, Run

MOST_WORDS = 6
PER_BRIDGE = 12


@dataclass(frozen=True, slots=True)
class SharedNameHop:
    """Goes from a passage to others that mention the same rare name.

    Args:
        weight: what such a link is worth beside one to a title, which is worth 1.
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
            Query(
                text=name,
                updater=self.name,
                checkpoint="",
                path=[*bridge["path"], bridge["id"]],
                score=bridge["score"],
                strength=self.weight * run.rarity(name) / math.sqrt(len(found[name])),
            )
            for (bridge, _), one in zip(known, free, strict=True)
            for name in one
            if len(found.get(name, ())) > 1
        ]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages that mention the names, each with the best name that leads to it from a bridge."""
        found = run.retriever.mentioning(sorted({query["text"] for query in queries}), self.common, where=run.where)
        run.load(name for passages in found.values() for name in passages)
        best: dict[tuple[str, str], Candidate] = {}
        for query in queries:
            bridge = run.known(query["path"][-1])
            targets = [there for name in found.get(query["text"], ()) if (there := run.known(name)) is not None]
            for target in targets if bridge else []:
                find = self._judge(query, bridge, target) if bridge else None
                way = (query["path"][-1], target.passage.id)
                if find is not None and (way not in best or find["score"] > best[way]["score"]):
                    best[way] = find
        return list(best.values())

    def _judge(self, query: Query, bridge: LoadedPassage, target: LoadedPassage) -> Candidate | None:
        if target.passage.id in query["path"] or target.passage.document == bridge.passage.document:
            return None
        value = query.get("strength", 0.0) * (query["score"] - float(bridge.vector @ target.vector))
        if value <= 0:
            return None
        return Candidate(
            id=target.passage.id,
            kind=self.kind,
            via=query["updater"],
            path=query["path"],
            name=query["text"],
            score=value,
        )


def _names(known: LoadedPassage) -> list[str]:
    """Return the names of several words in a passage that are not its own, the first `PER_BRIDGE`."""
    own = known.names()
    keys = dict.fromkeys(key for span in capital_spans(known.passage.text) for key in _with_parts(name_key(span)))
    return [key for key in keys if key not in own and _telling(key.split())][:PER_BRIDGE]


def _with_parts(key: str) -> list[str]:
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
