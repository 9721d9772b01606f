"""The link hop: a retrieved passage names another one; go there if the name is telling.

A link is judged before it is followed: by how the passage bears the name (title, opening words, alias), how rare the name is
and how many bear it, whether it is a whole name or part of a longer one, whether the question's remaining words stand around
it, and whether its bearer holds words of the question that the bridge lacks. Following every title link costs recall where
titles are ambiguous.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..store.names import Kind
from ..words import word_key
from ..working import WORTH, Working
from .mentions import COMMON, Mention, Read, read
from .role import Bridge, Find, Query

BEFORE, AFTER = 8, 6


@dataclass(frozen=True, slots=True)
class LinkHop:
    """Goes from a passage to the passages whose names it mentions.

    Args:
        per_name: bearers followed for a name, the best kind and the nearest to the question first.
        context: weight of the question's words around the name.
        gain: weight of the question's words that the bearer adds to the bridge.
        same: cost of a bearer that says the same as the bridge.
    """

    per_name: int = 3
    context: float = 1.0
    gain: float = 1.0
    same: float = 1.0
    name: str = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Bridge], run: Working) -> list[Query]:
        """Return a query for each telling name in each bridge."""
        run.load(bridge["id"] for bridge in bridges)
        known = [(bridge, passage) for bridge in bridges if (passage := run.known(bridge["id"])) is not None]
        found = read([passage.passage.text for _, passage in known], run.retriever, where=run.where)
        run.prepare(mention.key for text in found for mention in text.mentions)
        queries = []
        for (bridge, passage), text in zip(known, found, strict=True):
            queries += self._of_bridge(bridge, set(passage.names()), text, run)
        return queries

    def search(self, queries: Sequence[Query], run: Working) -> list[Find]:
        """Return the bearers of the names, each with the worth of the best way to it from each bridge."""
        bearers = run.retriever.bearers(list({query["text"] for query in queries}), COMMON, where=run.where)
        run.meet(document for found in bearers.values() for document, _ in found)
        best: dict[tuple[str, str], Find] = {}
        for query in queries:
            for target, kind in run.nearest(bearers.get(query["text"], ()), self.per_name):
                find = self._judge(query, target, kind, run)
                if find is None:
                    continue
                way = (query["path"][-1], target)
                if way not in best or find["value"] > best[way]["value"]:
                    best[way] = find
        return list(best.values())

    def _of_bridge(self, bridge: Bridge, own: set[str], text: Read, run: Working) -> list[Query]:
        covered = {word_key(word) for key in own if "*" not in key for word in key.split()}
        rest = [key for key in run.weights if key not in covered]
        rest_weight = sum(run.weights[key] for key in rest) or 1.0
        queries = []
        for mention in text.mentions:
            if mention.key in own:
                continue
            around = text.words[max(0, mention.start - BEFORE) : mention.start] + text.words[mention.end : mention.end + AFTER]
            near = {word_key(word) for word in around}
            query = Query(
                text=mention.key,
                updater=self.name,
                checkpoint=self.checkpoint,
                path=[*bridge["path"], bridge["id"]],
                score=bridge["score"],
                strength=strength(mention, run) / math.sqrt(len(mention.bearers)),
                context=sum(run.weights[key] for key in rest if key in near) / rest_weight,
            )
            queries.append(query)
        return queries

    def _judge(self, query: Query, target: str, kind: Kind, run: Working) -> Find | None:
        bridge, found = run.known(query["path"][-1]), run.known(target)
        if bridge is None or found is None or target in query["path"]:
            return None
        link = WORTH[kind] * query.get("strength", 0.0)
        missing = [key for key in run.weights if key not in bridge.words]
        worth = link * (1 + self.context * query.get("context", 0.0) + self.gain * run.covered(found.words, missing))
        value = query["score"] * worth - self.same * link * float(bridge.vector @ found.vector)
        if value <= 0:
            return None
        return Find(id=target, via=self.name, path=query["path"], name=query["text"], value=value)





def strength(mention: Mention, run: Working) -> float:
    """Return how telling a mention is: the rarity of its name, less where it is part of a longer one."""
    return run.rarity(mention.key) * mention.whole
