"""What reformulations of a question have in common: a search beside that of the question, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.types import Hit, Vectors
from ...core.vectors import unit
from ..fusion.rrf import rrf
from ..hop.role import Bridge, Find, Query
from ..run import Known, Run

#: names of the augmenters that come along; what they find counts as found beside the question
NAMES = ("feedback", "expansion", "repeat", "passage", "keywords", "thoughts")
#: of reciprocal ranks, as in the first search
SMOOTH = 60


def found_beside(hits: Sequence[Hit], name: str) -> list[Find]:
    """Return the finds of a ranking, the first worth 1 and the others less by their rank."""
    return [
        Find(id=hit.id, via=name, path=[], name="", value=(SMOOTH + 1) / (SMOOTH + rank))
        for rank, hit in enumerate(hits, start=1)
    ]


def nearest(run: Run, most: int) -> list[Known]:
    """Return the passages nearest to the question, out of those that were found already, if some were."""
    ids = run.found or [hit.id for hit in run.retriever.dense(run.vector, most, where=run.where)[0]]
    run.load(ids)
    known = [one for name in ids if (one := run.known(name)) is not None]
    return sorted(known, key=lambda one: (-round(one.cosine, 6), one.passage.id))[:most]


@dataclass(frozen=True, slots=True)
class Beside:
    """Searches with texts that were made of the question, each of which holds it.

    Several texts of one question are drawn apart and embedded each by itself; the mean of their unit vectors is what is
    searched with (O1 Embedder, arXiv 2502.07555, inference).

    Args:
        depth: passages to take.
        words: whether the words of the texts are searched for as well, and both rankings fused.
        telling: whether texts are left out that leave the nearest passages of the question as they are, and nothing is
            searched for when all do (LREM, arXiv 2510.14321, the filter of its data).
    """

    name: str
    depth: int = 20
    words: bool = False
    telling: bool = False
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Bridge], run: Run) -> list[Query]:
        """Return nothing: somebody else writes the texts."""
        return []

    def search(self, queries: Sequence[Query], run: Run) -> list[Find]:
        """Return what the mean of the texts' vectors finds, best first."""
        texts = list(dict.fromkeys(query["text"] for query in queries))
        if not texts:
            return []
        vectors = run.retriever.embedder.encode_queries(texts)
        if self.telling:
            kept = self._telling(vectors, run)
            texts, vectors = [texts[place] for place in kept], vectors[kept]
        if not texts:
            return []
        mean = unit(vectors.mean(axis=0, keepdims=True))
        (near,) = run.retriever.dense(mean, self.depth, where=run.where)
        if self.words:
            lexical = [run.retriever.lexical(text, self.depth, where=run.where) for text in texts]
            near = rrf([near, *lexical], SMOOTH)[: self.depth]
        return found_beside(near, self.name)

    def _telling(self, vectors: Vectors, run: Run) -> list[int]:
        """Return the places of the vectors that find another passage among the best than the question does."""
        best = max(1, run.k)
        known = {one.passage.id for one in nearest(run, best)}
        lists = run.retriever.dense(vectors, best, where=run.where)
        return [place for place, hits in enumerate(lists) if not known.issuperset(hit.id for hit in hits)]


@dataclass(frozen=True, slots=True)
class Repeat(Beside):
    """Says the question twice.

    It adds nothing that was not known. What a reformulation brings beyond it is what it says; on models that read from
    left to right a part of the gain is the repetition (LREM, table of controls).
    """

    name: str = "repeat"

    def propose(self, bridges: Sequence[Bridge], run: Run) -> list[Query]:
        """Return the question, twice."""
        text = f"{run.question} {run.question}"
        return [Query(text=text, updater=self.name, checkpoint="", path=[], score=1.0)]
