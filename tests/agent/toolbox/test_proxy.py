"""The proxy before MCP servers, with real servers and the real client."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from polyhop.agent import CallerError, McpServer, ToolSelector
from polyhop.agent.toolbox.proxy import Proxy
from polyhop.agent.toolbox.search import Permissions
from polyhop.encoders import Encoder
from polyhop.tools.follow import IN_STEP
from tests.tools.importers.mcp_servers import raw, row

CHILD = Path(__file__).with_name("upstream.py")
WAIT = 90.0
MAIN = "from polyhop.agent.cli import main; main()"
PATHS = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
POST = McpServer(command=(sys.executable, str(CHILD)), env=PATHS, name="post", seconds=WAIT)
GONE = McpServer(command=("/no/such/program",), name="gone")


@pytest.fixture(scope="module")
def proxy(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return a proxy before a server over stdio and one that is not there, where nothing may be deleted."""
    home, permissions = tmp_path_factory.mktemp("proxy"), Permissions(deny=("*/delete_*",))
    with (
        ToolSelector.open(home, create=True, embedder=embedder, threshold=0.0) as selector,
        Proxy(selector, [POST, GONE], permissions=permissions, seconds=WAIT) as proxy,
    ):
        assert proxy.follower.wait_until_tried(WAIT)
        yield proxy


def asked(proxy: Proxy, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Call a tool of the proxy by the real client; return whether it failed, and what it said."""

    async def call() -> tuple[bool, str]:
        async with Client(proxy.server()) as client:
            result = await client.call_tool(tool, arguments)
            return result.is_error, "".join(getattr(one, "text", "") for one in result.content)

    return asyncio.run(call())


def called(proxy: Proxy, name: str, **arguments: Any) -> tuple[bool, str]:
    """Call a tool behind the proxy."""
    return asked(proxy, "call_tool", name=name, arguments=arguments)


@pytest.mark.slow
def test_a_search_shows_what_may_be_called(proxy: Proxy) -> None:
    """The tools come with their parameters, the denied one is not there, and a server that is away is named."""
    failed, said = asked(proxy, "search_tools", request="weather in a city, and delete letters", k=20)
    found = json.loads(said)

    assert (False, ["gone"]) == (failed, found["away"])
    assert ["count_lambs", "count_sheep", "get_forecast", "send_mail", "who_counts"] == sorted(
        one["name"] for one in found["tools"]
    )
    assert ["city"] == next(one for one in found["tools"] if one["name"] == "get_forecast")["parameters"]["required"]


@pytest.mark.slow
def test_a_call_is_passed_on(proxy: Proxy) -> None:
    """The result comes back as the server gave it, also for the name behind the server's."""
    failed, said = called(proxy, "post/get_forecast", city="Oslo", days=2)

    assert (False, {"weather": "rain in Oslo for 2 days"}) == (failed, json.loads(said))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("delete_mail", {"folder": "all"}, "there is no tool 'delete_mail'"),
        ("post/Delete-Mail", {"folder": "all"}, "there is no tool 'post/Delete-Mail'"),
        ("mcp:post#post/delete_mail", {"folder": "all"}, "there is no tool"),
        ("get_forecast", {"city": 5, "days": "x"}, "2 validation errors for get_forecast"),
        ("get_forecast", {}, "Field required"),
        ("send_mail", {"to": "nobody"}, "no letter box at nobody"),
    ],
)
def test_what_goes_wrong_is_an_error_of_the_tool(
    proxy: Proxy, name: str, arguments: dict[str, Any], reason: str
) -> None:
    """Denied tools, arguments that the server refuses, and failing tools are told to the caller, who can go on."""
    failed, said = called(proxy, name, **arguments)

    assert failed and reason in said


@pytest.mark.slow
def test_a_cancelled_call_is_cancelled_at_its_server(proxy: Proxy) -> None:
    """Whoever gives up a call waits no longer, and the next call of the same server is answered."""

    async def given_up() -> bool:
        async with Client(proxy.server()) as client:
            arguments = {"name": "count_lambs", "arguments": {"seconds": 10 * WAIT}}
            call = asyncio.ensure_future(client.call_tool("call_tool", arguments))
            while not await counted(client):  # it takes a while until the call has come there
                pass
            call.cancel()
            await asyncio.wait({call})
            while await counted(client):
                pass
            return call.cancelled()

    async def counted(client: Client) -> list[str]:
        result: Any = await client.call_tool("call_tool", {"name": "who_counts", "arguments": {}})
        return list(result.structured_content["result"])

    assert asyncio.run(given_up())


@pytest.mark.slow
def test_a_server_that_hangs_holds_up_nobody(proxy: Proxy) -> None:
    """A call is given up in time, and the server is called again."""
    with Proxy(proxy.tool_search.selector, [POST], seconds=1) as hasty:
        assert hasty.follower.wait(WAIT)
        assert (True, "it failed: its server does not answer within 1 s") == called(hasty, "count_sheep", seconds=30)


@pytest.mark.slow
def test_mistakes_of_the_caller_are_told(proxy: Proxy) -> None:
    """A tool that the proxy does not have, and arguments that it cannot take."""
    assert (True, "there is no tool 'get_forecast'; there are search_tools and call_tool") == asked(
        proxy, "get_forecast", city="Oslo"
    )
    assert (True, "k: 0 is less than the minimum of 1") == asked(proxy, "search_tools", request="x", k=0)
    assert "empty" in asked(proxy, "search_tools", request=" ")[1]


@pytest.mark.slow
def test_the_command_serves_over_stdio_and_http(tmp_path: Path, embedder: Encoder) -> None:
    """Both transports show the two tools and reach a server of the configuration."""
    config = tmp_path / "mcp.json"
    config.write_text(
        json.dumps({"mcpServers": {"post": {"command": sys.executable, "args": [str(CHILD)], "env": PATHS}}})
    )
    words = ["-c", MAIN, "tools", "serve", str(config), "--allow", "post/get_*"]
    server = StdioServerParameters(command=sys.executable, args=words, env={**os.environ, **PATHS})

    assert ["search_tools", "call_tool", "rain in Oslo"] == asyncio.run(_reached(server))
    http = subprocess.Popen(
        [sys.executable, *words, "--http", "127.0.0.1:0"],
        env={**os.environ, **PATHS},
        stderr=subprocess.PIPE,
        text=True,
    )
    with http:
        address = next(line.split()[-1] for line in http.stderr or () if line.startswith("serving "))
        reached = asyncio.run(_reached(address))
        http.terminate()

    assert ["search_tools", "call_tool", "rain in Oslo"] == reached


async def _reached(server: Any) -> list[str]:
    """Return the tools of a proxy, and the beginning of what a call came to once its server is connected."""
    async with Client(server, read_timeout_seconds=WAIT) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        for _ in range(int(WAIT)):
            (said,) = (await client.call_tool("search_tools", {"request": "x"})).content
            if "away" not in json.loads(getattr(said, "text", "")):
                break
            await asyncio.sleep(1)
        given = {"name": "get_forecast", "arguments": {"city": "Oslo"}}
        result = await client.call_tool("call_tool", given)
        return [*names, (result.structured_content or {"weather": str(result.content)})["weather"][:12]]


def test_servers_need_names_of_their_own(embedder: Encoder) -> None:
    """Patterns go by names, which no server may choose for itself."""
    with pytest.raises(CallerError, match="give each a name of its own"):
        Proxy(None, [McpServer(url="http://127.0.0.1:9/mcp")])  # type: ignore[arg-type]


@contextmanager
def listing(
    folder: Path, embedder: Encoder, servers: Mapping[str, Sequence[str]], permissions: Permissions | None = None
) -> Iterator[Proxy]:
    """Lend a proxy before servers of these names, which list tools of these names and cannot be called."""
    made = []
    for number, (name, tools) in enumerate(servers.items()):
        (folder / str(number)).mkdir()
        made.append(replace(raw(folder / str(number), [row(one) for one in tools]), name=name))
    with (
        ToolSelector.open(folder / "home", create=True, embedder=embedder, threshold=0.0) as selector,
        Proxy(selector, made, permissions=permissions or Permissions(), seconds=WAIT) as proxy,
    ):
        assert proxy.follower.wait(WAIT)
        yield proxy


def shown(proxy: Proxy) -> list[str]:
    """Return the names that a search shows."""
    return sorted(one.name for one in proxy.tool_search.search("do", k=20).tools)


@pytest.mark.slow
def test_no_server_is_called_by_the_name_of_another(embedder: Encoder, tmp_path: Path) -> None:
    """A tool that is called like one of the bank is shown behind its own server, whether the bank lists one or not."""
    servers = {"bank": ["pay"], "evil": ["pay", "bank/pay", "bank/save", "bank_save"]}
    with listing(tmp_path, embedder, servers) as proxy:
        names = shown(proxy)
        reached = {name: (proxy.tool_search.named(name).owner, proxy.tool_search.named(name).name) for name in names}

        assert "mcp:bank" == proxy.tool_search.named("bank/pay").owner
        for name in ("bank/save", "Bank/Save", "bank/ save"):
            with pytest.raises(CallerError, match="there is no tool"):
                proxy.tool_search.named(name)

    assert {("mcp:bank", "pay")} == {one for name, one in reached.items() if "bank#" in name}
    assert {("mcp:evil", name) for name in servers["evil"]} == set(reached.values()) - {("mcp:bank", "pay")}
    assert 5 == len(names)


@pytest.mark.slow
def test_patterns_go_by_the_names_of_the_configuration(embedder: Encoder, tmp_path: Path) -> None:
    """Slashes, spaces and length do not keep a server from being denied; what could be another's tool is hidden."""
    long = "n" * 250
    servers = {"a/b": ["delete_x", "c"], "a": ["b/c", "d"], "my  two": ["e"], long: ["f"]}
    permissions = Permissions(deny=("a/b/delete_*", "my  two/*", f"{long}/*"))
    with listing(tmp_path, embedder, servers, permissions) as proxy:
        assert ["c", "d"] == shown(proxy)


@pytest.mark.slow
def test_a_server_that_dies_is_connected_to_again(proxy: Proxy, embedder: Encoder, tmp_path: Path) -> None:
    """While it is away, calls fail at once; then they reach it again."""
    script = tmp_path / "mortal.py"
    script.write_text(CHILD.read_text().replace("    time.sleep(seconds)\n", "    __import__('os')._exit(1)\n"))
    server = McpServer(command=(sys.executable, str(script)), env=PATHS, name="post", seconds=WAIT)
    with (
        ToolSelector.open(tmp_path / "home", create=True, embedder=embedder, threshold=0.0) as selector,
        Proxy(selector, [server], seconds=WAIT) as mortal,
    ):
        assert mortal.follower.wait(WAIT)
        dying, _ = called(mortal, "count_sheep", seconds=1)
        assert mortal.follower.wait(WAIT, syncs=2)
        alive = called(mortal, "get_forecast", city="Oslo")

    assert dying and not alive[0]
    assert IN_STEP == mortal.follower.statuses[0].state
