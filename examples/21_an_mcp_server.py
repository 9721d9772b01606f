"""Let an agent's client search your documents over MCP. Run it with: python examples/21_an_mcp_server.py

A client such as Claude Desktop starts `polyhop mcp` by its configuration. Here the official client does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from tempfile import TemporaryDirectory

from mcp import Client
from mcp.client.stdio import StdioServerParameters

from polyhop.agent import Agent, Document

FILMS = [
    Document("jaws", "Jaws is a film directed by Steven Spielberg.", "Jaws"),
    Document("spielberg", "Steven Spielberg was born in Cincinnati.", "Steven Spielberg"),
]


async def hear(done: float, total: float | None, said: str | None) -> None:
    """Show a hop while the search goes on."""
    print("progress:", (said or "").partition(" (")[0])


async def talk(home: str) -> None:
    """Ask, read a passage by its address, and see how it was found."""
    words = ["-m", "polyhop.agent", "mcp", "--home", home]
    server = StdioServerParameters(command=sys.executable, args=words, env=dict(os.environ))
    question = {"question": "Where was the director of Jaws born?", "k": 2}
    async with Client(server) as client:
        print([tool.name for tool in (await client.list_tools()).tools])
        found = await client.call_tool("retrieve", question, progress_callback=hear)
        last = (found.structured_content or {})["passages"][-1]
        (passage,) = (await client.read_resource(last["uri"])).contents
        print(f"{last['title']}:", getattr(passage, "text", ""))
        for tool in ("ask", "explain"):
            print(getattr((await client.call_tool(tool, question)).content[0], "text", ""))


def main() -> None:
    """Index two documents and ask for them."""
    with TemporaryDirectory() as home:
        with Agent.open(home, create=True) as agent:
            agent.collection.add(FILMS)
        asyncio.run(talk(home))


if __name__ == "__main__":
    main()
