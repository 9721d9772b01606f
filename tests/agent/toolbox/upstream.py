"""An MCP server for tests, written with the SDK and run over stdio: a city's weather and letters."""

from __future__ import annotations

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


if __name__ == "__main__":
    server.run()
