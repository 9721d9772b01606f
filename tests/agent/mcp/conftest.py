"""A home with films, hostile keys and a catalogue, and a server over it; each process of tests starts it once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client

from polyhop.agent import Catalogue, Collection, Document, Tools
from polyhop.encoders import Encoder
from polyhop.tools.tool import Tool
from tests import corpus
from tests.agent.service.served import Served

from .clients import WAYS, over_http, over_stdio

#: keys that a careless server would take for paths, queries or addresses
HOSTILE = ["../../etc/passwd", "..", "a b/ü?x=1#y%2F", "polyhop://films/documents/x", "%2e%2e/x", "<script>"]
#: documents of a collection that takes more than a page
MANY = 130

Connect = Callable[[], AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home that tests leave as it is."""
    home = tmp_path_factory.mktemp("library")
    corpus.collection(home, embedder).close()
    with Collection.create(home, "odd", embedder=embedder) as odd:
        odd.add(Document(key, f"A note that is kept under {place}.") for place, key in enumerate(HOSTILE))
    with Collection.create(home, "many", embedder=embedder) as many:
        many.add(Document(f"{place:03}", f"Note {place}.") for place in range(MANY))
    with Catalogue.create(home, embedder=embedder) as catalogue:
        catalogue.sync(Tools([Tool("get_forecast", "Tell the weather of a city.")], "shop"))
    return home


@pytest.fixture(scope="session")
def served(library: Path) -> Iterator[Served]:
    """Return a server over it."""
    with Served(library) as server:
        yield server


@pytest.fixture(params=WAYS, ids="-".join)
def connect(request: pytest.FixtureRequest, library: Path, served: Served) -> Connect:
    """Return what connects a client to it, over each transport and in each age of the protocol."""
    transport, mode = request.param

    @asynccontextmanager
    async def connected() -> AsyncIterator[Client]:
        way = over_stdio(library, mode=mode) if transport == "stdio" else over_http(served, mode=mode)
        async with way as client:
            yield client

    return connected
