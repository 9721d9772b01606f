"""MCP over HTTP: whom the server lets in, and that tenants do not meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from polyhop.agent.mcp.tools import TOOLS
from polyhop.encoders import Encoder
from tests.agent.service.served import Served, command
from tests.agent.service.tenants import MARK, OWN, VAULT, fill
from tests.corpus import QUESTION

from .clients import all_resources, names, over_http

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many
BEGIN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}
HEADERS = {"Accept": "application/json, text/event-stream"}


def posted(server: Served, body: Any = BEGIN, **headers: str) -> httpx.Response:
    """Send a message by hand."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{server.url}/mcp", json=body, headers={**HEADERS, **named}, timeout=60)


def test_web_pages_are_refused(served: Served) -> None:
    """A page of another origin, and a name that leads here by somebody else's name server."""
    assert 200 == posted(served).status_code
    assert 403 == posted(served, Origin="https://evil.example").status_code
    assert 403 == posted(served, Host="evil.example").status_code


def test_nothing_is_streamed_unasked(served: Served) -> None:
    """A stream of the server's own would hold up its end; what is no message is refused."""
    answer = httpx.get(f"{served.url}/mcp", headers={"Accept": "text/event-stream"})

    assert (405, "POST, DELETE") == (answer.status_code, answer.headers["allow"])
    assert 413 == posted(served, "x" * 3_000_000).status_code
    assert 400 <= posted(served, [1, 2]).status_code < 500
    assert 404 == posted(served, LIST, Mcp_Session_Id="f" * 32).status_code


def test_clients_that_are_connected_do_not_delay_the_end(library: Path) -> None:
    """A session is open, and the server ends well all the same; what it answered was counted under its path."""
    with Served(library) as server:
        posted(server)
        counted = server.metric("polyhop_requests_total", route="/mcp", method="POST", status="200")
        code = server.stop()

    assert (1.0, 0) == (counted, code)


async def test_keys_scopes_and_sessions(tmp_path: Path, library: Path, embedder: Encoder) -> None:
    """Nobody comes in without a key; one that may write is offered that, and a session is its key's alone."""
    own, _ = fill(tmp_path, embedder, secret=False)
    reader = command(tmp_path, "keys", "add", "--tenant", OWN, "--scope", "read").strip()
    writer = command(tmp_path, "keys", "add", "--tenant", OWN, "--scope", "write").strip()
    documents = {"collection": "films", "documents": [{"key": "new.md", "text": "Jaws again."}]}
    with Served(tmp_path, "--mcp-write", key=own) as server:
        refused = [posted(server, **headers).status_code for headers in ({}, {"X_API_Key": "ph_0"})]
        scope = posted(server, Authorization=f"Bearer {writer}").status_code
        begun = posted(server, X_API_Key=own)
        session = begun.headers["mcp-session-id"]
        stolen = posted(server, LIST, X_API_Key=reader, Mcp_Session_Id=session).status_code
        kept = posted(server, LIST, X_API_Key=own, Mcp_Session_Id=session).status_code
        async with over_http(server, reader) as client:
            offered = names((await client.list_tools()).tools)
            with pytest.raises(MCPError, match="there is no tool"):
                await client.call_tool("add_documents", documents)
        async with over_http(server, own) as client:
            written: Any = (await client.call_tool("add_documents", documents)).structured_content

    assert ([401, 401], 403) == (refused, scope)
    assert (200, 404, 200) == (begun.status_code, stolen, kept)
    assert "add_documents" not in offered and 1 == written["added"]


Call = Callable[[Client], Coroutine[Any, Any, Any]]
FILMS: dict[str, Any] = {"question": QUESTION, "collections": ["films"], "k": 50}
ISLAND = "Which island does Steven Spielberg lead to?"


def called(name: str, **arguments: Any) -> Call:
    """Return a call of a tool."""
    return lambda client: client.call_tool(name, arguments)


def read(address: str) -> Call:
    """Return the reading of a resource."""
    return lambda client: client.read_resource(address)


#: each tool and each way to a resource, with calls that would show another tenant's documents if anything did
CONTRACT: dict[str, list[Call]] = {
    "retrieve": [
        called("retrieve", **FILMS),
        called("retrieve", **{**FILMS, "question": ISLAND, "profile": "quality"}),
        called("retrieve", **{**FILMS, "where": f"secret = '{VAULT}'"}),
        called("retrieve", **{**FILMS, "collections": ["films", VAULT]}),
    ],
    "ask": [called("ask", **FILMS), called("ask", **{**FILMS, "question": ISLAND})],
    "explain": [called("explain", **FILMS), called("explain", **{**FILMS, "collections": [VAULT]})],
    "select_tools": [called("select_tools", request="Tell the weather of the island.")],
    "list_collections": [called("list_collections"), called("list_collections", after="films")],
    "add_documents": [
        called("add_documents", collection="films", documents=[{"key": "new.md", "text": "Jaws again."}]),
        called("add_documents", collection="made", documents=[{"key": "a", "text": "Text."}]),
    ],
    "resources": [
        all_resources,
        read("polyhop://films/documents/Steven%20Spielberg.md"),
        read(f"polyhop://{VAULT}/documents/Vienna.md"),
        read("polyhop://_tenants/documents/Vienna.md"),
    ],
}


async def said(client: Client, call: Call) -> str:
    """Return all that a call comes to, without times."""
    try:
        came = await call(client)
    except MCPError as error:
        came = error.error
    shown = came.model_dump_json() if hasattr(came, "model_dump_json") else str(came)
    return re.sub(r'"ms": ?[\d.e-]+', "", shown)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_other_tenant_changes_nothing(tmp_path: Path, embedder: Encoder, mode: str) -> None:
    """Each tool and resource is as if nobody else were there, and no word of the other tenant is in it.

    The other tenant asks the same before, so that whatever is cached is his; his addresses lead his neighbour nowhere.
    """
    own, secret = fill(tmp_path / "both", embedder, secret=True)
    single, _ = fill(tmp_path / "alone", embedder, secret=False)
    with (
        Served(tmp_path / "both", "--mcp-write") as both,
        Served(tmp_path / "alone", "--mcp-write") as alone,
    ):
        async with (
            over_http(both, secret, mode=mode) as other,
            over_http(both, own, mode=mode) as here,
            over_http(alone, single, mode=mode) as there,
        ):
            found: Any = (await other.call_tool("retrieve", FILMS)).structured_content
            for name, call in ((name, call) for name, calls in CONTRACT.items() for call in calls):
                await said(other, call)
                answer = await said(here, call)

                assert await said(there, call) == answer, name
                assert MARK not in answer, name
            for address in [one["uri"] for one in found["passages"]]:
                with pytest.raises(MCPError, match="there is no"):
                    await here.read_resource(address)

    assert {one.name for one in TOOLS} | {"resources"} == set(CONTRACT)
    assert MARK in str(found)
