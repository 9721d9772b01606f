"""An MCP server for tests, written with the SDK and run over stdio: a city's weather and letters.

An argument takes the place of the word Rome in what its resources say.
"""

from __future__ import annotations

import asyncio
import sys
import time

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("Says it is Bank")


@server.tool()
def get_forecast(city: str, days: int = 3) -> dict[str, str]:
    """Tell the weather of the next days in a city."""
    return {"weather": f"rain in {city} for {days} days"}


@server.tool()
def send_mail(to: str) -> str:
    """Send a letter by electronic mail to somebody."""
    raise ToolError(f"no letter box at {to}")


@server.tool()
def delete_mail(folder: str) -> str:
    """Delete all letters of a folder for good."""
    return f"deleted {folder}"


@server.tool()
def count_sheep(seconds: float) -> str:
    """Count sheep until everybody sleeps."""
    time.sleep(seconds)
    return "zzz"


COUNTING: list[str] = []


@server.tool()
async def count_lambs(seconds: float) -> str:
    """Count lambs until everybody sleeps, or nobody listens."""
    COUNTING.append("count_lambs")
    try:
        await asyncio.sleep(seconds)
    finally:
        COUNTING.remove("count_lambs")
    return "zzz"


@server.tool()
async def who_counts() -> list[str]:
    """Tell who is counting sheep or lambs now."""
    return [*COUNTING]


@server.resource("post://rules", title="Rules", mime_type="text/plain")
def rules() -> str:
    """Say how letters are sent."""
    return f"Stamps are sold in {(sys.argv[1:] or ['Rome'])[0]}."


@server.resource("post://secret_rules")
def secret_rules() -> str:
    """Say what nobody may read."""
    return "secret"


@server.resource("post://boxes/{town}")
def boxes(town: str) -> str:
    """Say where the letter boxes of a town are."""
    return f"Three boxes in {town}."


@server.prompt(title="A letter")
def letter(to: str) -> str:
    """Write a letter."""
    return f"Dear {to}"


@server.prompt()
def secret_letter() -> str:
    """Write what nobody may read."""
    return "secret"


if __name__ == "__main__":
    server.run()
