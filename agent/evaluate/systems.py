"""What is compared: ways to rank the passages of one retriever, with one embedder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...core.types import Hit, Passage
from ...retrieval.config import Config
from ...retrieval.fusion.rrf import rrf
from ...retrieval.retriever import Retriever
from ..agent import Agent
from ..results import Retrieval

FUSED = 50
CHUNKS = 60
MOST_CHUNKS = 960


class PassageLike(Protocol):
    """What the systems return: a `Passage`, or a `RankedPassage` of an agent."""

    @property
    def id(self) -> str: ...

    @property
    def document(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def text(self) -> str: ...


#: (question, number of passages) -> that many passages, best first
Search = Callable[[str, int], Sequence[PassageLike]]
#: the same of an agent, with what it says of its run
Retrieve = Callable[[str, int], Retrieval]


def dense(retriever: Retriever) -> Search:
    """Rank by cosine."""
    return lambda question, k: _passages(retriever, _nearest(retriever, question, k))


def bm25(retriever: Retriever) -> Search:
    """Rank by BM25."""
    return lambda question, k: _passages(retriever, retriever.lexical(question, k))


def hybrid(retriever: Retriever) -> Search:
    """Fuse the best of both, as the first search of polyhop does."""

    def search(question: str, k: int) -> Sequence[PassageLike]:
        hits = rrf([_nearest(retriever, question, FUSED), retriever.lexical(question, FUSED)])
        return _passages(retriever, hits[:k])

    return search


def polyhop(retriever: Retriever, profile: Config | None = None) -> Search:
    """Ask an agent, with the profile of the settings by default, and no LLM."""
    retrieve = retrieval(retriever, profile)
    return lambda question, k: retrieve(question, k).passages


def retrieval(retriever: Retriever, profile: Config | None = None) -> Retrieve:
    """Do what `polyhop` does, and return all that the agent says."""
    return Agent(retriever, config=profile).retrieve


SYSTEMS: Mapping[str, Callable[[Retriever], Search]] = {
    "dense": dense,
    "bm25": bm25,
    "hybrid": hybrid,
    "polyhop": polyhop,
}


def best_documents(search: Search, question: str, k: int, *, passages: int = CHUNKS) -> list[str]:
    """Return the first k documents, each at the place of its best passage.

    `passages` are asked for at first; where they repeat documents the search goes deeper.
    """
    while True:
        found = search(question, passages)
        documents = list(dict.fromkeys(one.document for one in found))
        if len(documents) >= k or len(found) < passages or passages >= MOST_CHUNKS:
            return documents[:k]
        passages *= 4


@dataclass(frozen=True, slots=True)
class Account:
    """What a run came to: its documents, how sufficient it took them for, and whether it looked at them again.

    `augmented` is whether it reformulated the question, and `chance` what a gate gave that for.
    """

    documents: Sequence[str]
    sufficiency: float | None
    again: bool
    augmented: bool = False
    chance: float | None = None


def account(retrieve: Retrieve, question: str, k: int, *, passages: int = CHUNKS) -> Account:
    """Return the first k documents as `best_documents` does, with what the run that found them says of itself."""
    runs: list[Retrieval] = []

    def search(question: str, k: int) -> Sequence[PassageLike]:
        runs.append(retrieve(question, k))
        return runs[-1].passages

    documents = best_documents(search, question, k, passages=passages)
    last = runs[-1]
    return Account(documents, last.sufficiency, last.looked_again, last.augmented, last.chance)


def _nearest(retriever: Retriever, question: str, k: int) -> list[Hit]:
    (hits,) = retriever.dense(retriever.embedder.encode_queries([question]), k)
    return hits


def _passages(retriever: Retriever, hits: Sequence[Hit]) -> list[Passage]:
    there = retriever.passages([hit.id for hit in hits])
    return [there[hit.id] for hit in hits if hit.id in there]
