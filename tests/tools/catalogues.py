"""Building catalogues and the sources that fill them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from polyhop.tools.importers.role import Tools, ToolSource
from polyhop.tools.tool import Note, Tool

WEATHER: dict[str, Any] = {
    "name": "get_forecast",
    "description": "Tell the weather of the next days in a city.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "The name of the city"},
            "days": {"type": "integer"},
        },
        "required": ["city"],
    },
}
MAIL: dict[str, Any] = {"name": "sendMail", "description": "Send a letter by electronic mail."}


def tool(name: str = "get_forecast", *, description: str = "Tell the weather.", **more: Any) -> Tool:
    """Return a tool."""
    return Tool(name, description, **more)


def lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as JSON lines and return the file."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def read(source: ToolSource) -> tuple[list[Tool], list[Note]]:
    """Return the tools and the notes of a source."""
    items = list(source.read())
    return [one for one in items if isinstance(one, Tool)], [one for one in items if isinstance(one, Note)]


def offered(*tools: Tool, owner: str = "shop") -> Tools:
    """Return a source of these tools."""
    return Tools(tools, owner)
