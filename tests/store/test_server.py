"""Vectors on a Chroma server: the same answers, and what happens when the server is empty, away, or back."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import chromadb
import pytest

from polyhop.core.deadline import due
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection, Options, delete
from polyhop.store.vector_index import IndexUnavailable
from tests import corpus

from .chroma_server import ChromaServer

# chromadb leaves its connections to the garbage collector, also when its client is closed.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]
Opening = Callable[..., Collection]
NEW = Document("new", "The Elbe ends in the North Sea.")
MANY = [replace(NEW, key=f"bulk {n}", text=f"Bulk item {n} of the stock list.") for n in range(40)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaServer]:
    """Run a server."""
    running = ChromaServer(tmp_path / "chroma")
    running.start()
    yield running
    running.stop()
    gc.collect()


@pytest.fixture
def films(tmp_path: Path, embedder: Encoder, server: ChromaServer) -> Opening:
    """Make an embedded collection and return a function that opens it, on the server unless told otherwise."""
    corpus.collection(tmp_path, embedder, documents=[*corpus.DOCUMENTS, *MANY]).close()

    def opening(url: str | None = None) -> Collection:
        options = Options(wait=0.2, index=f"chroma={server.url if url is None else url}")
        return Collection.open(tmp_path, "films", embedder=embedder, options=options)

    return opening


def answers(opened: Collection) -> list[list[tuple[str, float]]]:
    """Return what the questions find, scores to five decimals."""
    found = opened.dense(opened.embedder.encode_queries(list(corpus.HOPS)), 5)
    return [[(hit.id, round(hit.score, 5)) for hit in hits] for hits in found]


def test_a_server_answers_as_the_embedded_index_does(films: Opening, server: ChromaServer) -> None:
    """Moving to a server and back changes no result, embeds nothing, and is said each time."""
    with films("") as embedded:
        expected = answers(embedded)
    with films() as moved:
        assert any("moved to http://127.0.0.1" in notice for notice in moved.notices)
        assert (expected, []) == (answers(moved), moved.verify())
        assert server.url == moved.status()["vectors"]
    with films() as again:
        assert [] == again.notices
    with films("") as back:
        assert any("moved to embedded Chroma" in notice for notice in back.notices)
        assert (expected, []) == (answers(back), back.verify())


def test_writes_reach_the_server(films: Opening) -> None:
    """What is added, changed and removed on a server is there when it is opened again."""
    with films() as opened:
        opened.add([NEW, replace(corpus.DOCUMENTS[0], text="Jaws was filmed on Martha's Vineyard.")])
        opened.remove(["Vienna.md"])
        expected = answers(opened)
    with films() as again:
        assert (expected, [], []) == (answers(again), again.verify(), again.notices)


def test_an_emptied_server_is_filled_from_the_record(films: Opening, server: ChromaServer) -> None:
    """A server that lost its data gets it again from the stored vectors."""
    with films() as opened:
        expected = answers(opened)
    server.stop()
    server.start(empty=True)
    with films() as again:
        assert any("IndexFailed: it holds 0 rows" in notice for notice in again.notices)
        assert (expected, []) == (answers(again), again.verify())


def test_a_server_that_is_away_is_said_with_a_remedy(films: Opening, server: ChromaServer) -> None:
    """Opening without the server fails with what to do, and works when it is back."""
    films().close()
    server.stop()
    with pytest.raises(IndexUnavailable, match=rf"no Chroma server answers at '{server.url}'.*POLYHOP_INDEX"):
        films()
    server.start()
    with films() as again:
        assert [] == again.verify()


def test_a_server_that_goes_away_is_said_by_every_call(films: Opening, server: ChromaServer) -> None:
    """Searches and writes on a server that left are errors with a remedy; nothing acknowledged is lost."""
    with films() as opened:
        vector = opened.embedder.encode_queries(["anything"])
        server.stop()
        for call in (lambda: opened.dense(vector, 3), lambda: opened.add([NEW]), opened.verify):
            with pytest.raises(IndexUnavailable, match=r"failed.*see that it runs|no Chroma server answers"):
                call()
        assert [] == opened.lexical("Elbe", 3)
    server.start()
    with films() as again:
        assert [] == again.verify()
        assert 1 == again.add([NEW]).added
        assert [] == again.verify()


def test_going_back_without_the_server(films: Opening, server: ChromaServer) -> None:
    """A collection whose server is gone for good opens embedded, from the record."""
    with films() as opened:
        expected = answers(opened)
    server.stop()
    with films("") as back:
        assert (expected, []) == (answers(back), back.verify())


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", "chroma"])
def test_what_is_no_address_is_refused(url: str, films: Opening) -> None:
    """An address that no server can have is refused with how to write one."""
    with pytest.raises(IndexUnavailable, match="write it as http"):
        films(url)


def test_a_copied_home_has_vectors_of_its_own(
    tmp_path: Path, films: Opening, server: ChromaServer, embedder: Encoder
) -> None:
    """What is written to a copy changes nothing for the original on the same server."""
    with films() as opened:
        expected = answers(opened)
    shutil.copytree(tmp_path / "films", tmp_path / "copies" / "films")
    options = Options(wait=0.2, index=f"chroma={server.url}")
    for notices in (1, 0):
        with Collection.open(tmp_path / "copies", "films", embedder=embedder, options=options) as copy:
            copy.remove(["Vienna.md"])
            assert (notices, []) == (len([one for one in copy.notices if "is a copy" in one]), copy.verify())
    with films() as opened:
        assert (expected, [], []) == (answers(opened), opened.verify(), opened.notices)


def test_a_moved_home_keeps_its_vectors(
    tmp_path: Path, films: Opening, server: ChromaServer, embedder: Encoder
) -> None:
    """A collection that was moved is no copy."""
    films().close()
    (tmp_path / "moved").mkdir()
    (tmp_path / "films").rename(tmp_path / "moved" / "films")
    options = Options(wait=0.2, index=f"chroma={server.url}")
    with Collection.open(tmp_path / "moved", "films", embedder=embedder, options=options) as moved:
        assert ([], []) == (moved.notices, moved.verify())


def test_a_deleted_collection_leaves_nothing_on_the_server(
    tmp_path: Path, films: Opening, server: ChromaServer
) -> None:
    """Its vectors go with it, those of earlier generations too."""
    with films() as opened:
        opened.rebuild()
    delete(tmp_path, "films", options=Options(wait=0.2, index=f"chroma={server.url}"))
    host, _, port = server.url.removeprefix("http://").partition(":")
    assert [] == chromadb.HttpClient(host, int(port)).list_collections()


def test_a_hanging_server_does_not_hold_a_question(
    films: Opening, server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work ends about when it is due, with an error that says why, though nothing comes from the server."""
    monkeypatch.setattr("polyhop.store.chroma.PATIENCE", 10_000.0)
    with films() as opened:
        server.hang()
        with due(time.monotonic() + 1), pytest.raises(IndexUnavailable, match="did not answer in 1 s"):
            opened.verify()
        server.stop()
