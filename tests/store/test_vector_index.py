"""Vector indexes: the contract of the role, and a whole collection on an index of the user's own."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent import Agent
from polyhop.core.errors import CallerError
from polyhop.core.settings import Settings
from polyhop.core.types import Metadata, Vectors
from polyhop.encoders import Encoder
from polyhop.store import search
from polyhop.store.collection import Collection, Options, delete
from polyhop.store.filter import Filter, parse
from polyhop.store.vector_index import Generation, IndexFailed, VectorIndex
from tests import corpus

from .chroma_server import ChromaServer
from .exact_index import ExactIndex
from .vector_index_contract import DIMENSION, IDS, METADATA, VECTORS, VectorIndexContract

EXACT = "tests.store.exact_index:ExactIndex"
WHERE = "kind = 'person' or year < 1000"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Chroma server for all checks, which leave nothing behind."""
    server = ChromaServer(tmp_path_factory.mktemp("server") / "chroma")
    server.start()
    yield server.url
    server.stop()


class TestChroma(VectorIndexContract):
    """Embedded."""

    @pytest.fixture
    def spec(self) -> str:
        """Return its name."""
        return "chroma"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # chromadb leaves them to the collector
class TestChromaServer(VectorIndexContract):
    """On a server."""

    @pytest.fixture
    def spec(self, address: str) -> Iterator[str]:
        """Return its name and address."""
        yield f"chroma={address}"
        gc.collect()


class TestExact(VectorIndexContract):
    """The user's own."""

    @pytest.fixture(params=["", "elsewhere"])
    def spec(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        """Return its name, without and with an address."""
        return f"{EXACT}={tmp_path / 'polyhop-contract-1'}" if request.param else EXACT


class Careless(ExactIndex):
    """Forgets the filter."""

    def query(self, vectors: Vectors, limit: int, where: Filter | None = None) -> list[list[tuple[str, float]]]:
        """Score everything."""
        return super().query(vectors, limit)


class Forgetful(ExactIndex):
    """Writes nothing down."""

    def commit(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Careless, "test_filters_that_it_applies_are_applied_exactly"),
        (Forgetful, "test_what_is_committed_is_there_again"),
    ],
)
def test_the_contract_notices(broken: type[ExactIndex], check: str, tmp_path: Path) -> None:
    """An index that breaks a promise fails the check of it."""

    def make(name: str) -> VectorIndex:
        return broken(Generation(name, tmp_path / name, DIMENSION), "")

    index = make("polyhop-contract-1")
    index.open()
    index.upsert(IDS, VECTORS, METADATA)
    index.commit()
    more: dict[str, Any] = {"where": "year < 2000"} if "filters" in check else {"make": make}
    with pytest.raises((AssertionError, IndexFailed)):
        getattr(VectorIndexContract(), check)(filled=index, **more)


# A whole collection


class Watched(ExactIndex):
    """Notes which filters it was asked to apply, and can be made to fail."""

    asked: list[str] = []  # noqa: RUF012 - shared on purpose: the collection makes the objects
    fails = False

    def query(self, vectors: Vectors, limit: int, where: Filter | None = None) -> list[list[tuple[str, float]]]:
        """Note the filter."""
        self.asked.append("" if where is None else str(where))
        return super().query(vectors, limit, where)

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadata: Sequence[Metadata]) -> None:
        """Write half and fail, if it is to fail."""
        half = len(ids) // 2 if Watched.fails else len(ids)
        super().upsert(ids[:half], vectors[:half], metadata[:half])
        if Watched.fails:
            Watched.fails = False
            raise OSError("the disk went away")


WATCHED = f"{__name__}:Watched"


@pytest.fixture
def watched(tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """Open a collection whose index applies filters, and is asked to although few rows pass."""
    monkeypatch.setattr(search, "EXACT", 1)
    monkeypatch.setattr(search, "SPARE", 1)
    Watched.asked = []
    with corpus.collection(tmp_path, embedder, options=Options(wait=0.2, index=WATCHED)) as opened:
        yield opened


def found(opened: Collection, where: str = "", k: int = 3) -> list[tuple[str, float]]:
    """Return what a question finds, scores to five decimals."""
    (hits,) = opened.dense(opened.embedder.encode_queries([corpus.QUESTION]), k, where=where)
    return [(hit.id, round(hit.score, 5)) for hit in hits]


def test_settings_name_an_index(tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """`POLYHOP_INDEX` puts a collection on an index of the user's own, with the same results; and back again."""
    with corpus.collection(tmp_path, embedder) as plain:
        expected = [found(plain), found(plain, WHERE)]
    monkeypatch.setenv("POLYHOP_INDEX", EXACT)
    with Agent.open(tmp_path, "films", settings=Settings()) as agent:
        moved = agent.collection
        assert any("moved to exact index" in notice for notice in moved.notices)
        assert (expected, []) == ([found(moved), found(moved, WHERE)], moved.verify())
        assert "exact index" == moved.status()["vectors"]
        assert 1 == len(list(moved.folder.glob("polyhop-*")))
    monkeypatch.delenv("POLYHOP_INDEX")
    with Agent.open(tmp_path, "films", settings=Settings()) as agent:
        assert (expected, []) == ([found(agent.collection), found(agent.collection, WHERE)], agent.collection.verify())


def test_filters_reach_an_index_that_applies_them(watched: Collection) -> None:
    """The index is asked with the filter, and the results are those of an exact search."""
    pushed = found(watched, WHERE)
    assert [str(parse(WHERE))] == Watched.asked
    people = [watched.passages([name])[name].metadata["kind"] for name, _ in pushed]
    assert ["person"] * 3 == people
    found(watched)
    assert "" == Watched.asked[-1]


def test_changed_metadata_reaches_the_index(watched: Collection) -> None:
    """A document whose metadata alone has changed is found by the new values, and no longer by the old."""
    jaws = corpus.DOCUMENTS[0]
    (name,) = watched.heads([jaws.key], 1)[jaws.key]
    watched.add([replace(jaws, metadata={**jaws.metadata, "kind": "person"})])
    assert name == found(watched, WHERE)[0][0]
    assert name not in dict(found(watched, "kind = 'film' or kind = 'place'"))
    assert all(Watched.asked)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("step", ["pending", "upserted", "flipped"])
def test_a_write_that_is_stopped_leaves_index_and_record_equal(
    step: str, error: type[BaseException], tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the flip the old metadata counts, after it the new; nothing of it needs the process to be started anew."""
    monkeypatch.setattr(search, "EXACT", 1)
    monkeypatch.setattr(search, "SPARE", 1)
    corpus.collection(tmp_path, embedder, options=Options(index=WATCHED)).close()

    def stop(heard: str) -> None:
        if heard == step:
            raise error("stopped")

    jaws = replace(corpus.DOCUMENTS[0], metadata={"kind": "person"})
    with Collection.open(tmp_path, "films", embedder=embedder, options=Options(index=WATCHED, observe=stop)) as opened:
        (name,) = opened.heads([jaws.key], 1)[jaws.key]
        with pytest.raises(error, match="stopped"):
            opened.add([jaws])
        assert (step == "flipped") == (name in dict(found(opened, WHERE)))
        assert (step == "flipped") != (name in dict(found(opened, "kind = 'film' or kind = 'place'")))
        assert ([], Watched.asked[-2:]) == (opened.verify(), [one for one in Watched.asked[-2:] if one])


def test_an_index_that_failed_is_made_anew(watched: Collection) -> None:
    """What an engine left when it raised is not relied on; what was acknowledged stays."""
    before = found(watched)
    Watched.fails = True
    with pytest.raises(OSError, match="the disk went away"):
        watched.add([replace(one, key=f"new {one.key}") for one in corpus.DOCUMENTS])
    assert ["the vector index was rebuilt from the record: a write failed"] == watched.notices
    assert (before, []) == (found(watched), watched.verify())
    assert len(corpus.DOCUMENTS) == watched.add([replace(one, key=f"x {one.key}") for one in corpus.DOCUMENTS]).added


def test_searches_beside_a_writer_do_not_rely_on_its_metadata(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between upsert and flip the index knows the new metadata and the record the old: the record decides."""
    monkeypatch.setattr(search, "EXACT", 1)
    monkeypatch.setattr(search, "SPARE", 1)
    seen: list[list[tuple[str, float]]] = []

    def look(heard: str) -> None:
        if heard == "upserted" and watching:
            seen.append(found(opened, WHERE))

    watching: list[bool] = []
    options = Options(index=WATCHED, observe=look)
    with corpus.collection(tmp_path, embedder, options=options) as opened:
        before = found(opened, WHERE)
        watching.append(True)
        opened.add([replace(one, metadata={"kind": "gone"}) for one in corpus.DOCUMENTS])
        assert [before] == seen
        assert [] == found(opened, WHERE)


def test_a_deleted_collection_leaves_nothing_at_the_address(tmp_path: Path, embedder: Encoder) -> None:
    """An index that lies elsewhere goes with its collection, and old generations when they are replaced."""
    options = Options(index=f"{EXACT}={tmp_path / 'elsewhere'}")
    with corpus.collection(tmp_path / "home", embedder, options=options) as opened:
        opened.rebuild()
        assert 1 == len(list((tmp_path / "elsewhere").iterdir()))
    delete(tmp_path / "home", "films", options=options)
    assert [] == list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("spec", ["nothing", "tests.store.exact_index:Missing", "builtins:dict"])
def test_what_is_no_index_is_refused(spec: str, tmp_path: Path, embedder: Encoder) -> None:
    """A name that leads to no vector index is the caller's error, and the collection opens again without it."""
    corpus.collection(tmp_path, embedder).close()
    with pytest.raises(CallerError, match="vector index"):
        Collection.open(tmp_path, "films", embedder=embedder, options=Options(index=spec))
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert ([], []) == (opened.notices, opened.verify())


def test_the_old_setting_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """`POLYHOP_CHROMA_URL` and `Options(chroma_url=...)` name the same index as before, with a warning."""
    with pytest.warns(DeprecationWarning, match="index='chroma=http://host:1'"):
        assert "chroma=http://host:1" == Options(chroma_url="http://host:1").index
    monkeypatch.setenv("POLYHOP_CHROMA_URL", "http://host:2")
    with pytest.warns(DeprecationWarning, match="name the server in POLYHOP_INDEX"):
        assert "chroma=http://host:2" == Settings().index


#: what the format of 0.1 had and had not
AS_IN_0_1 = (
    "UPDATE meta SET value = 1 WHERE key = 'format'",
    "ALTER TABLE chunks DROP COLUMN layout",
    "ALTER TABLE documents DROP COLUMN original",
    "DROP TABLE files",
    "DROP TABLE roots",
    "DROP TABLE addresses",
    "DROP TABLE anchors",
    "DROP TABLE links",
    "CREATE TABLE sources (path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, digest BLOB) WITHOUT ROWID",
)


@pytest.mark.parametrize("vectors", ["", "http://127.0.0.1:9"])
def test_a_record_of_0_1_opens_without_a_rebuild(vectors: str, tmp_path: Path, embedder: Encoder) -> None:
    """The keys that were named after the only engine get their new names, and the index is the one that was there."""
    with corpus.collection(tmp_path, embedder) as made:
        name = made.record.get("index")
        with made.record.writing() as connection:
            connection.execute("UPDATE meta SET key = 'chroma' WHERE key = 'index'")
            connection.execute("UPDATE meta SET key = 'url', value = ? WHERE key = 'location'", (vectors,))
            for statement in AS_IN_0_1:
                connection.execute(statement)
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert [] == opened.verify()
        moved = ["the vector index was rebuilt from the record: moved to embedded Chroma"]
        assert (moved if vectors else []) == [one for one in opened.notices if "0.1" not in one]
        assert (name == opened.record.get("index")) == (not vectors)
        assert None is opened.record.get("chroma") is opened.record.get("url")
