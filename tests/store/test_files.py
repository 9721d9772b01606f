"""Files over the life of a collection: unchanged, edited, renamed, moved, vanished, broken and mended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.ingest.documents import FileProgress, Item
from polyhop.ingest.index import IndexReport, index_paths
from polyhop.ingest.readers import READERS
from polyhop.store.collection import Collection
from tests import corpus


@pytest.fixture
def empty(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection without documents."""
    with corpus.collection(tmp_path / "home", embedder, documents=[], name="files") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with three files of one document each and one of three rows."""
    root = tmp_path / "docs"
    (root / "rivers").mkdir(parents=True)
    (root / "rivers" / "danube.md").write_text("# Danube\n\nThe Danube ends in the Black Sea.\n")
    (root / "rivers" / "elbe.txt").write_text("The Elbe ends in the North Sea.\n")
    (root / "empty-notes.md").write_text("# Notes\n\nNothing of note.\n")
    (root / "cities.csv").write_text("title,text\nVienna,Vienna is in Austria.\nGraz,Graz too.\nLinz,And Linz.\n")
    return root


def counts(report: IndexReport) -> dict[str, int]:
    """Return the numbers of a report that are not zero."""
    names = ("indexed", "unchanged", "documents_added", "documents_changed", "documents_removed", "embedded")
    return {name: number for name in names if (number := getattr(report, name))}


def later(path: Path, text: str) -> None:
    """Write a file so that its date changes with certainty."""
    path.write_text(text)
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10_000_000))


def test_the_second_run_reads_nothing(folder: Path, empty: Collection) -> None:
    """Files are indexed once; a second run finds them unchanged."""
    first = index_paths(empty, [folder])
    assert {"indexed": 4, "documents_added": 6, "embedded": 6} == counts(first)
    assert ([], []) == (first.skipped, first.vanished)
    assert {"unchanged": 4} == counts(index_paths(empty, [folder]))
    assert [] == empty.verify()


class Heard:
    """A watcher that notes all that it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def start(self, characters: int) -> None:
        self.told.append((characters,))

    def advance(self, characters: int) -> None:
        pass

    def file(self, path: str) -> None:
        self.told.append((path,))

    def within(self, done: int, total: int, unit: str) -> None:
        self.told.append((done, total, unit))


def test_progress_inside_a_file_is_told(tmp_path: Path, empty: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader says of its pages comes to the watcher between the file's name and the next file."""
    monkeypatch.setattr(READERS, "_known", dict(READERS._known))

    def read(path: Path) -> Iterator[Item]:
        yield FileProgress(str(path), 1, 2, "pages")
        yield Document(str(path), "Two pages about the Danube.")

    READERS.add(".two", read)
    (tmp_path / "a.two").write_text("12345")
    heard = Heard()
    index_paths(empty, [tmp_path / "a.two"], watcher=heard)

    assert [(5,), (str(tmp_path / "a.two"),), (1, 2, "pages")] == heard.told


def test_a_touched_file_is_read_and_left(folder: Path, empty: Collection) -> None:
    """A new date on the same bytes changes nothing."""
    index_paths(empty, [folder])
    os.utime(folder / "cities.csv", ns=(1, 1))
    assert {"unchanged": 4} == counts(index_paths(empty, [folder]))


def test_an_edited_file_changes_only_what_changed_in_it(folder: Path, empty: Collection) -> None:
    """Of a table with one row edited, one gone and one new, two rows are embedded."""
    index_paths(empty, [folder])
    later(
        folder / "cities.csv", "title,text\nVienna,Vienna is in Austria.\nGraz,Graz in Styria.\nWels,Wels is small.\n"
    )
    report = index_paths(empty, [folder])

    assert 1 == report.indexed and 3 == report.unchanged
    assert {"Vienna is in Austria.", "Graz in Styria.", "Wels is small."} == texts(empty, "cities.csv")
    assert [] == empty.verify()


def texts(opened: Collection, name: str) -> set[str]:
    """Return the texts of the passages that come from a file."""
    passages = opened.passages(opened.record.live_ids()).values()
    return {passage.text.split(": ", 1)[-1].strip() for passage in passages if passage.source.endswith(name)}


def test_a_renamed_file_moves_without_embedding(folder: Path, empty: Collection) -> None:
    """The same content under another name is recognised; the old name is gone and nothing is embedded."""
    index_paths(empty, [folder])
    (folder / "rivers" / "danube.md").rename(folder / "danube-river.md")
    report = index_paths(empty, [folder])

    assert [(str(folder / "rivers" / "danube.md"), str(folder / "danube-river.md"))] == report.moved
    assert (0, [], 1) == (report.embedded, report.vanished, report.documents_removed)
    assert [] == empty.keys("source like '*rivers/danube.md'")
    assert 1 == len(empty.keys("source like '*danube-river.md'"))
    assert [] == empty.verify()


def test_a_moved_folder_moves_without_embedding(folder: Path, empty: Collection) -> None:
    """A folder under a new name takes its files along."""
    index_paths(empty, [folder])
    (folder / "rivers").rename(folder / "streams")
    report = index_paths(empty, [folder])

    assert (2, 0, []) == (len(report.moved), report.embedded, report.vanished)
    assert {"indexed": 0}.items() <= {"indexed": 0, **counts(index_paths(empty, [folder]))}.items()


def test_a_vanished_file_is_reported_and_kept_until_pruned(folder: Path, empty: Collection) -> None:
    """Without `prune` the documents of a file that is gone stay, and are said; with it they go."""
    index_paths(empty, [folder])
    (folder / "rivers" / "elbe.txt").unlink()
    gone = str(folder / "rivers" / "elbe.txt")

    assert ([gone], 0) == (index_paths(empty, [folder]).vanished, index_paths(empty, [folder]).documents_removed)
    assert 1 == len(empty.keys("source like '*elbe.txt'"))
    report = index_paths(empty, [folder], prune=True)
    assert ([gone], 1) == (report.vanished, report.documents_removed)
    assert [] == empty.keys("source like '*elbe.txt'")
    assert [] == index_paths(empty, [folder]).vanished


def test_pruning_keeps_to_the_given_paths(folder: Path, empty: Collection) -> None:
    """Files that lie elsewhere are not missed when only one folder is indexed."""
    index_paths(empty, [folder])
    (folder / "cities.csv").unlink()
    assert [] == index_paths(empty, [folder / "rivers"], prune=True).vanished
    assert 3 == len(empty.keys("source like '*cities.csv'"))


def test_a_file_that_broke_keeps_its_documents(folder: Path, empty: Collection) -> None:
    """What a file held stays searchable while it cannot be read, and follows it when it is mended."""
    index_paths(empty, [folder])
    later(folder / "cities.csv", "\0\0\0\0")
    report = index_paths(empty, [folder], prune=True)
    assert [str(folder / "cities.csv")] == [place.split(":")[0] for place, _ in report.skipped]
    assert 3 == len(empty.keys("source like '*cities.csv'"))
    later(folder / "cities.csv", "title,text\nVienna,Vienna again.\n")
    index_paths(empty, [folder])
    assert {"Vienna again."} == texts(empty, "cities.csv")


def test_a_path_that_is_not_there_is_refused(folder: Path, empty: Collection) -> None:
    """A wrong path is the caller's error, before anything is written."""
    with pytest.raises(CallerError, match="check the path"):
        index_paths(empty, [folder, folder / "nowhere"])
    assert 0 == empty.status()["documents"]


def test_swapped_names_swap_contents(folder: Path, empty: Collection) -> None:
    """Two files that exchange their names are both what their bytes say."""
    index_paths(empty, [folder])
    first, second = folder / "rivers" / "elbe.txt", folder / "other.txt"
    second.write_text("The Oder ends in the Baltic.\n")
    index_paths(empty, [folder])
    one, two = first.read_text(), second.read_text()
    later(first, two)
    later(second, one)
    index_paths(empty, [folder], prune=True)

    assert ({two.strip()}, {one.strip()}) == (texts(empty, "elbe.txt"), texts(empty, "other.txt"))
    assert [] == empty.verify()
