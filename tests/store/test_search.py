"""Searching a few thousand passages: k results whenever there are k, through filters of any selectivity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from polyhop.core.check import MAX_K, VectorError
from polyhop.core.errors import CallerError
from polyhop.core.types import Document, Hit
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from polyhop.store.filter import FilterError
from tests import corpus

ROWS = 6_000
TOPICS = np.random.default_rng(1).normal(size=(12, 384))
COLOURS = ("red", "green", "blue")


def weights(number: int) -> NDArray[np.float64]:
    """Return how much of each topic a row has."""
    return np.random.default_rng((7, number)).normal(size=12)


def rows() -> Iterator[Document]:
    """Yield rows with vectors of their own; `near` is true where the first topic is strong."""
    for number in range(ROWS):
        shares = weights(number)
        metadata = {"number": number, "half": number % 2, "tenth": number % 10, "near": bool(shares[0] > 1.0)}
        text = f"Row {number} is {COLOURS[number % 3]} and word{number % 500} stands in it."
        yield Document(f"row-{number:05}", text, "", metadata, vector=tuple((shares @ TOPICS).tolist()))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the rows."""
    with corpus.collection(tmp_path_factory.mktemp("table"), embedder, documents=rows()) as opened:
        yield opened


@pytest.fixture(scope="module")
def matrix() -> NDArray[np.float64]:
    """Return the unit vectors of all rows."""
    vectors = np.stack([weights(number) for number in range(ROWS)]) @ TOPICS
    units: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def numbers(opened: Collection, hits: Sequence[Hit]) -> list[int]:
    """Return the row numbers of hits."""
    passages = opened.passages([hit.id for hit in hits])
    return [passages[hit.id].metadata["number"] for hit in hits]  # type: ignore[misc]


FILTERS: dict[str, Callable[[int], bool]] = {
    "": lambda number: True,
    "half = 0": lambda number: number % 2 == 0,
    "tenth = 3": lambda number: number % 10 == 3,
    "number < 6": lambda number: number < 6,
    "near": lambda number: bool(weights(number)[0] > 1.0),
    "far": lambda number: bool(weights(number)[0] <= 1.0),
}
WHERE = {"near": "near = true", "far": "near = false"}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("k", [1, 10, 100])
def test_filtered_searches_find_the_nearest_that_pass(
    name: str, k: int, table: Collection, matrix: NDArray[np.float64]
) -> None:
    """At any selectivity, also where the filter goes with or against the query, the result is full and nearly exact."""
    query = TOPICS[0] + 0.2 * TOPICS[1]
    cosines = matrix @ (query / np.linalg.norm(query))
    passing = [number for number in range(ROWS) if FILTERS[name](number)]
    best = sorted(passing, key=lambda number: -cosines[number])[:k]

    (hits,) = table.dense([query], k, where=WHERE.get(name, name))
    found = numbers(table, hits)

    assert len(best) == len(found)
    assert set(found) <= set(passing)
    assert len(set(best) & set(found)) >= 0.97 * len(best)


@pytest.mark.parametrize("k", [500, 3_000, ROWS - 1, ROWS, MAX_K])
def test_a_large_k_is_filled(k: int, table: Collection) -> None:
    """However many are asked for, that many come while there are so many, each once."""
    (hits,) = table.dense([TOPICS[2]], k)
    assert min(k, ROWS) == len({hit.id for hit in hits}) == len(hits)


def test_many_queries_are_answered_in_their_order(table: Collection) -> None:
    """A batch gives each query its own list."""
    together = table.dense(TOPICS, 5)
    assert together == [table.dense([topic], 5)[0] for topic in TOPICS]


@pytest.mark.parametrize(("name", "most"), [("", 12), ("half = 0", 12), ("tenth = 3", 12), ("number < 6", 1)])
def test_lexical_search_keeps_to_filters(name: str, most: int, table: Collection) -> None:
    """The words that pass the filter are found, and no others."""
    found = numbers(table, table.lexical("word4 word403", 50, where=name))
    passing = [n for n in range(ROWS) if FILTERS[name](n) and (n % 500 in (4, 403))]

    assert sorted(passing)[:50] == sorted(found)
    assert 0 < len(found)


def test_a_word_of_every_row_still_fills_k(table: Collection) -> None:
    """A question of nothing but common words has its k results."""
    assert 7 == len(table.lexical("stands", 7)) == len(table.lexical("stands", 7, where="half = 1"))


@pytest.mark.parametrize("k", [0, -3, True, 1.5, MAX_K + 1])
def test_a_bad_k_is_refused_by_both_halves(k: int, table: Collection) -> None:
    """k is checked before anything is read."""
    for search in (lambda: table.dense([TOPICS[0]], k), lambda: table.lexical("word", k)):
        with pytest.raises(CallerError, match="k must be"):
            search()


def test_bad_vectors_and_filters_are_refused(table: Collection) -> None:
    """Vectors that are zero, broken or of the wrong size and filters that cannot be read are the caller's errors."""
    for vector in ([0.0] * 384, [float("nan")] * 384, [1.0] * 10):
        with pytest.raises(VectorError):
            table.dense([vector], 3)
    for search in (lambda: table.dense([TOPICS[0]], 3, where="year >"), lambda: table.lexical("a", 3, where="= 4")):
        with pytest.raises(FilterError):
            search()
