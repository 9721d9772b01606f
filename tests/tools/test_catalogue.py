"""The catalogue: in step with its sources, each for itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from polyhop.tools.catalogue import Catalogue
from polyhop.tools.importers.definitions import JsonLines
from polyhop.tools.importers.role import SourceAway
from polyhop.tools.tool import Note, Tool
from tests.documents import environment

from .catalogues import MAIL, WEATHER, lines, offered, tool

SEARCH = """
import sys
from polyhop.agent import Catalogue
with Catalogue.open(sys.argv[1]) as catalogue:
    vectors = catalogue.snapshot().vectors[:1]
    print(len(catalogue.dense(vectors, 5)[0]), len(catalogue.lexical("weather", 1)), "chromadb" in sys.modules, end=" ")
    print(catalogue.collection.verify(), "chromadb" in sys.modules)
"""


@pytest.fixture
def catalogue(tmp_path: Path, embedder: Encoder) -> Iterator[Catalogue]:
    """Lend an empty catalogue."""
    with Catalogue.create(tmp_path / "home", embedder=embedder) as made:
        yield made


@dataclass(frozen=True)
class Broken:
    """A source that yields something and then fails, or says that it lost something."""

    tool: Tool
    raises: bool
    owner: str = "shop"

    def read(self) -> Iterator[Tool | Note]:
        """Yield a tool, then fail."""
        yield self.tool
        if self.raises:
            raise SourceAway("the line is dead; mend it")
        yield Note(self.owner, "line 2", "it is not JSON", "mend it", lost=True)


def test_a_sync_takes_over_what_changed(catalogue: Catalogue, tmp_path: Path) -> None:
    """New tools are added, changed ones changed, those that are gone removed, and the rest is left alone."""
    path = lines(tmp_path / "tools.jsonl", [WEATHER, MAIL, {"name": "old", "description": "Goes away."}])
    first = catalogue.sync(JsonLines(path))
    lines(path, [WEATHER, {**MAIL, "description": "Send mail."}, {"name": "new", "description": "Comes."}])
    second = catalogue.sync(JsonLines(path))

    assert (3, 0, 0, 0) == (first.added, first.changed, first.unchanged, first.removed)
    assert (1, 1, 1, 1) == (second.added, second.changed, second.unchanged, second.removed)
    assert ["get_forecast", "new", "sendMail"] == [one.name for one in catalogue.tools()]
    assert "Send mail." == catalogue.get("sendMail").description
    assert [] == catalogue.collection.verify()


def test_a_sync_touches_its_owner_only(catalogue: Catalogue) -> None:
    """What another source brought stays."""
    catalogue.sync(offered(tool("a"), owner="one"))
    catalogue.sync(offered(tool("b"), owner="two"))
    catalogue.sync(offered(owner="one"))

    assert {"two": 1} == catalogue.owners()
    assert 1 == catalogue.remove("two") and 0 == len(catalogue)


@pytest.mark.parametrize("raises", [True, False])
def test_a_source_that_is_not_read_whole_loses_nothing(catalogue: Catalogue, *, raises: bool) -> None:
    """A source that fails is reported and changes nothing; one of which a part is lost removes nothing."""
    catalogue.sync(offered(tool("a"), tool("b")))
    report = catalogue.sync(Broken(tool("c"), raises))

    assert (["a", "b"] if raises else ["a", "b", "c"]) == [one.name for one in catalogue.tools()]
    assert ("the line is dead; mend it" if raises else "") == report.failed
    assert (0 if raises else 2) == report.kept


def test_a_name_of_two_servers_is_qualified(catalogue: Catalogue) -> None:
    """Both owners are named, each tool is shown behind its server's name, and the bare name is refused."""
    catalogue.sync(offered(tool("search", server="web"), owner="one"))
    report = catalogue.sync(offered(tool("search", server="mail"), tool("alone", server="mail"), owner="two"))

    assert {"web/search", "mail/search", "alone"} == set(catalogue.snapshot().shown)
    (note,) = report.notes
    assert "'web' of 'one'" in note.what and "'mail' of 'two'" in note.what
    assert "mail" == catalogue.get("mail/search").server
    with pytest.raises(CallerError, match=r"'mail/search' of 'two'.*'web/search' of 'one'|'web/search' of 'one'.*"):
        catalogue.get("search")


def test_different_tools_of_one_name_are_numbered(catalogue: Catalogue) -> None:
    """The second is kept under a number, the same one twice is kept once, and both are noted."""
    report = catalogue.sync(offered(tool(server="s"), tool(description="Another.", server="s"), tool(server="s")))

    assert {"s/get_forecast", "s/get_forecast~2"} == set(catalogue.snapshot().shown)
    assert {"get_forecast"} == {one.name for one in catalogue.tools()}
    assert 2 == len(report.notes)


def test_the_record_gives_back_the_whole_tool(catalogue: Catalogue) -> None:
    """Everything that is known of a tool survives closing, filters see it, and search finds it."""
    whole = tool(
        parameters=WEATHER["parameters"],
        server="Sky",
        tags=("outdoors", "daily"),
        kind="mcp",
        output={"type": "object", "properties": {"rain": {}}},
        extras={"method": "GET"},
        owner="shop",
    )
    catalogue.sync(offered(whole, tool("pay", description="Pay a bill.")))
    vector = catalogue.embedder.encode_queries(["Will it rain in Bern?"])

    assert whole == catalogue.get("get_forecast")
    for where in ("tags = 'daily'", "server = 'Sky'", "required = 'city'", "optional = 'days'", "outputs = 'rain'"):
        assert [whole.id] == catalogue.collection.keys(where)
    assert [whole.id] == [hit.id for hit in catalogue.dense(vector, 1)[0]]
    assert [whole.id] == [hit.id for hit in catalogue.dense(vector, 2, where="kind = 'mcp'")[0]]
    assert [whole.id] == [hit.id for hit in catalogue.lexical("city weather", 5)]


def test_a_vector_is_that_of_the_embedded_text(catalogue: Catalogue) -> None:
    """The snapshot's rows belong together, also for a text longer than the embedder's window."""
    catalogue.sync(offered(tool("long", description="A word. " * 400), tool("short")))
    snapshot = catalogue.snapshot()
    vectors = catalogue.embedder.encode_passages([one.embed_text for one in snapshot.tools])

    assert 2 == catalogue.status()["passages"]
    assert (snapshot.vectors == vectors).all()
    assert snapshot is catalogue.snapshot()


@pytest.mark.slow
def test_opening_for_search_leaves_the_vector_index_alone(catalogue: Catalogue) -> None:
    """A fresh process searches by vector and by words without loading Chroma, which is opened when it is needed."""
    catalogue.sync(offered(tool("a"), tool("b")))
    catalogue.close()
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, str(catalogue.collection.folder.parent)],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
    )

    assert ("2 1 False [] True\n", "") == (done.stdout, done.stderr)


def test_a_collection_of_documents_is_no_catalogue(tmp_path: Path, embedder: Encoder) -> None:
    """Its documents would not be tools, so it is refused by name."""
    with Collection.create(tmp_path, "notes", embedder=embedder) as collection:
        collection.add([Document("a", "No tool.")])
    with pytest.raises(CallerError, match="'notes' holds documents"):
        Catalogue.open(tmp_path, "notes")


def test_an_unknown_tool_is_refused(catalogue: Catalogue) -> None:
    """The message says how to see those there are."""
    with pytest.raises(CallerError, match="no tool 'x' among 0"):
        catalogue.get("x")
