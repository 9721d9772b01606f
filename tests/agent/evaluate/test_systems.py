"""How passages become documents."""

from __future__ import annotations

from polyhop.agent import Passage
from polyhop.agent.evaluate.systems import CHUNKS, MOST_CHUNKS, Search, best_documents


def searching(documents: list[str], asked: list[int]) -> Search:
    """Return a search over a ranking of passages, each given as its document; it notes how many it is asked for."""
    passages = [Passage(f"{name}{place}", name, "", "", "text") for place, name in enumerate(documents)]

    def search(question: str, k: int) -> list[Passage]:
        asked.append(k)
        return passages[:k]

    return search


def test_a_document_stands_where_its_best_chunk_stands() -> None:
    """Chunks of one document count once, at the first."""
    assert ["a", "b", "c"] == best_documents(searching(["a", "b", "a", "c", "b"], []), "q", 3)


def test_repeated_documents_send_the_search_deeper() -> None:
    """Where the first chunks hold too few documents more of them are asked for."""
    asked: list[int] = []
    ranking = ["a"] * CHUNKS + ["b"]

    assert ["a", "b"] == best_documents(searching(ranking, asked), "q", 2)
    assert [CHUNKS, 4 * CHUNKS] == asked


def test_going_deeper_is_bounded() -> None:
    """A document of endless chunks does not keep the search going."""
    asked: list[int] = []

    assert ["a"] == best_documents(searching(["a"] * 10_000, asked), "q", 2)
    assert MOST_CHUNKS == max(asked)


def test_a_small_collection_is_asked_once() -> None:
    """More passages than there are cannot be had, so nobody asks again."""
    asked: list[int] = []

    assert ["a", "b"] == best_documents(searching(["a", "b"], asked), "q", 20)
    assert [CHUNKS] == asked
