"""What a file holds, and what a catalogue remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.retrieval.embed import Embedder
from polyhop.tools.catalogue import Catalogue
from polyhop.tools.importers.functions import Functions
from polyhop.tools.importers.json_lines import JsonLines
from polyhop.tools.importers.mcp import McpServer
from polyhop.tools.importers.openapi import OpenApi
from polyhop.tools.importers.role import Source, SourceError
from polyhop.tools.sources import forget, remember, remembered, sources_of

from .catalogues import WEATHER, offered, tool

SERVERS = {
    "one": {"command": "run", "args": ["$X", "${NAME}"], "env": {"A": "${NAME}"}},
    "two": {"url": "http://a/mcp"},
}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", WEATHER, JsonLines),
        ("a.json", {"openapi": "3.1.0"}, OpenApi),
        ("a.yaml", {"openapi": "3.1.0"}, OpenApi),
        ("a.json", [WEATHER], Functions),
        ("a.json", {"tools": [WEATHER]}, Functions),
        ("a.json", {"mcpServers": {"x": {"url": "http://a/mcp"}}}, McpServer),
    ],
)
def test_a_file_is_told_by_its_content(tmp_path: Path, name: str, content: Any, expected: type[Source]) -> None:
    """The ending decides for JSON lines alone."""
    (tmp_path / name).write_text(json.dumps(content))

    assert [expected] == [type(source) for source in sources_of(tmp_path / name)]


def test_a_configuration_holds_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, arguments, variables and addresses are read, and `${NAME}` is filled in."""
    monkeypatch.setenv("NAME", "value")
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": SERVERS}))
    one, two = sources_of(tmp_path / "mcp.json")

    assert McpServer(("run", "$X", "value"), name="one", env={"A": "value"}) == one
    assert McpServer(url="http://a/mcp", name="two") == two


@pytest.mark.parametrize(
    ("content", "reason"), [("7", "no source of tools"), ('{"mcpServers": {"a": 7}}', "'a' is a int")]
)
def test_what_holds_no_tools_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    """The message says what is read."""
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SourceError, match=reason):
        sources_of(tmp_path / "a.json")


def test_sources_are_remembered_unless_they_hold_secrets(tmp_path: Path, embedder: Embedder) -> None:
    """What comes back reads as what was noted; what is in memory, or may hold secrets, is not noted."""
    path = tmp_path / "a.json"
    sources: list[Source] = [
        JsonLines(path),
        Functions(path),
        OpenApi(path),
        McpServer(("a", "b"), name="c", seconds=3),
    ]
    with Catalogue.create(tmp_path / "home", embedder=embedder) as catalogue:
        for source in sources[1:]:
            assert remember(catalogue, source)
        assert not remember(catalogue, McpServer(["a"], env={"KEY": "secret"}))
        assert not remember(catalogue, offered(tool()))
        assert {str(path), "mcp:c"} == {source.owner for source in remembered(catalogue)}
        assert sources[3] == remembered(catalogue)[1]
        forget(catalogue, "mcp:c")
        assert 1 == len(remembered(catalogue))
