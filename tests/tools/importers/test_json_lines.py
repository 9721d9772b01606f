"""Tools as JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.tools.importers.definitions import JsonLines
from polyhop.tools.importers.role import SourceError
from tests.tools.catalogues import WEATHER, lines, read


def test_the_usual_words_are_understood(tmp_path: Path) -> None:
    """MCP's schema, a server, categories, and a list of requirements beside the parameters come to one record."""
    rows = [
        {
            "server": "Sky",
            "category": "Weather",
            "name": "a",
            "description": "A.",
            "inputSchema": WEATHER["parameters"],
        },
        {
            "name": "b",
            "description": "B.",
            "field": "Sports/Football",
            "parameters": {"team": {"type": "str", "description": "the team"}, "season": {"type": "int"}},
            "required": ["team"],
            "version": 3,
        },
    ]
    (first, second), notes = read(JsonLines(lines(tmp_path / "tools.jsonl", rows)))

    assert ("Sky", ("Weather",), ("city",), ("days",)) == (first.server, first.tags, first.required, first.optional)
    assert (("Sports/Football",), ("team",), ("season",)) == (second.tags, second.required, second.optional)
    assert {"version": 3} == second.extras and [] == notes
    assert {"type": "integer"} == second.parameters["properties"]["season"]


def test_bad_lines_are_noted_by_number(tmp_path: Path) -> None:
    """What is no object, no JSON, or a bomb costs its line alone."""
    path = tmp_path / "tools.jsonl"
    path.write_bytes(b'{"name": "a", "description": "A."}\n\n[1]\n{"name": \n' + b"[" * 50_000 + b"\n\xff\n")
    tools, notes = read(JsonLines(path))

    assert ["a"] == [tool.name for tool in tools]
    assert ["line 3", "line 4", "line 5", "line 6"] == [note.tool for note in notes]
    assert all(note.lost and note.owner == str(path) for note in notes)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error holds the path."""
    with pytest.raises(SourceError, match=r"nowhere\.jsonl"):
        read(JsonLines(tmp_path / "nowhere.jsonl"))
