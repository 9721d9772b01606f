"""The graphs of `langgraph.json` in the official LangGraph server, asked by the official client over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.client import SyncLangGraphClient

from polyhop.agent import Agent, ToolSelector
from polyhop.encoders import Encoder
from tests import corpus
from tests.documents import ROOT, environment
from tests.tools.catalogues import offered
from tests.tools.select.shops import TOOLS

SERVER = os.environ.get("LANGGRAPH_SERVER", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SERVER, reason="needs the official server; make test installs it and sets LANGGRAPH_SERVER"),
]
# The server runs with what forbids all sockets but those of this machine, and its own check that nothing blocks its
# event loop.
MAIN = """
from pytest_socket import socket_allow_hosts
socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
from langgraph_cli.cli import cli
cli()
"""
QUIET = {
    "LANGGRAPH_NO_VERSION_CHECK": "true",
    "LANGGRAPH_CLI_NO_ANALYTICS": "1",
    "LANGGRAPH_DISABLE_FILE_PERSISTENCE": "true",
    "LANGSMITH_TRACING": "false",
}
REQUEST = "List the orders of our customer Mary, and what is the weather in Oslo?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home with the collection `films` and a catalogue of tools."""
    home = tmp_path_factory.mktemp("served")
    corpus.collection(home, embedder).close()
    with ToolSelector.open(home, create=True, embedder=embedder) as selector:
        selector.sync(offered(*TOOLS))
    return home


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server that was started as its documents say, with our `langgraph.json`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-P", "-c", MAIN, "dev", "--config", str(ROOT / "langgraph.json")]
    command += ["--port", str(port), "--no-browser", "--no-reload"]
    child = environment()
    child |= QUIET | {"PYTHONPATH": os.pathsep.join([SERVER, child["PYTHONPATH"]])}
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as said:
        server = subprocess.Popen(command, cwd=log.parent, env=child, stdout=said, stderr=subprocess.STDOUT)
    try:
        _wait(server, f"http://127.0.0.1:{port}/ok", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(1_200):
        if server.poll() is not None:
            break
        try:
            if httpx.get(address).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-4_000:])


@pytest.fixture
def client(url: str) -> Iterator[SyncLangGraphClient]:
    """Return the official client."""
    with get_sync_client(url=url) as client:
        yield client


@pytest.fixture
def config(home: Path) -> Any:
    """Return what a client says with each run."""
    return {"configurable": {"home": str(home), "collection": "films"}}


def test_every_graph_is_an_assistant_with_schemas(client: SyncLangGraphClient) -> None:
    """The server has read the four graphs, and tells clients what each takes and returns."""
    assistants = {one["graph_id"]: one["assistant_id"] for one in client.assistants.search()}
    schemas: Any = client.assistants.get_schemas(assistants["retrieve"])

    assert {"retrieve", "answer", "chat", "select_tools"} == set(assistants)
    assert {"question", "history", "k", "where"} == set(schemas["input_schema"]["properties"])
    assert {"passages", "sufficiency", "notices"} == set(schemas["output_schema"]["properties"])


def test_runs_end_in_what_the_agent_says(client: SyncLangGraphClient, home: Path, config: Any) -> None:
    """Passages, answers and tools over HTTP are those of the library."""

    def ended(graph: str, **asked: Any) -> Any:
        return client.runs.wait(None, graph, input=asked, config=config)

    with Agent.open(home, "films") as agent, ToolSelector.open(home) as selector:
        found, said = agent.retrieve(corpus.QUESTION, 3), agent.ask(corpus.QUESTION)
        tools = [tool.name for tool in selector.select(REQUEST).tools]
    passages = ended("retrieve", question=corpus.QUESTION, k=3)["passages"]
    answered = ended("answer", question=corpus.QUESTION)

    assert [(one.id, one.text, one.score) for one in found.passages] == [
        (one["id"], one["text"], one["score"]) for one in passages
    ]
    assert (said.text, [dict(one) for one in said.citations]) == (answered["answer"], answered["citations"])
    assert tools == [tool["name"] for tool in ended("select_tools", request=REQUEST)["tools"]]


async def test_a_thread_keeps_a_conversation_and_streams_its_hops(url: str, home: Path, config: Any) -> None:
    """The second turn is understood by the first, and the client hears the steps as they happen."""
    heard, state = [], {}
    async with get_client(url=url) as client:
        thread = (await client.threads.create())["thread_id"]
        for turn in ("Who directed Seven Samurai?", "Where was he born?"):
            said = {"messages": [{"role": "user", "content": turn}]}
            modes: Any = ["custom", "values"]
            async for part in client.runs.stream(thread, "chat", input=said, config=config, stream_mode=modes):
                if part.event == "custom":
                    heard.append(part.data["event"])
                elif part.event == "values":
                    state = part.data
    with Agent.open(home, "films") as agent:
        chat = agent.chat()
        texts = [chat.ask(turn).text for turn in ("Who directed Seven Samurai?", "Where was he born?")]

    assert texts == [one["content"] for one in state["messages"] if one["type"] == "ai"]
    assert ["condense", "search"] == heard[heard.index("condense") :][:2] and "finish" in heard


def test_a_mistake_is_told_to_the_client(client: SyncLangGraphClient, config: Any) -> None:
    """A filter that cannot be read ends its run, of which the server tells the kind of error alone, and goes on."""
    asked = {"question": corpus.QUESTION, "where": "year >>"}
    failed: Any = client.runs.wait(None, "retrieve", input=asked, config=config, raise_error=False)

    assert "FilterError" == failed["__error__"]["error"]
    assert client.runs.wait(None, "retrieve", input={"question": corpus.QUESTION}, config=config)
