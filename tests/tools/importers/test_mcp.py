"""Reading MCP servers that run."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from polyhop.tools.importers.mcp import McpServer
from polyhop.tools.importers.role import SourceAway, SourceError
from tests.tools.catalogues import WEATHER, read

from .mcp_servers import growing, official, raw, row, served


@pytest.mark.slow
def test_a_server_of_the_sdk_is_read_over_stdio(tmp_path: Path) -> None:
    """Names, inputs, outputs and the name of the server come over."""
    (tool,), notes = read(official(tmp_path / "server.py"))

    assert ("forecast", "Sky", "Tell the weather.", "mcp") == (tool.name, tool.server, tool.description, tool.kind)
    assert (("city",), ("days",), ("result",), []) == (tool.required, tool.optional, tool.outputs, notes)


@pytest.mark.slow
def test_a_server_of_the_sdk_is_read_over_http() -> None:
    """The address is the owner."""
    with served(growing()) as url:
        (tool,), _ = read(McpServer(url=url))

    assert ("grow", "Garden", ("name",), f"mcp:{url}") == (tool.name, tool.server, tool.required, tool.owner)


@pytest.mark.slow
def test_pages_are_joined_and_bad_tools_cost_only_themselves(tmp_path: Path) -> None:
    """What the protocol forbids in a tool is noted, the others of its page are there, and none is another server's."""
    rows = [
        row("a"),
        row(7),
        {"name": "b", "description": None},
        "no tool",
        row("c", inputSchema="none", server="bank"),
        row("d"),
    ]
    tools, notes = read(raw(tmp_path, [*rows, {**WEATHER, "inputSchema": WEATHER["parameters"]}]))

    assert ["a", "b", "c", "d", "get_forecast"] == [tool.name for tool in tools]
    assert {"raw"} == {tool.server for tool in tools} and {"mcp:raw"} == {note.owner for note in notes}
    assert 2 == sum(note.lost for note in notes)


@pytest.mark.slow
def test_pages_without_end_are_ended(tmp_path: Path) -> None:
    """A cursor that comes again ends the list, which is noted and loses no tools."""
    tools, notes = read(raw(tmp_path, [row("a")], "endless"))

    assert {"a"} == {tool.name for tool in tools}
    assert "does not end" in notes[-1].what and notes[-1].lost


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_left(tmp_path: Path) -> None:
    """The wait is bounded, where the server itself would never end it, and the error says how long it was."""
    with pytest.raises(SourceAway, match=r"'mcp:raw'.*does not answer within 3 s"):
        read(raw(tmp_path, [], "hangs", seconds=3))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["/no/such/program"], "there is no '/no/such/program'"),
        ([sys.executable, "-S", "-c", "raise SystemExit('out of ink')"], "out of ink"),
    ],
)
def test_a_server_that_dies_is_reported(command: list[str], reason: str) -> None:
    """The error says what the server said last."""
    with pytest.raises(SourceAway, match=reason):
        read(McpServer(command))


@pytest.mark.slow
async def test_an_address_without_a_server_is_reported() -> None:
    """Reading works inside a running loop too."""
    with pytest.raises(SourceAway, match=r"127\.0\.0\.1:9"):
        await asyncio.to_thread(read, McpServer(url="http://127.0.0.1:9/mcp"))
    with pytest.raises(SourceAway, match=r"127\.0\.0\.1:9"):
        read(McpServer(url="http://127.0.0.1:9/mcp"))


@pytest.mark.slow
def test_an_address_that_never_answers_is_left() -> None:
    """A port that takes connections and says nothing holds up nobody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        with pytest.raises(SourceAway, match="does not answer within 1 s"):
            read(McpServer(url=url, seconds=1))


@pytest.mark.parametrize("given", [{}, {"command": ["a"], "url": "http://b"}, {"command": "a b"}])
def test_a_server_has_a_command_or_an_address(given: dict[str, object]) -> None:
    """Neither, both, or a command in one string are refused at once."""
    with pytest.raises(SourceError, match="a command, a list of words, or a url"):
        McpServer(**given)  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    """Variables and headers stay out of what is printed."""
    assert "hunter2" not in repr(McpServer(["a"], env={"KEY": "hunter2"}, headers={"Authorization": "hunter2"}))
