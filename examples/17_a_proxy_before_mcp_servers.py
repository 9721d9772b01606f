"""Put one search and one call before MCP servers. Run it with: python examples/17_a_proxy_before_mcp_servers.py

An agent starts the proxy with `polyhop tools serve CONFIG.json`, a file with `mcpServers`. Here it is started in code.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mcp import Client

from polyhop.agent import McpServer, ToolSelector
from polyhop.agent.toolbox import Proxy, Reach

SERVER = '''
from mcp.server import MCPServer

server = MCPServer("post office")
@server.tool()
def send_letter(to: str, text: str) -> str:
    """Send a letter to somebody."""
    return f"sent {text!r} to {to}"
@server.tool()
def burn_letters(folder: str) -> str:
    """Destroy all letters of a folder for good."""
    return f"burnt {folder}"
server.run()
'''


async def talk(proxy: Proxy) -> None:
    """Search, call, and try a denied tool."""
    async with Client(proxy.server()) as client:
        print([tool.name for tool in (await client.list_tools()).tools])
        await show(client, "search_tools", request="send a letter to somebody")
        await show(client, "call_tool", name="send_letter", arguments={"to": "Anna", "text": "Hello"})
        await show(client, "call_tool", name="send_letter", arguments={})
        await show(client, "call_tool", name="burn_letters", arguments={"folder": "all"})


async def show(client: Client, tool: str, /, **arguments: object) -> None:
    """Call a tool of the proxy and print the result."""
    result = await client.call_tool(tool, arguments)
    print("error:" if result.is_error else "result:", getattr(result.content[0], "text", ""))


def main() -> None:
    """Start a server and talk to it through the proxy."""
    with TemporaryDirectory() as home, ToolSelector.open(home, create=True, threshold=0.0) as selector:
        (script := Path(home, "server.py")).write_text(SERVER)
        post = McpServer(command=(sys.executable, str(script)), name="post")
        with Proxy(selector, [post], reach=Reach(deny=("*/burn_*",))) as proxy:
            asyncio.run(talk(proxy))


if __name__ == "__main__":
    main()
