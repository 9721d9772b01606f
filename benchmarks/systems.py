"""What is compared: four ways to rank the passages of one collection, with one embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polyhop.agent import Agent, Collection, rrf

#: (question, number of chunks) -> the documents of that many chunks, best first, repeated where a document has several
Search = Callable[[str, int], list[str]]

FUSED = 50
CHUNKS = 60
MOST_CHUNKS = 960


def dense(collection: Collection) -> Search:
    """Rank by cosine."""

    def search(question: str, chunks: int) -> list[str]:
        (hits,) = collection.dense(collection.embedder.embed([question]), chunks)
        return _documents(collection, [hit.id for hit in hits])

    return search


def bm25(collection: Collection) -> Search:
    """Rank by BM25."""

    def search(question: str, chunks: int) -> list[str]:
        return _documents(collection, [hit.id for hit in collection.lexical(question, chunks)])

    return search


def hybrid(collection: Collection) -> Search:
    """Fuse the best of both, as the first search of polyhop does."""

    def search(question: str, chunks: int) -> list[str]:
        (near,) = collection.dense(collection.embedder.embed([question]), FUSED)
        hits = rrf([near, collection.lexical(question, FUSED)])
        return _documents(collection, [hit.id for hit in hits[:chunks]])

    return search


def polyhop(collection: Collection) -> Search:
    """Ask the agent, with the profile of the settings and no LLM."""
    agent = Agent(collection)

    def search(question: str, chunks: int) -> list[str]:
        return [passage.document for passage in agent.retrieve(question, chunks).passages]

    return search


SYSTEMS: dict[str, Callable[[Collection], Search]] = {
    "dense": dense,
    "bm25": bm25,
    "hybrid": hybrid,
    "polyhop": polyhop,
}


def best_documents(search: Search, question: str, k: int) -> list[str]:
    """Return the first k documents, each at the place of its best chunk, going deeper where chunks repeat them."""
    chunks = CHUNKS
    while True:
        found = search(question, chunks)
        documents = list(dict.fromkeys(found))
        if len(documents) >= k or len(found) < chunks or chunks >= MOST_CHUNKS:
            return documents[:k]
        chunks *= 4


def _documents(collection: Collection, ids: Sequence[str]) -> list[str]:
    there = collection.passages(ids)
    return [there[name].document for name in ids if name in there]
