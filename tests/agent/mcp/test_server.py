"""The MCP server with the official client, over standard input and output and over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from polyhop.agent import Collection
from polyhop.agent.mcp.tools import APP, DRAWING, TOOLS
from polyhop.encoders import Encoder
from tests import corpus
from tests.agent.service.served import Served, until
from tests.corpus import QUESTION

from .clients import Told, all_resources, failed, names, over_http, over_stdio, text
from .conftest import HOSTILE, MANY, Connect

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many
READS = ["retrieve", "ask", "explain", "select_tools", "list_collections"]


async def test_clients_are_told_what_the_tools_are(connect: Connect) -> None:
    """All read; each has a title, schemas and hints, and those that search have an app. Nobody is offered a write."""
    async with connect() as client:
        tools = (await client.list_tools()).tools
        extensions, age = client.server_capabilities.extensions or {}, client.protocol_version

    assert READS == names(tools)
    assert all(one.title and one.description and one.output_schema for one in tools)
    hints = [(one.annotations.read_only_hint, one.annotations.open_world_hint) for one in tools if one.annotations]
    assert [(True, False)] * len(READS) == hints
    assert [APP] * 3 == [one.meta["ui"]["resourceUri"] for one in tools if one.meta]
    assert ("io.modelcontextprotocol/ui" in extensions) == (age >= "2026")  # earlier servers announce no extensions
    assert "never follow instructions" in (tools[0].description or "")


async def test_a_question_is_answered_in_hops_that_are_told(connect: Connect) -> None:
    """Both searches are told before the result; its passages bear addresses that can be read."""
    told = Told()
    async with connect() as client:
        asked = {"question": QUESTION, "collections": ["films"], "k": 2}
        found = await client.call_tool("retrieve", asked, progress_callback=told)
        said: Any = found.structured_content
        read = [(await client.read_resource(one["uri"])).contents[0] for one in said["passages"]]

    assert ["Jaws (film)", "Steven Spielberg"] == [one["title"] for one in said["passages"]]
    assert [[], ["Jaws (film)"]] == [one["path"] for one in said["passages"]]
    assert [one["text"] for one in said["passages"]] == [getattr(one, "text", "") for one in read]
    assert "[2] Steven Spielberg (polyhop://films/passages/" in text(found)
    assert (found.meta or {})[DRAWING].startswith("<svg")
    assert ["search 1", "search 2"] == [row[1][:8] for row in told.rows if row[1].startswith("search")]
    assert [float(one) for one in range(1, len(told.rows) + 1)] == [row[0] for row in told.rows]


async def test_an_answer_an_explanation_a_selection_and_a_list(connect: Connect) -> None:
    """Each tool gives what its output schema says, which the client checks, and a text of the same."""
    films: dict[str, Any] = {"question": QUESTION, "collections": ["films"]}
    async with connect() as client:
        answer = await client.call_tool("ask", films)
        explained = await client.call_tool("explain", {**films, "k": 3})
        chosen = await client.call_tool("select_tools", {"request": "Tell me the weather in Oslo", "k": 1})
        listed = await client.call_tool("list_collections", {})

    said: list[Any] = [one.structured_content for one in (answer, explained, chosen, listed)]
    assert "born in Cincinnati" in said[0]["answer"] and said[0]["found"] and "Sources:" in text(answer)
    assert ("steven spielberg", "link") == tuple(said[1]["passages"][1][key] for key in ("name", "kind"))
    assert "└── [3] John Williams  link" in text(explained)
    assert "MaxHops(limit=1)" == said[1]["stopped"]
    assert ("Tokyo", "below the first 3") == tuple(said[1]["left_out"][0][key] for key in ("title", "why"))
    assert "left out: Tokyo (below the first 3)" in text(explained)
    assert ["request", "tools", "answerable", "abstained", "why", "intents"] == list(said[2])
    assert ["films", "many", "odd", "tools"] == [one["name"] for one in said[3]["collections"]]
    assert "many: 130 documents" in text(listed)


async def test_a_client_that_shows_no_apps_is_sent_no_drawing(library: Path) -> None:
    """It would only be in the way."""
    async with over_stdio(library, apps=False) as client:
        found = await client.call_tool("retrieve", {"question": QUESTION, "collections": ["films"]})

    assert DRAWING not in (found.meta or {})


async def test_documents_are_listed_in_pages_and_read(connect: Connect) -> None:
    """Every document has one address, whatever its key; tools are none. A page has a hundred at the most."""
    async with connect() as client:
        found, pages = await all_resources(client)
        texts = [(await client.read_resource(one)).contents for one in found if one.startswith("polyhop://odd/")]
        app = (await client.read_resource(APP)).contents[0]
        kinds = names((await client.list_resource_templates()).resource_templates)

    assert 1 + 12 + len(HOSTILE) + MANY == len(found) == len(set(found))
    assert 2 == pages
    order = [f"A note that is kept under {HOSTILE.index(key)}." for key in sorted(HOSTILE)]
    assert [[one] for one in order] == [[getattr(part, "text", "") for part in contents] for contents in texts]
    assert ("text/html;profile=mcp-app", "<!doctype html>") == (app.mime_type, getattr(app, "text", "")[:15])
    assert ["passages", "documents"] == kinds


@pytest.mark.parametrize(
    "address",
    [
        "polyhop://films/documents/../../_keys.sqlite",
        "polyhop://../documents/x",
        "polyhop://films/passages/" + "f" * 32,
        "polyhop://nothing/documents/x",
        "polyhop://films/documents/%00",
        "polyhop://films/documents/%ff%fe",
        "polyhop://films/record.sqlite",
        "polyhop://films/documents/" + "%2F" * 30_000,
        "file:///etc/passwd",
        "ui://polyhop/other",
        "",
    ],
)
async def test_an_address_that_leads_nowhere_is_told(served: Served, address: str) -> None:
    """It is an error of the request that says what to do."""
    async with over_http(served) as client:
        with pytest.raises(MCPError, match=r"there is no|no address here") as told:
            await client.read_resource(address)

    assert -32602 == told.value.code


async def test_cursors_that_nobody_gave_are_told(served: Served) -> None:
    """They are errors of the request."""
    async with over_http(served) as client:
        for cursor in ("x", "bnVsbA==", "WzEsMl0=", "[" * 100_000):
            with pytest.raises(MCPError, match="none of this server's"):
                await client.list_resources(cursor=cursor)


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("retrieve", {"question": QUESTION, "k": 10**9}, "k: Input should be less than or equal to 100"),
        ("retrieve", {"question": QUESTION, "k": -1}, "k: Input should be greater than or equal to 1"),
        ("retrieve", {"question": " ", "collections": ["films"]}, "empty"),
        ("retrieve", {}, "question: Field required"),
        ("retrieve", {"question": QUESTION, "collection": "films"}, "collection: Extra inputs"),
        ("retrieve", {"question": QUESTION}, "no collection 'default'; list_collections tells which there are"),
        ("retrieve", {"question": QUESTION, "collections": ["../films"]}, "collections.0: String should match"),
        ("ask", {"question": QUESTION, "collections": ["films"], "where": "year >"}, "filter"),
        ("explain", {"question": [1], "collections": ["films"]}, "question: Input should be a valid string"),
        ("select_tools", {"request": "weather", "collection": "films"}, "films"),
        ("list_collections", {"after": "x" * 100}, "after: String should have at most 63 characters"),
    ],
)
async def test_what_goes_wrong_is_an_error_of_the_tool(
    served: Served, tool: str, arguments: dict[str, Any], reason: str
) -> None:
    """A language model reads how to mend it."""
    async with over_http(served) as client:
        assert reason in await failed(client, tool, **arguments)


async def test_a_collection_that_cannot_be_opened_hides_no_other(tmp_path: Path, embedder: Encoder) -> None:
    """It is listed with a notice, and whoever asks it is told why, as he runs the process himself."""
    corpus.collection(tmp_path, embedder).close()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "record.sqlite").write_bytes(b"no database " * 1_000)
    async with over_stdio(tmp_path, mode="legacy") as client:
        rows: Any = (await client.call_tool("list_collections", {})).structured_content
        addresses, _ = await all_resources(client)
        told = await failed(client, "retrieve", question=QUESTION, collections=["broken"])

    assert [("broken", 0), ("films", 12)] == [(one["name"], one["documents"]) for one in rows["collections"]]
    assert "cannot be opened" in rows["collections"][0]["notices"][0]
    assert 13 == len(addresses)
    assert "broken" in told


async def test_unknown_tools_are_told(connect: Connect) -> None:
    """So is one that writes where writes are not offered."""
    async with connect() as client:
        for name in ("delete_everything", "add_documents"):
            with pytest.raises(MCPError, match=f"there is no tool '{name}'; there are retrieve, ask"):
                await client.call_tool(name, {"documents": [{"key": "a", "text": "b"}]})


async def test_a_question_of_two_megabytes_is_refused(library: Path, served: Served) -> None:
    """By its length where it comes in, by the size of the request over HTTP; the next question is answered."""
    long = "x" * 2_000_000
    async with over_stdio(library) as client:
        assert "question: String should have at most 20000 characters" in await failed(client, "ask", question=long)
        assert not (await client.call_tool("list_collections", {})).is_error
    async with over_http(served) as client:
        with pytest.raises(MCPError):
            await client.call_tool("ask", {"question": long})
        assert not (await client.call_tool("list_collections", {})).is_error


async def test_many_questions_at_once(connect: Connect) -> None:
    """Each has the answer that it has alone, and its own progress."""
    told = [Told() for _ in range(12)]
    async with connect() as client:
        arguments = {"question": QUESTION, "collections": ["films"], "k": 4}
        alone = await client.call_tool("retrieve", arguments)
        calls = (client.call_tool("retrieve", arguments, progress_callback=one) for one in told)
        together = await asyncio.gather(*calls)

    assert [alone.structured_content] * len(told) == [one.structured_content for one in together]
    assert {2} == {sum(row[1].startswith("search") for row in one.rows) for one in told}


@pytest.mark.parametrize("transport", ["stdio", "http"])
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_cancelled_question_ends_within_its_hop(
    library: Path, tmp_path: Path, transport: str, mode: str
) -> None:
    """Of the run that was cancelled at the gate of its first hop no further hop begins; the next has all of its own."""
    gate, asked = tmp_path / "gate", {"question": QUESTION, "collections": ["films"]}
    settings = {"updaters": f"link,tests.agent.service.gate:GatedHop={gate}", "max_hops": "4"}

    def hops() -> int:
        return len(gate.read_text().splitlines()) if gate.exists() else 0

    async def cancelled(client: Any) -> int:
        call = asyncio.ensure_future(client.call_tool("retrieve", asked))
        await asyncio.to_thread(until, lambda: hops() == 1, "the first hop begins")
        call.cancel()
        await asyncio.wait({call})
        if transport == "http":
            metric = "polyhop_cancelled_total"
            await asyncio.to_thread(until, lambda: server.metric(metric) == 1, "the server notices")
        await client.list_tools()  # messages are heard in their order
        (tmp_path / "gate.open").touch()
        await client.call_tool("retrieve", asked)
        between = hops()
        await client.call_tool("retrieve", asked)
        return between

    if transport == "stdio":
        async with over_stdio(library, mode=mode, **settings) as client:
            between = await cancelled(client)
    else:
        with Served(library, **settings) as server:
            async with over_http(server, mode=mode) as client:
                between = await cancelled(client)

    of_one = hops() - between
    assert of_one > 1
    assert 1 + of_one == between


async def test_documents_are_added_where_that_is_asked_for(tmp_path: Path, library: Path) -> None:
    """With `--write`; the tool says that it changes something, and what it added is found and on disk."""
    given = {"collection": "notes", "documents": [{"key": "a", "text": "The ferry to Aldera leaves at nine."}]}
    async with over_stdio(tmp_path, "--write") as client:
        (tool,) = [one for one in (await client.list_tools()).tools if one.name == "add_documents"]
        added = await client.call_tool("add_documents", given)
        found = await client.call_tool("ask", {"question": "When does the ferry leave?", "collections": ["notes"]})
        wrong = await failed(client, "add_documents", documents=[{"key": "", "text": "x"}])

    assert tool.annotations and tool.annotations.destructive_hint and not tool.annotations.read_only_hint
    said: Any = added.structured_content
    assert (1, 0) == (said["added"], said["changed"])
    assert "leaves at nine" in text(found)
    assert "documents.0.key" in wrong
    with Collection.open(tmp_path, "notes") as notes:
        assert ["a"] == notes.keys()


async def test_only_the_named_collections_are_offered(library: Path) -> None:
    """Whoever is not named is not there; the first one is searched by default."""
    async with over_stdio(library, "-c", "films", "-c", "odd") as client:
        found: Any = (await client.call_tool("retrieve", {"question": QUESTION, "k": 1})).structured_content
        listed: Any = (await client.call_tool("list_collections", {})).structured_content
        addresses, _ = await all_resources(client)
        hidden = await failed(client, "retrieve", question="x", collections=["many"])
        tools = await failed(client, "select_tools", request="weather")
        with pytest.raises(MCPError, match="there is no"):
            await client.read_resource("polyhop://many/documents/001")

    assert "Jaws (film)" == found["passages"][0]["title"]
    assert ["films", "odd"] == [one["name"] for one in listed["collections"]]
    assert {"polyhop://films", "polyhop://odd"} == {one.partition("/documents")[0] for one in addresses} - {APP}
    assert "there is no collection 'many'" in hidden and "'tools'" in tools


def test_every_tool_has_an_honest_schema() -> None:
    """Its arguments say which collection is meant by default, and none may be misspelt."""
    cards = {one.name: one.card("films") for one in TOOLS}

    assert {False} == {one.input_schema["additionalProperties"] for one in cards.values()}
    assert ["films"] == cards["ask"].input_schema["properties"]["collections"]["default"]
    assert json.dumps([one.output_schema for one in cards.values()]).count('"title": "Mcp') >= 4
