"""Watching folders: changes are indexed as they come, beside readers, and none is lost."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
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

    def __init__(self, collection: Collection, folders: Sequence[Path], every: float) -> None:
        self.reports: list[IndexReport] = []
        self.waits: list[str] = []
        self.asked: list[Sequence[str] | None] = []
        self.error: BaseException | None = None

        def look(paths: Sequence[str], only: Sequence[str] | None) -> IndexReport:
            self.asked.append(only)
            return index_paths(collection, paths, prune=True, only=only)

        home = str(collection.folder.parent.resolve())
        named = [str(folder) for folder in folders]
        told = self.reports.append
        self.watch = FolderWatch(named, look, lambda one, _: told(one), self.waits.append, home=home, every=every)

    def run(self) -> None:
        """Watch, and keep what is raised."""
        try:
            self.watch.run()
        except BaseException as error:
            self.error = error


@contextmanager
def watched(
    home: Path, docs: Path, embedder: Encoder, *others: Path, every: float = 600.0
) -> Iterator[tuple[Watched, Collection]]:
    """Watch folders in a thread, and open the collection beside it."""
    docs.mkdir(exist_ok=True)
    with (
        Collection.create(home, "notes", embedder=embedder, options=LEASE) as own,
        Collection.open(home, "notes", embedder=embedder, options=LEASE) as reader,
    ):
        running = Watched(own, [docs, *others], every)
        thread = threading.Thread(target=running.run)
        thread.start()
        until(lambda: bool(running.reports), "the first look")
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
        assert all(only is not None for only in running.asked[1:])
        assert [] == reader.verify()


def test_a_watch_waits_for_those_who_hold_on(tmp_path: Path, embedder: Encoder) -> None:
    """It says so once, and writes when they have let go; nothing is lost meanwhile."""
    docs = tmp_path / "docs"
    with watched(tmp_path / "home", docs, embedder) as (running, reader):
        with Collection.open(tmp_path / "home", "notes", embedder=embedder):
            (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
            until(lambda: len(running.asked) >= 3, "a second try")
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


def test_what_changed_before_the_watch_began_is_found(tmp_path: Path, embedder: Encoder) -> None:
    """The system tells nothing of what came while the first pass over a large folder lasted."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
    with watched(tmp_path / "home", docs, embedder) as (_, reader):
        until(lambda: ["a.txt"] == reader.keys(), "a file that was there")


def test_a_folder_that_takes_the_place_of_another_is_watched(tmp_path: Path, embedder: Encoder) -> None:
    """A folder is swapped for another, or gone and back: nothing is lost, and changes in the new one are seen."""
    docs, new = tmp_path / "docs", tmp_path / "new"
    with watched(tmp_path / "home", docs, embedder) as (running, reader):
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: ["a.txt"] == reader.keys(), "a file")
        new.mkdir()
        (new / "a.txt").write_text("The Danube flows through Vienna.")
        docs.rename(tmp_path / "old")
        new.rename(docs)
        until(lambda: bool(reader.lexical("Vienna", 1)), "what is in the new folder")
        (docs / "b.txt").write_text("The Elbe ends in the North Sea.")
        until(lambda: ["a.txt", "b.txt"] == reader.keys(), "a change in the new folder")
        docs.rename(new)
        until(lambda: bool(running.waits), "a word on the folder that is gone")
        assert ["a.txt", "b.txt"] == reader.keys()
        new.rename(docs)
        (docs / "c.txt").write_text("The Rhine ends in Holland.")
        until(lambda: 3 == len(reader.keys()), "a change in the folder that is back")


def test_an_empty_mount_point_is_no_empty_folder(tmp_path: Path, embedder: Encoder) -> None:
    """Where a disk was taken away, an empty folder is left: pruning would remove everything."""
    docs = tmp_path / "docs"
    with watched(tmp_path / "home", docs, embedder) as (running, reader):
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: ["a.txt"] == reader.keys(), "a file")
        docs.rename(tmp_path / "disk")
        docs.mkdir()
        until(lambda: bool(running.waits), "a word on the folder that is gone")
        time.sleep(1.5)
        assert ["a.txt"] == reader.keys()


def test_a_folder_that_is_gone_holds_up_no_other(tmp_path: Path, embedder: Encoder) -> None:
    """One of two is deleted: changes in the other are indexed, and it is said once which one is missed."""
    docs, more = tmp_path / "docs", tmp_path / "more"
    more.mkdir()
    (more / "m.txt").write_text("The Moldau flows through Prague.")
    with watched(tmp_path / "home", docs, embedder, more) as (running, reader):
        until(lambda: ["m.txt"] == reader.keys(), "the first file")
        more.rename(tmp_path / "elsewhere")
        until(lambda: bool(running.waits), "a word on the folder that is gone")
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: ["a.txt", "m.txt"] == reader.keys(), "a change in the other")
        assert 1 == len(running.waits) and str(more) in running.waits[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may watch everything")
def test_a_folder_without_permission_hides_no_other(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind it is found by looks at everything, since the system tells of some folders only."""
    monkeypatch.setattr("polyhop.ingest.watch.EACH_MINUTE", 1.0)
    docs = tmp_path / "docs"
    for name in "abcdefgh":
        (docs / name).mkdir(parents=True)
    for name in "aceg":
        (docs / name).chmod(0)
    try:
        with watched(tmp_path / "home", docs, embedder) as (running, reader):
            for name in "bdfh":
                (docs / name / "a.txt").write_text(f"Text number {name}.")
            until(lambda: 4 == len(reader.keys()), "files in all folders that can be read")
            assert 1 == len(running.waits) and "not all folders can be watched" in running.waits[0]
    finally:
        for name in "aceg":
            (docs / name).chmod(0o755)


def test_a_watch_of_a_deleted_collection_ends(tmp_path: Path, embedder: Encoder) -> None:
    """Somebody deletes the home: what is written there afterwards would be lost, so the watch says so and ends."""
    docs, home = tmp_path / "docs", tmp_path / "home"
    with watched(home, docs, embedder) as (running, _):
        shutil.rmtree(home)
        (docs / "a.txt").write_text("The Danube ends in the Black Sea.")
        until(lambda: running.error is not None, "an end")
    assert isinstance(running.error, CallerError) and "deleted" in str(running.error)
    assert not home.exists()
