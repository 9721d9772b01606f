"""The hyperlink hop: a retrieved passage links to another, as its author wrote it; go there.

Links are of the collection's link table: hyperlinks, references in words, identifiers and footnotes. A link leads to
the passage that its anchor names, and to that of the document's first passages which is nearest to the question. What
is on the other side has the score

    weight * (S(bridge) - cos(bridge, target)), a trifle at least

with S the bridge's score; whether the link serves the question is for the learned ranking to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...core.types import ResolvedLink
from ...core.words import name_key
from ...store.names import Kind
from ..candidate import Candidate, Query
from ..candidate import Kind as CandidateKind
from ..run import Run
from .role import best_of, query_from, reached

#: the score of a link is never nothing: a hop that finds what the search ranks low is still a way there
LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class HyperlinkHop:
    """Goes from a passage to the passages that its hyperlinks and references lead to.

    Args:
        most: links of a passage that are followed, the first ones.
        weight: what a link is worth beside a name, which has the weight of its kind.
    """

    most: int = 40
    weight: float = 0.5
    name: str = "hyperlink"
    kind: CandidateKind = "hyperlink"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return a query for each bridge that links to something."""
        links = run.retriever.linked([bridge["id"] for bridge in bridges], self.most, where=run.where)
        return [query_from(self, bridge, run.question, self.weight) for bridge in bridges if links.get(bridge["id"])]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the links lead to, each with the best link from a bridge."""
        links = run.retriever.linked([query["path"][-1] for query in queries], self.most, where=run.where)
        run.meet(one.document for found in links.values() for one in found)
        run.load(one.passage for found in links.values() for one in found if one.passage)
        return best_of(one for query in queries for one in self._found(query, links.get(query["path"][-1], ()), run))

    def _found(self, query: Query, links: Iterable[ResolvedLink], run: Run) -> Iterator[Candidate]:
        bridge = run.known(query["path"][-1])
        if bridge is None:
            return
        for link in links:
            name = name_key(bridge.passage.text[link.start : link.end])
            targets = [run.known(link.passage)] if link.passage else []
            targets += [known for known, _ in run.nearest([(link.document, Kind.TITLE)], 1)]
            for target in targets:
                if target is None or target.passage.id in query["path"]:
                    continue
                score = max(LEAST, self.weight * (query["score"] - float(bridge.vector @ target.vector)))
                parts = {"strength": 1.0, "fit": float(target.passage.id == link.passage)}
                yield reached(self, query, target.passage.id, name, score=score, parts=parts)
