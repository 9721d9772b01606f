"""Function definitions in all their shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.tools.importers.definitions import Functions
from polyhop.tools.importers.role import SourceError
from tests.tools.catalogues import WEATHER, read

MCP = {"name": WEATHER["name"], "description": WEATHER["description"], "inputSchema": WEATHER["parameters"]}
ANTHROPIC = {"name": WEATHER["name"], "description": WEATHER["description"], "input_schema": WEATHER["parameters"]}


@pytest.mark.parametrize(
    "definitions",
    [
        [{"type": "function", "function": WEATHER}],
        [{"type": "function", **WEATHER}],
        [WEATHER],
        WEATHER,
        [ANTHROPIC],
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}},
        {"model": "m", "tools": [{"type": "function", "function": WEATHER}]},
        [{"functionDeclarations": [WEATHER]}],
    ],
)
def test_all_shapes_make_the_same_tool(definitions: Any) -> None:
    """Nested, flat, wrapped, and as other vendors write them."""
    (tool,), notes = read(Functions(definitions))

    assert {"type": "function", "function": WEATHER} == tool.definition()
    assert ("functions", []) == (tool.owner, notes)


def test_a_file_owns_its_tools(tmp_path: Path) -> None:
    """A file is read as JSON or YAML and is the owner."""
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([WEATHER]))
    (tool,), _ = read(Functions(path))

    assert (str(path), ("city",)) == (tool.owner, tool.required)


def test_rubbish_among_definitions_is_noted() -> None:
    """What is no object is noted by its place, and the rest is read."""
    tools, notes = read(Functions([3, WEATHER, {"type": "function", "function": {"description": "no name"}}]))

    assert (["get_forecast"], ["definition 1", "definition 3"]) == (
        [tool.name for tool in tools],
        [note.tool for note in notes],
    )


def test_text_is_no_list_of_definitions(tmp_path: Path) -> None:
    """A file that holds something else says so."""
    (tmp_path / "tools.json").write_text('"hello"')
    with pytest.raises(SourceError, match="holds a str"):
        read(Functions(tmp_path / "tools.json"))
