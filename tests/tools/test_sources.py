"""What a file holds, and what a catalogue remembers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from polyhop.core.errors import PolyhopError
from polyhop.encoders import Encoder
from polyhop.tools.catalogue import Catalogue
from polyhop.tools.importers import documents
from polyhop.tools.importers.definitions import Functions, JsonLines
from polyhop.tools.importers.mcp import McpServer
from polyhop.tools.importers.openapi import OpenApi
from polyhop.tools.importers.role import SourceError, ToolSource
from polyhop.tools.sources import UnknownSources, forget, remember, remembered, sources_of

from .catalogues import WEATHER, offered, read, tool

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
def test_a_file_is_told_by_its_content(tmp_path: Path, name: str, content: Any, expected: type[ToolSource]) -> None:
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


def test_null_is_a_setting_that_was_not_given(tmp_path: Path) -> None:
    """Writers of configurations spell out what they leave open, beside a command as beside an address."""
    blank: dict[str, Any] = dict.fromkeys(("command", "args", "env", "headers", "url", "cwd"))
    servers = {
        "one": {**blank, "command": "run", "args": ["a", None], "env": {"A": "b", "C": None}},
        "two": {**blank, "url": "http://a/mcp", "headers": {"A": None}},
    }
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    one, two = sources_of(tmp_path / "mcp.json")

    assert McpServer(("run", "a"), name="one", env={"A": "b"}) == one
    assert McpServer(url="http://a/mcp", name="two") == two


@pytest.mark.parametrize(
    ("content", "reason"), [("7", "no source of tools"), ('{"mcpServers": {"a": 7}}', "'a' is a int")]
)
def test_what_holds_no_tools_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    """The message says what is read."""
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SourceError, match=reason):
        sources_of(tmp_path / "a.json")


class Shelf(BaseHTTPRequestHandler):
    """Serves the document of the path, and more bytes than are read."""

    def do_GET(self) -> None:
        """Answer."""
        said = b'{"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "a"}}}}'
        body = {"/api": said, "/list": b"[]", "/flood": b" " * 2_000_000}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def shelf() -> Iterator[str]:
    """Serve documents on this machine and lend the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_document_is_read_from_its_address(shelf: str) -> None:
    """The address is the owner of the operations."""
    (source,) = sources_of(f"{shelf}/api")
    tools, _ = read(source)

    assert [("a", f"{shelf}/api")] == [(tool.name, tool.owner) for tool in tools]


def test_an_address_that_fails_says_so(shelf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there, too large, or holds no document is refused in words."""
    monkeypatch.setattr(documents, "BYTES", 1_000_000)
    for page, reason in (("nothing", "does not answer"), ("flood", "more than 1,000,000 bytes"), ("list", "no source")):
        with pytest.raises(PolyhopError, match=reason):
            sources_of(f"{shelf}/{page}")


def test_sources_are_remembered_unless_they_hold_secrets(tmp_path: Path, embedder: Encoder) -> None:
    """What comes back reads as what was noted; what is in memory, or may hold secrets, is not noted."""
    path = tmp_path / "a.json"
    sources: list[ToolSource] = [
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


def test_a_copied_or_foreign_catalogue_runs_nothing_unasked(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it names is shown instead; trusted once, it is known from then on, and another user is asked again."""
    server = McpServer(("touch", str(tmp_path / "ran")), name="c")
    with Catalogue.create(tmp_path / "home", embedder=embedder) as catalogue:
        remember(catalogue, server)
        assert [server] == remembered(catalogue)
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    with Catalogue.open(tmp_path / "copy", embedder=embedder) as copy:
        with pytest.raises(UnknownSources, match=f"run touch {tmp_path / 'ran'}.*--trusted"):
            remembered(copy)
        assert [server] == remembered(copy, trusted=True) == remembered(copy)
        monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "another"))
        with pytest.raises(UnknownSources):
            remembered(copy)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("notes", ["[]", "nojson", '{"a": 1}', '{"a": {"kind": "mcp", "evil": 1}}', '{"a": {}}'])
def test_notes_that_are_none_are_refused(tmp_path: Path, embedder: Encoder, notes: str) -> None:
    """A record may come from anybody."""
    with Catalogue.create(tmp_path / "home", embedder=embedder) as catalogue:
        catalogue.collection.record.put(sources=notes)
        with pytest.raises(PolyhopError):
            remembered(catalogue, trusted=True)
