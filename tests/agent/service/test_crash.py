"""Kills and stops under load: what was acknowledged is there, whole, and nobody ever reads half a document."""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from polyhop.agent import Collection
from polyhop.encoders import Encoder

from .served import Served, until

#: `KILLS=20 pytest tests/agent/service/test_crash.py` kills more often
KILLS = int(os.environ.get("KILLS", "2"))
WRITERS, DOCUMENTS, PARTS = 3, 4, 3
AT = "/collections/load/documents"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


def text(writer: int, version: int) -> str:
    """Return a document of several passages, each of which says which version it is of."""
    part = (
        f"The lighthouse of writer {writer} keeps a log. Version v{version} is written on this page. "
        + "The sea is calm. " * 20
    )
    return "\n\n".join(f"# Part {number}\n\n{part}" for number in range(PARTS))


class Load:
    """Writers that replace their documents again and again, and a reader that looks for halves."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self.acknowledged: dict[str, int] = {}
        self.count = 0
        self.mixed: list[Any] = []
        self.refused: list[int] = []
        self._ended = threading.Event()
        self._inside = threading.Lock()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]
        self._threads.append(threading.Thread(target=self._read))

    def begin(self, versions: Iterator[int]) -> None:
        """Begin to write versions, each higher than those before."""
        self._versions = versions
        for one in self._threads:
            one.start()

    def end(self) -> None:
        """Wait until all have ended, which they do when the server is gone."""
        self._ended.set()
        for one in self._threads:
            one.join()

    def _write(self, writer: int) -> None:
        with self._server.connect() as client:
            for number in itertools.cycle(range(DOCUMENTS)):
                with self._inside:
                    version = next(self._versions)
                key = f"{writer}-{number}"
                try:
                    answer = client.post(AT, json={"documents": [{"key": key, "text": text(writer, version)}]})
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self.acknowledged[key] = version
                    self.count += 1
                else:
                    self.refused.append(answer.status_code)

    def _read(self) -> None:
        body = {"collections": ["load"], "question": "Which version does the lighthouse keep in its log?", "k": 50}
        with self._server.connect() as client:
            while not self._ended.is_set():
                try:
                    answer = client.post("/retrieve", json=body)
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self._judge(answer.json()["passages"])

    def _judge(self, passages: list[dict[str, Any]]) -> None:
        """Take down documents of which passages of two versions stand side by side."""
        for key in {one["document"] for one in passages}:
            versions = {version_of(one["text"]) for one in passages if one["document"] == key}
            self.mixed += [(key, versions)] if len(versions) > 1 else []


def version_of(passage: str) -> int:
    """Return which version a passage is of."""
    found = re.search(r"Version v(\d+)", passage)
    assert found, passage
    return int(found[1])


def check(server: Served, acknowledged: dict[str, int]) -> None:
    """Assert that each document is there whole, in the version that was acknowledged or a later one."""
    for key, version in acknowledged.items():
        passages = server.client.get(f"{AT}/{key}").json()["passages"]
        versions = {version_of(one["text"]) for one in passages}

        assert PARTS <= len(passages)
        assert 1 == len(versions) and versions.pop() >= version


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, embedder: Encoder) -> None:
    """After each kill the documents are there, none half, an accepted upload is read, and the indexes agree."""
    versions = itertools.count()
    acknowledged: dict[str, int] = {}
    uploads: list[str] = []
    server = Served(tmp_path)
    for kill in range(KILLS):
        server.start()
        check(server, acknowledged)
        load = Load(server)
        load.begin(versions)
        until(lambda load=load: load.count >= 5, "some are acknowledged")
        sent = server.client.post(
            "/collections/load/uploads", files=[("files", (f"{kill}.md", b"Version v0 of a file."))]
        )
        uploads.append(sent.json()["id"])
        server.kill()
        load.end()
        acknowledged |= load.acknowledged
        assert [] == load.mixed
    with server:
        check(server, acknowledged)
        for name in uploads:
            until(lambda name=name: server.client.get(f"/uploads/{name}").json()["state"] == "done", "it is read")
    with Collection.open(tmp_path, "load", embedder=embedder) as collection:
        keys = set(collection.keys())
        assert [] == collection.verify()

    assert {*acknowledged, *(f"{kill}.md" for kill in range(KILLS))} <= keys


def test_a_stop_finishes_what_was_accepted(tmp_path: Path, embedder: Encoder) -> None:
    """SIGTERM: requests under way are answered, uploads are read, the exit code is 0, and nothing is lost."""
    server = Served(tmp_path)
    server.start()
    load = Load(server)
    load.begin(itertools.count())
    until(lambda: load.count >= 5, "some are acknowledged")
    files = [("files", (f"{number}.md", b"Version v0 of a file.")) for number in range(20)]
    sent = server.client.post("/collections/load/uploads", files=files)
    code = server.stop()
    load.end()
    with Collection.open(tmp_path, "load", embedder=embedder) as collection:
        keys = set(collection.keys())
        live = {key: [version_of(one.text) for one in passages(collection, key)] for key in load.acknowledged}

    assert (0, 202) == (code, sent.status_code)
    assert [] == load.mixed == load.refused
    assert {f"{number}.md" for number in range(20)} <= keys
    assert {key: {load.acknowledged[key]} for key in live} == {key: set(found) for key, found in live.items()}


def passages(collection: Collection, key: str) -> Any:
    """Return the passages of a document."""
    return collection.passages(collection.heads([key], 50)[key]).values()
