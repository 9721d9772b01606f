"""The link hop on known passages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import Bridge
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("link"), embedder) as opened:
        yield opened


def found(opened: Collection, question: str, *bridges: str, hop: LinkHop | None = None, where: str = "") -> list[str]:
    """Return the documents that one hop from the bridges finds, best first."""
    run, hop, ids = Run(opened, question, where), hop or LinkHop(), corpus.ids(opened)
    queries = hop.propose([Bridge(id=ids[name], score=1.0, path=[]) for name in bridges], run)
    finds = sorted(hop.search(queries, run), key=lambda find: (-find["value"], find["id"]))
    names = {passage: name for name, passage in ids.items()}
    return [names[find["id"]] for find in finds]


@pytest.mark.parametrize(("question", "hop"), corpus.HOPS.items(), ids=[first for first, _ in corpus.HOPS.values()])
def test_a_bridge_leads_to_the_passage_it_names(question: str, hop: tuple[str, str], films: Collection) -> None:
    """From the film that the question names, the hop finds the passage that holds the answer."""
    assert hop[1] in found(films, question, hop[0])[:2]


def test_a_link_back_to_the_path_is_not_followed(tmp_path: object, embedder: Encoder) -> None:
    """Two passages that name each other do not make a circle."""
    with corpus.collection(
        tmp_path,  # type: ignore[arg-type]
        embedder,
        documents=[
            Document("a", "Romulus was the brother of Remus.", "Romulus"),
            Document("b", "Remus was the brother of Romulus.", "Remus"),
            *corpus.DOCUMENTS,
        ],
    ) as opened:
        ids, hop = corpus.ids(opened), LinkHop()
        run = Run(opened, "Who founded the city of Romulus?")
        queries = hop.propose([Bridge(id=ids["b"], score=1.0, path=[ids["a"]])], run)
        assert ["romulus"] == [query["text"] for query in queries]
        assert [] == hop.search(queries, run)
        (found,) = hop.search([{**query, "path": [ids["b"]]} for query in queries], run)
        assert ids["a"] == found["id"]


def test_a_name_that_too_many_bear_is_no_link(tmp_path: object, embedder: Encoder) -> None:
    """A name that more than sixty passages bear says nothing, at sixty it still does."""
    bearers = [
        Document(f"n{number:02}", f"John Smith was clerk number {number}.", "John Smith") for number in range(61)
    ]
    ledger = Document("ledger", "The ledger was kept by John Smith.", "Ledger")
    with corpus.collection(tmp_path, embedder, documents=[ledger, *bearers, *corpus.DOCUMENTS]) as opened:  # type: ignore[arg-type]
        assert [] == found(opened, "Who kept the ledger as clerk?", "ledger")
        opened.remove(["n60"])
        assert 3 == len(found(opened, "Who kept the ledger as clerk?", "ledger", hop=LinkHop(per_name=3)))


def test_an_updater_learns_of_a_removed_passage_at_once(tmp_path: object, embedder: Encoder) -> None:
    """The link index shrinks with its passages."""
    with corpus.collection(tmp_path, embedder) as opened:  # type: ignore[arg-type]
        question = corpus.QUESTION
        assert "Steven Spielberg" in found(opened, question, "Jaws (film)")
        opened.remove(["Steven Spielberg.md"])
        assert "Steven Spielberg" not in found(opened, question, "Jaws (film)")
