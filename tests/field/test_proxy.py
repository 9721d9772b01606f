"""What the proxy passes on of the MCP server beside this file, compared with the server itself."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from polyhop.encoders import Encoder
from tests.documents import environment

SERVER = Path(__file__).parent / "proxy-losses" / "srv.py"
WAIT = 120.0


async def told(client: Client, name: str, arguments: dict[str, Any], *, behind: bool) -> tuple[Any, int]:
    """Call a tool of the server, behind the proxy or directly; return its result and how much progress was told."""
    heard: list[float] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        heard.append(done)

    given = {"name": f"office/{name}", "arguments": arguments} if behind else arguments
    result = await client.call_tool("call_tool" if behind else name, given, progress_callback=hear)
    said = [getattr(one, "text", one.type) for one in result.content]
    return (result.is_error, result.structured_content, said), len(heard)


async def searched(client: Client) -> list[dict[str, Any]]:
    """Return the tools that a search shows, once the server is connected."""
    for _ in range(int(WAIT)):
        result = await client.call_tool("search_tools", {"request": "Tell the temperature in a city", "k": 20})
        found: dict[str, Any] = json.loads(getattr(result.content[0], "text", ""))
        if "away" not in found:
            return list(found["tools"])
        await asyncio.sleep(1)
    raise AssertionError("the server is not connected to")


@pytest.mark.slow
async def test_the_proxy_passes_on_what_the_server_says(tmp_path: Path, embedder: Encoder) -> None:
    """Progress, titles, output schemas, results, images, coerced arguments, resources and prompts are as they are."""
    env = {**os.environ, **environment()}
    direct = StdioServerParameters(command=sys.executable, args=[str(SERVER)], env=env)
    config = tmp_path / "mcp.json"
    office = {"command": sys.executable, "args": [str(SERVER)], "env": env}
    config.write_text(json.dumps({"mcpServers": {"office": office}}))
    words = ["-P", "-m", "polyhop.agent", "tools", "serve", str(config), "--threshold", "0", "--deny", "*/fail"]
    proxied = StdioServerParameters(command=sys.executable, args=words, env=env)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("long_job", {"steps": 3}),
        ("get_weather", {"city": "Rome"}),
        ("draw_chart", {"title": "x"}),
        ("transfer_money", {"amount": "100", "to": "A"}),
        ("transfer_money", {"amount": 100, "to": "A", "extra": 1}),
        ("transfer_money", {"to": "A"}),
    ]
    async with (
        Client(direct, read_timeout_seconds=WAIT) as near,
        Client(proxied, read_timeout_seconds=WAIT) as far,
    ):
        shown = {one["name"]: one for one in await searched(far)}
        own = {one.name: one for one in (await near.list_tools()).tools}
        for name, arguments in calls:
            assert await told(near, name, arguments, behind=False) == await told(far, name, arguments, behind=True)
        assert 3 == (await told(far, "long_job", {"steps": 3}, behind=True))[1]
        resources = (await far.list_resources()).resources
        text = (await far.read_resource("doc://handbook")).contents
        prompts = (await far.list_prompts()).prompts
        greeting = await far.get_prompt("office/greet", {"name": "Ada"})
        expected = await near.get_prompt("greet", {"name": "Ada"})

    assert ("Weather now", own["get_weather"].output_schema) == tuple(
        shown["get_weather"][key] for key in ("title", "outputSchema")
    )
    assert {*own} - {"fail"} == {*shown}
    assert [("doc://handbook", "handbook")] == [(one.uri, one.name) for one in resources]
    assert ["handbook text"] == [getattr(one, "text", "") for one in text]
    assert ["office/greet"] == [one.name for one in prompts]
    assert expected.messages == greeting.messages
