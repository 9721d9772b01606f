"""The training-free directional update.

After PDV (arXiv 2502.07215), carried over from composed image retrieval to text: the direction from the part of the
question that a passage resolves to the whole question is added to the passage's own vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.types import Vectors
from ...core.vectors import unit
from ...core.words import content_words, word_key
from ..candidate import Candidate, Kind, Query
from ..run import Run
from .role import query_from, reached


@dataclass(frozen=True, slots=True)
class DirectionalHop:
    """Moves the query vector past what a passage has answered.

    `next = unit((1 - beta) (e(passage) + alpha_i delta) + beta (e(resolved) + alpha_t delta))`, with
    `delta = e(question) - e(resolved)`, where `resolved` are the words of the question that the passage's names cover.
    Use it where no trained updater fits the embedder; unlike `LinkHop` it needs no names in the texts.

    Args:
        bridges: passages to go on from; the others are left to other updaters.
        depth: passages to take from each search.
    """

    alpha_i: float = 1.0
    alpha_t: float = 1.0
    beta: float = 0.5
    bridges: int = 4
    depth: int = 10
    name: str = "directional"
    kind: Kind = "vector"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return one query for each of the first bridges; its text is the resolved part of the question."""
        queries = []
        for bridge in bridges[: self.bridges]:
            known = run.known(bridge["id"])
            if known is None:
                continue
            names = {word_key(word) for key in known.names() for word in key.split()}
            resolved = " ".join(word for word in content_words(run.question) if word_key(word) in names)
            text = resolved or known.passage.title or known.passage.text[:80]
            queries.append(query_from(self, bridge, text))
        return queries

    def vectors(self, queries: Sequence[Query], run: Run) -> Vectors:
        """Return the unit query vectors, shape (len(queries), dimension); the question's where a passage is gone."""
        resolved = run.retriever.embedder.encode_queries([query["text"] for query in queries])
        rows = run.vector[None, :].repeat(len(queries), axis=0)
        for place, query in enumerate(queries):
            known = run.known(query["path"][-1])
            if known is not None:
                delta = run.vector - resolved[place]
                from_passage = known.vector + self.alpha_i * delta
                rows[place] = (1 - self.beta) * from_passage + self.beta * (resolved[place] + self.alpha_t * delta)
        return unit(rows)

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages nearest to the moved queries; scores are shares of the bridge's, less by rank."""
        if not queries:
            return []
        lists = run.retriever.dense(self.vectors(queries, run), self.depth + 1, where=run.where)
        found = []
        for query, hits in zip(queries, lists, strict=True):
            new = [hit.id for hit in hits if hit.id not in query["path"]][: self.depth]
            for rank, target in enumerate(new, start=1):
                found.append(reached(self, query, target, query["text"], score=max(0.0, query["score"]) * 0.25 / rank))
        return found
