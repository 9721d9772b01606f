"""MCP servers for tests: a raw one over stdio, and the SDK's over stdio and streamable HTTP."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from polyhop.tools.importers.mcp import McpServer

CHILD = Path(__file__).with_name("mcp_child.py")
SECONDS = 60.0


def raw(folder: Path, rows: Sequence[Any], way: str = "", *, seconds: float = SECONDS) -> McpServer:
    """Return a server of the raw kind that lists these rows; rewrite `rows.json` in its folder to change them."""
    relist(folder, rows)
    words = [sys.executable, "-S", str(CHILD), str(folder / "rows.json"), *([way] if way else [])]
    return McpServer(words, name="raw", seconds=seconds)


def relist(folder: Path, rows: Sequence[Any]) -> None:
    """Change what a raw server lists, in one step."""
    draft = folder / "rows.draft"
    draft.write_text(json.dumps(rows))
    draft.replace(folder / "rows.json")


def row(name: Any, **more: Any) -> Mapping[str, Any]:
    """Return a tool as a server lists it."""
    return {"name": name, "description": f"Do {name}.", "inputSchema": {"type": "object"}, **more}


def official(script: Path) -> McpServer:
    """Return a server over stdio that is written with the SDK."""
    script.write_text(
        "from mcp.server import MCPServer\n"
        "server = MCPServer('Sky')\n"
        "@server.tool()\n"
        "def forecast(city: str, days: int = 3) -> str:\n"
        "    '''Tell the weather.'''\n"
        "    return city\n"
        "server.run()\n"
    )
    paths = os.pathsep.join(filter(None, sys.path))
    return McpServer([sys.executable, str(script)], env={"PYTHONPATH": paths}, seconds=SECONDS)


def growing() -> MCPServer:
    """Return a server of the SDK with a tool that adds another tool."""
    server = MCPServer("Garden")

    @server.tool()
    async def grow(name: str, ctx: Context) -> str:
        """Add a tool of this name."""
        server.add_tool(lambda: "grown", name=name, description="Grown.")
        await ctx.notify_tools_changed()
        return name

    return server


@contextmanager
def served(server: MCPServer) -> Iterator[str]:
    """Serve over streamable HTTP on this machine and lend the address."""
    config = uvicorn.Config(server.streamable_http_app(), port=0, log_level="error", ws="none")
    http = uvicorn.Server(config)
    thread = threading.Thread(target=http.run, daemon=True)
    thread.start()
    until = time.monotonic() + SECONDS
    while not http.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{http.servers[0].sockets[0].getsockname()[1]}/mcp"
    finally:
        http.should_exit = http.force_exit = True
        thread.join(SECONDS)
