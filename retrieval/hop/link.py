"""The link hop: a retrieved passage names another document; go there if the name is telling.

A link is judged before it is followed, since following every title link costs recall where titles are ambiguous. What
is on the other side of it has the score

    K * rarity / sqrt(n) * (S(bridge) - cos(bridge, target)), at least 0

with K for how the target bears the name (title, opening words, alias, ...), the rarity of the name's rarest word, n the
number of documents that bear it, S the bridge's score, and the cosine to pass over what only says the same again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...store.names import Kind
from ..candidate import Candidate, Query
from ..candidate import Kind as CandidateKind
from ..run import KIND_WEIGHT, LoadedPassage, Run
from .mentions import COMMON, mentions
from .role import best_of, query_from, reached


@dataclass(frozen=True, slots=True)
class LinkHop:
    """Goes from a passage to the documents whose names it mentions.

    `per_name` bearers of a name are followed, the surest kind and the nearest to the question first.
    """

    per_name: int = 3
    name: str = "link"
    kind: CandidateKind = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return a query for each name in each bridge that is not the bridge's own."""
        run.load(bridge["id"] for bridge in bridges)
        known = [(bridge, there) for bridge in bridges if (there := run.known(bridge["id"])) is not None]
        found = mentions([there.passage.text for _, there in known], run.retriever, where=run.where)
        run.prepare(mention.key for one in found for mention in one)
        queries: dict[tuple[str, str], Query] = {}
        for (bridge, there), one in zip(known, found, strict=True):
            own = there.names()
            for mention in one:
                if mention.key not in own:
                    strength = run.rarity(mention.key) / math.sqrt(len(mention.bearers))
                    queries.setdefault((bridge["id"], mention.key), query_from(self, bridge, mention.key, strength))
        return list(queries.values())

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the bearers of the names, each with the best name that leads to it from a bridge."""
        return best_of(self._found(queries, run))

    def links(self, queries: Sequence[Query], run: Run) -> Iterator[tuple[Query, LoadedPassage, LoadedPassage, Kind]]:
        """Yield (query, bridge, bearer of the name, how it bears it) for the bearers that are to be followed."""
        bearers = run.retriever.bearers(list({query["text"] for query in queries}), COMMON, where=run.where)
        run.meet(document for found in bearers.values() for document, _ in found)
        for query in queries:
            bridge = run.known(query["path"][-1])
            if bridge is None:
                continue
            for found, kind in run.nearest(bearers.get(query["text"], ()), self.per_name):
                yield query, bridge, found, kind

    def _found(self, queries: Sequence[Query], run: Run) -> Iterator[Candidate]:
        for query, bridge, found, kind in self.links(queries, run):
            target, link = found.passage.id, KIND_WEIGHT[kind] * query.get("strength", 0.0)
            if target not in query["path"] and found.passage.document != bridge.passage.document:
                score = link * (query["score"] - float(bridge.vector @ found.vector))
                yield reached(self, query, target, query["text"], score=score, parts={"strength": link})
