"""The span hop: names asked by vector."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.role import Bridge, Find
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection

QUESTION = "Which award did the architect of the Lighthouse of Brest win?"
TEXTS = {
    "lighthouse": "The Lighthouse of Brest was drawn by Anna Keller, while Paul Marin built it. It opened in 1931.",
    "award": "For her bridges the architect Anna Keller won the Golden Compass award of the academy.",
    "garden": "A gardener keeps roses and tulips behind the wall of the old abbey.",
}


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the texts, without titles: no document bears the architect's name."""
    with Collection.create(tmp_path_factory.mktemp("span"), "towers", embedder=embedder) as opened:
        opened.add(Document(key, text) for key, text in TEXTS.items())
        yield opened


def asked(opened: Collection, hop: SpanHop, start: str = "lighthouse") -> tuple[list[str], dict[str, Find]]:
    """Return the names that are asked from one document, and the best find of each document."""
    run = Run(opened, QUESTION)
    queries = hop.propose([Bridge(id=opened.heads([start], 1)[start][0], score=1.5, path=[])], run)
    best: dict[str, Find] = {}
    for find in sorted(hop.search(queries, run), key=lambda find: find["value"]):
        best[opened.passages([find["id"]])[find["id"]].document] = find
    return [query["text"] for query in queries], best


def test_names_of_the_passage_are_asked_and_neither_its_own_nor_numbers(towers: Collection) -> None:
    """The question's lighthouse and the year are no names to ask for."""
    names, _ = asked(towers, SpanHop())

    assert {"Anna Keller", "Paul Marin"} == set(names)


def test_a_passage_that_only_mentions_the_name_is_found(towers: Collection) -> None:
    """No document is called Anna Keller, and yet what the academy gave her is the best find."""
    _, found = asked(towers, SpanHop())

    assert "award" == max(found, key=lambda name: found[name]["value"])
    assert "anna keller" == found["award"]["name"]


def test_a_target_without_the_name_is_worth_less_by_doubt(towers: Collection) -> None:
    """Without doubt a passage that holds no word of the name counts in full."""
    hop = SpanHop(floor=-1.0, depth=3)
    certain = asked(towers, SpanHop(floor=-1.0, depth=3, doubt=1.0))[1]["garden"]["value"]

    assert pytest.approx(hop.doubt * certain) == asked(towers, hop)[1]["garden"]["value"]


def test_no_more_names_are_asked_than_most(towers: Collection) -> None:
    """The bound holds over all bridges together."""
    assert 1 == len(asked(towers, SpanHop(most=1))[0])
