"""Watching folders: changes are indexed as they come, beside readers, and none is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from polyhop.ingest.index import IndexReport, index_paths
from polyhop.ingest.watch import FolderWatch
from polyhop.store.collection import Collection, Options

LEASE = Options(wait=0.2, lease=True)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what happens in another thread."""
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.05)


class Watched:
    """A watch that runs in a thread, and what it told."""

    def __init__(self, collection: Collection, docs: Path, every: float) -> None:
        self.reports: list[IndexReport] = []
        self.waits: list[str] = []
        self.asked: list[Sequence[str] | None] = []

        def look(only: Sequence[str] | None) -> IndexReport:
            self.asked.append(only)
            return index_paths(collection, [docs], prune=True, only=only)

        home = str(collection.folder.parent.resolve())
        self.watch = FolderWatch([str(docs)], look, self.reports.append, self.waits.append, home=home, every=every)


@contextmanager
def watched(home: Path, docs: Path, embedder: Encoder, *, every: float = 600.0) -> Iterator[tuple[Watched, Collection]]:
    """FolderWatch a folder in a thread, and open the collection beside it."""
    docs.mkdir(exist_ok=True)
    with (
        Collection.create(home, "notes", embedder=embedder, options=LEASE) as own,
        Collection.open(home, "notes", embedder=embedder, options=LEASE) as reader,
    ):
        running = Watched(own, docs, every)
        thread = threading.Thread(target=running.watch.run)
        thread.start()
        time.sleep(1)  # the system begins to tell of changes a moment after it was asked
        try:
            yield running, reader
        finally:
            running.watch.stop.set()
            thread.join(30)
            assert not thread.is_alive()


def test_changes_are_indexed_as_they_come(tmp_path: Path, embedder: Encoder) -> None:
    """New, changed and deleted files, also in new folders; a reader beside it sees them, hidden files are no change."""
    docs = tmp_path / "docs"
    with watched(tmp_path / "home", docs, embedder) as (running, reader):
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: ["a.txt"] == reader.keys(), "a new file")
        (docs / "north").mkdir()
        (docs / "north" / "b.txt").write_text("The Elbe ends in the North Sea.")
        until(lambda: ["a.txt", "north/b.txt"] == reader.keys(), "a file in a new folder")
        (docs / "a.txt").write_text("The Danube flows through Vienna.")
        until(lambda: bool(reader.lexical("Vienna", 1)), "a change")
        (docs / ".hidden.txt").write_text("Not this.")
        (docs / "north" / "b.txt").unlink()
        until(lambda: ["a.txt"] == reader.keys(), "a deletion")
        assert all(only is not None for only in running.asked)
        assert [] == reader.verify()


def test_a_watch_waits_for_those_who_hold_on(tmp_path: Path, embedder: Encoder) -> None:
    """It says so once, and writes when they have let go; nothing is lost meanwhile."""
    docs = tmp_path / "docs"
    with watched(tmp_path / "home", docs, embedder) as (running, reader):
        with Collection.open(tmp_path / "home", "notes", embedder=embedder):
            (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
            until(lambda: len(running.asked) >= 2, "a second try")
            (docs / "b.txt").write_text("The Elbe ends in the North Sea.")
            assert ([], 1) == (reader.keys(), len(running.waits))
        until(lambda: ["a.txt", "b.txt"] == reader.keys(), "what had to wait")


def test_everything_is_looked_at_now_and_then(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system does not tell of is found all the same."""
    docs = tmp_path / "docs"
    monkeypatch.setattr(FolderWatch, "_note", lambda self, paths: list(paths))
    with watched(tmp_path / "home", docs, embedder, every=2.0) as (_, reader):
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: ["a.txt"] == reader.keys(), "a file that nobody told of")


def test_what_is_ignored_now_goes(tmp_path: Path, embedder: Encoder) -> None:
    """A change of an ignore file concerns all files."""
    docs = tmp_path / "docs"
    with watched(tmp_path / "home", docs, embedder) as (_, reader):
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: ["a.txt"] == reader.keys(), "a new file")
        (docs / ".polyhopignore").write_text("a.txt\n")
        until(lambda: [] == reader.keys(), "its removal")
