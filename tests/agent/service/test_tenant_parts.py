"""Two tenants, part by part: the same is asked, read and remembered whether or not the other has matches.

Counted, not timed: each step of SQLite's virtual machine, each question to a collection, each entry of a cache.
"""

from __future__ import annotations

import ast
import json
import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from benchmarks.house import files
from polyhop.agent import Agent, Collection, Settings
from polyhop.agent.service.app import make_app
from polyhop.agent.service.keys import home_of
from polyhop.agent.service.limits import ServerLimits
from polyhop.agent.service.state import Service
from polyhop.encoders import Encoder
from polyhop.retrieval.config import Config
from polyhop.retrieval.fusion.role import FUSIONS
from polyhop.retrieval.hop.role import UPDATERS
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.role import AUGMENTERS
from polyhop.retrieval.rerank.role import RERANKERS
from polyhop.retrieval.stop import STOP_RULES
from polyhop.store.record import Record
from polyhop.store.search import Recent
from tests.corpus import QUESTION

from .contract import CACHES, CONTRACT, LEGS, OTHERS, PARTS, READING, TABLES
from .served import ROOT
from .tenants import MARK, OWN, SECRET, fill
from .test_questions import timeless

pytestmark = pytest.mark.slow
REGISTRIES = {one.role: one for one in (UPDATERS, RERANKERS, AUGMENTERS, FUSIONS, STOP_RULES)}
#: what a cache of the whole process may be asked by: texts, files and kinds, never a collection
PLAIN = frozenset({"str", "int", "bool", "Path", "type", "tuple[str, ...]", "frozenset[str]", "tuple[Block, ...]"})


class Meter:
    """Counts the work since it was read last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._counts: Counter[str] = Counter()
        self._inside = threading.Lock()
        connect = Record._connect

        def metered(record: Record) -> sqlite3.Connection:
            connection = connect(record)  # how many are opened depends on how many threads read at a time
            connection.set_trace_callback(lambda _: self.count("statements"))
            connection.set_progress_handler(lambda: self.count("steps"), 1)
            return connection

        monkeypatch.setattr(Record, "_connect", metered)
        for name in LEGS:
            monkeypatch.setattr(Collection, name, self._counted(name))

    def count(self, what: str) -> None:
        """Count one."""
        with self._inside:
            self._counts[what] += 1

    def read(self) -> dict[str, int]:
        """Return what was counted, and begin anew."""
        with self._inside:
            found, self._counts = dict(self._counts), Counter()
        return found

    def _counted(self, name: str) -> Callable[..., Any]:
        asked = getattr(Collection, name)

        def told(collection: Collection, *arguments: Any, **named: Any) -> Any:
            self.count(name)
            return asked(collection, *arguments, **named)

        return told


def remembered(collection: Collection) -> dict[str, Any]:
    """Return how much each cache of a collection holds, and how often it was of use."""
    found: dict[str, Any] = {}
    for name, value in vars(collection).items():
        if hasattr(value, "cache_info"):
            found[name] = tuple(value.cache_info())
        elif isinstance(value, Recent):
            _, *shelves = value._shelves
            found[name] = [sorted(shelf) for shelf in shelves]
    found["_statistics"] = {
        name: len(value) for name, value in vars(collection._statistics).items() if hasattr(value, "__len__")
    }
    return found


@contextmanager
def served(home: Path, embedder: Encoder) -> Iterator[tuple[Service, str]]:
    """Serve a home from a thread of this process, and yield the service and its address."""
    service = Service(Settings(home=home), embedder, ServerLimits(), open_here=True)
    server = uvicorn.Server(uvicorn.Config(make_app(service), log_config=None, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield service, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_work_and_memory_are_the_same(tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading operation takes the same steps and leaves the same in the caches, beside another tenant and alone.

    The other tenant has matches for everything, and asks the same before, so that whatever is shared is warm with his.
    """
    meter = Meter(monkeypatch)
    seen: dict[bool, list[Any]] = {}
    for shared in (True, False):
        own, secret = fill(tmp_path / str(shared), embedder, secret=shared)
        with served(tmp_path / str(shared), embedder) as (service, url):
            seen[shared] = list(_measured(service, url, [own, secret], meter))

    assert {name for name, *_ in seen[True]} == READING
    for beside, alone in zip(seen[True], seen[False], strict=True):
        assert alone == beside
    assert sum(work.get("steps", 0) for _, work, *_ in seen[True]) > 10_000
    assert {"dense", "lexical", "bearers", "linked"} <= {leg for _, work, *_ in seen[True] for leg in work}


def _measured(service: Service, url: str, keys: list[str], meter: Meter) -> Iterator[tuple[Any, ...]]:
    """Yield for each request its operation, the work that it took, and what the open collections remember then."""
    own, other = (
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) if key else None
        for key in keys
    )
    assert own is not None
    for name, call in ((one, call) for one in sorted(READING) for call in CONTRACT[one]):
        if other is not None:
            call(other)
        meter.read()
        call(own)
        work = meter.read()
        held = {
            place.name: remembered(one.thing)
            for place, one in service.shelf._held.items()
            if place.tenant == OWN and isinstance(one.thing, Collection)
        }
        yield name, work, held
    for client in (own, other):
        if client is not None:
            client.close()


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Mapping[bool, Path]:
    """Return a home with the other tenant, and one without."""
    made = {shared: tmp_path_factory.mktemp(f"parts{shared}") for shared in (True, False)}
    for shared, home in made.items():
        fill(home, embedder, secret=shared)
    return made


def test_each_question_to_a_collection_is_answered_the_same(
    homes: Mapping[bool, Path], embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With as many steps, and with no word of the other tenant; one that is added to collections must be listed."""
    meter = Meter(monkeypatch)
    found: dict[bool, list[Any]] = {}
    for shared, home in homes.items():
        with Collection.open(home_of(home, OWN), "films", embedder=embedder) as films:
            ids = films.record.live_ids()[:5]
            asked = []
            for name, ask in LEGS.items():
                meter.read()
                asked.append((name, repr(ask(films, ids)), meter.read()))
            found[shared] = [*asked, remembered(films)]
            caches = set(remembered(films))

    assert found[False] == found[True]
    assert MARK not in repr(found[True])
    assert caches == CACHES
    public = {name for name in (*dir(Collection), *vars(films)) if not name.startswith("_")}
    assert public == {*LEGS, *OTHERS}


def test_each_table_is_in_a_file_of_its_tenant(homes: Mapping[bool, Path], embedder: Encoder) -> None:
    """The record has the tables that are listed, and none of them a row of the other tenant."""
    with Collection.open(home_of(homes[True], OWN), "films", embedder=embedder) as films:
        sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite_%'"
        with films.record.reading() as connection:
            tables = {row[0] for row in connection.execute(sql)}
            dump = "\n".join(connection.iterdump())
        folder = films.folder

    assert tables == TABLES
    assert "Spielberg" in dump and MARK not in dump
    assert [] == [path for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def _configs(role: str, name: str, films: Collection) -> Config:
    """Return a search in which a part plays its role."""
    part = REGISTRIES[role].make(name, films)
    plain = Config.of(Settings(profile="quality"), films)
    change: dict[str, Any] = {
        "hop updater": {"hops": (part,), "further": ()},
        "reranker": {"rerankers": (part,)},
        "augmenter": {"augment": part},
        "fusion": {"first": FirstSearch(fusion=part)},
        "stop rule": {"stop": part},
    }[role]
    return replace(plain, **change)


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, parts in PARTS.items() for name, why in parts.items() if not why]
)
def test_each_part_finds_the_same(  # one test a part, so that a part that leaks is named
    homes: Mapping[bool, Path], embedder: Encoder, monkeypatch: pytest.MonkeyPatch, *, role: str, name: str
) -> None:
    """Passages, scores, paths, events and the steps that it took are the same beside the other tenant and alone."""
    meter = Meter(monkeypatch)
    found: dict[bool, Any] = {}
    for shared, home in homes.items():
        if shared:
            with Collection.open(home_of(home, SECRET), "films", embedder=embedder) as films:
                Agent(films, config=_configs(role, name, films)).retrieve(QUESTION, 20)
        with Collection.open(home_of(home, OWN), "films", embedder=embedder) as films:
            agent = Agent(films, config=_configs(role, name, films))
            meter.read()
            told = timeless(agent.retrieve(QUESTION, 20).to_dict())
            found[shared] = told, meter.read(), remembered(films)

    assert found[False] == found[True]
    assert MARK not in json.dumps(found[True][0]) and found[True][0]["passages"]


def test_every_door_is_listed(tmp_path: Path, embedder: Encoder) -> None:
    """What the description does not have is known too: `/mcp` has a contract of its own, beside its tests."""
    app = make_app(Service(Settings(home=tmp_path), embedder, ServerLimits(), open_here=True))._app
    described = set(app.openapi()["paths"])

    assert {"/openapi.json", "/mcp"} == {getattr(one, "path", str(one)) for one in app.routes} - described


def test_every_part_is_listed() -> None:
    """One that is added to a registry fails this until it stands in the contract."""
    assert {role: set(parts) for role, parts in PARTS.items()} == {
        role: {name for name in one.names() if name not in one.added()} for role, one in REGISTRIES.items()
    }


def test_what_the_process_remembers_is_of_no_collection() -> None:
    """A cache of a module is shared by all tenants, so it may be asked by texts and files alone."""
    found = {
        f"{path.relative_to(ROOT)}:{node.name}": {
            ast.unparse(one.annotation) for one in node.args.args if one.annotation
        }
        for path in files(ROOT)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and any(_is_cache(one) for one in node.decorator_list)
    }

    assert len(found) > 10
    assert {} == {name: kinds - PLAIN for name, kinds in found.items() if kinds - PLAIN}


def _is_cache(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).partition("(")[0].rpartition(".")[2] in ("lru_cache", "cache")
