"""Pseudo-relevance feedback in embedding space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.types import Vectors
from ...core.vectors import unit
from ..candidate import Candidate, Query
from ..run import Run
from .reformulations import found_beside, nearest


@dataclass(frozen=True, slots=True)
class Feedback:
    """Moves the question towards the passages nearest to it and searches once more.

    Rocchio's formula without negatives: `unit(question + beta * mean(nearest))`. Salton, The SMART Retrieval System,
    1971, chapter 14. It helps questions whose words the collection does not use, and drifts where the first passages
    are wrong, so the question itself always stays a query of its own.

    Args:
        nearest: passages taken for relevant.
        depth: passages to take from the second search.
    """

    beta: float = 0.5
    nearest: int = 3
    depth: int = 20
    name: str = "feedback"
    checkpoint: str = ""

    def reformulate(self, run: Run) -> list[Query]:
        """Return the question as a query of this augmenter."""
        return [Query(text=run.question, updater=self.name, checkpoint="", path=[], score=1.0)]

    def vectors(self, queries: Sequence[Query], run: Run) -> Vectors:
        """Return the moved unit vectors, shape (len(queries), dimension)."""
        near = [known.vector for known in nearest(run, self.nearest)]
        texts = np.stack([run.embed(query["text"]) for query in queries])
        return unit((texts + self.beta * np.mean(near, axis=0) if near else texts).astype(np.float32))

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages nearest to the moved question, best first."""
        if not queries:
            return []
        lists = run.retriever.dense(self.vectors(queries, run), self.depth, where=run.where)
        return [find for hits in lists for find in found_beside(hits, self.name)]
