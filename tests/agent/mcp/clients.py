"""The official client, over both transports and both ages of the protocol, against a real process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client import advertise
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp_types import CallToolResult

from tests.agent.service.served import PATIENCE, Served, outside

#: transports, with a client of each age of the protocol; a process of its own is slow, so that not all pairs are tried
WAYS = [("stdio", "legacy"), ("http", "auto")]


@dataclass
class Told:
    """What a client hears of progress."""

    rows: list[tuple[float, str]] = field(default_factory=list)

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        """Keep a row."""
        self.rows.append((progress, message or ""))


@asynccontextmanager
async def over_stdio(
    home: Path, *arguments: str, mode: str = "auto", apps: bool = True, **settings: str
) -> AsyncIterator[Client]:
    """Lend a client of `polyhop mcp` over a home."""
    words = ["-P", "-m", "polyhop.agent", "mcp", "--home", str(home), *arguments]
    env = {**outside(), **{f"POLYHOP_{name.upper()}": value for name, value in settings.items()}}
    async with _client(StdioServerParameters(command=sys.executable, args=words, env=env), mode, apps=apps) as client:
        yield client


@asynccontextmanager
async def over_http(server: Served, key: str = "", *, mode: str = "auto") -> AsyncIterator[Client]:
    """Lend a client of a server's `/mcp`."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
        _client(streamable_http_client(f"{server.url}/mcp", http_client=http), mode) as client,
    ):
        yield client


@asynccontextmanager
async def _client(to: Any, mode: Any, *, apps: bool = True) -> AsyncIterator[Client]:
    shows = [advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})] if apps else []
    async with Client(to, mode=mode, read_timeout_seconds=PATIENCE, extensions=shows) as client:
        yield client


def text(result: CallToolResult) -> str:
    """Return what a language model reads of a result."""
    return "".join(getattr(one, "text", "") for one in result.content)


async def failed(client: Client, name: str, **arguments: Any) -> str:
    """Call a tool that must fail, and return what it says."""
    result = await client.call_tool(name, arguments)
    assert result.is_error, result
    return text(result)


async def all_resources(client: Client) -> tuple[list[str], int]:
    """Return the addresses of all pages, and how many pages there are."""
    found: list[str] = []
    cursor: str | None = None
    for pages in range(1, 1_000):
        page = await client.list_resources(cursor=cursor)
        found += [one.uri for one in page.resources]
        cursor = page.next_cursor
        if cursor is None:
            return found, pages
    raise AssertionError("the list does not end")


def names(rows: Sequence[Any]) -> list[str]:
    """Return the names of rows."""
    return [one.name for one in rows]
