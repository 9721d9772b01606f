"""A collection follows its folders: renamed, mounted elsewhere, nested, two of one name."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.ingest.index import index_paths
from polyhop.store.collection import Collection, Options
from tests import corpus


@pytest.fixture
def empty(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection without documents."""
    with corpus.collection(tmp_path / "home", embedder, documents=[], name="files") as opened:
        yield opened


def folder(path: Path, files: Mapping[str, str]) -> Path:
    """Write texts into a folder."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


RIVERS = {"danube.txt": "The Danube ends in the Black Sea.\n", "north/elbe.txt": "The Elbe ends in the North Sea.\n"}


def told(opened: Collection) -> list[tuple[str, str]]:
    """Return key and source of each document."""
    return [(key, source) for key, _, source in opened.documents()]


def test_keys_are_below_the_named_folder(tmp_path: Path, empty: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the folder is named; rows have the key of their file before them, a file is below its folder."""
    docs = folder(tmp_path / "docs", {**RIVERS, "rows.csv": "id,text\n7,The Oder.\n"})
    monkeypatch.chdir(tmp_path)
    index_paths(empty, ["docs"])
    expected = [("danube.txt", "docs/danube.txt"), ("north/elbe.txt", "docs/north/elbe.txt")]
    assert [*expected, ("rows.csv#7", "docs/rows.csv")] == told(empty)
    assert 3 == index_paths(empty, [docs, docs / "rows.csv", docs / "north"]).unchanged
    assert 1 == index_paths(empty, [docs / "rows.csv"]).unchanged


@pytest.mark.parametrize("copied", [False, True])
def test_a_renamed_folder_is_the_same(tmp_path: Path, empty: Collection, *, copied: bool) -> None:
    """Keys and passages stay, nothing is embedded, and sources have the new name; also of a copy with other dates."""
    docs, papers = folder(tmp_path / "docs", RIVERS), tmp_path / "elsewhere" / "papers"
    index_paths(empty, [docs])
    before = empty.record.live_ids()
    papers.parent.mkdir()
    if copied:
        shutil.copytree(docs, papers, copy_function=shutil.copyfile)
        shutil.rmtree(docs)
    else:
        docs.rename(papers)
    report = index_paths(empty, [papers], prune=True)

    assert ([(str(docs), str(papers))], 2, 0, []) == (
        report.folders, report.unchanged, report.embedded, report.vanished,
    )  # fmt: skip
    assert [("danube.txt", "papers/danube.txt"), ("north/elbe.txt", "papers/north/elbe.txt")] == told(empty)
    assert before == empty.record.live_ids()
    assert ["danube.txt"] == empty.keys("source = 'papers/danube.txt'")
    assert [str(papers)] == empty.status()["folders"]
    assert [] == empty.verify()


def test_a_renamed_folder_may_have_changed(tmp_path: Path, empty: Collection) -> None:
    """Most of the files tell which folder it was: one that changed is read, one that is gone is said."""
    texts = {f"{number}.txt": f"Text number {number}.\n" for number in range(5)}
    docs = folder(tmp_path / "docs", texts)
    index_paths(empty, [docs])
    papers = docs.rename(tmp_path / "papers")
    (papers / "0.txt").unlink()
    (papers / "1.txt").write_text("Something else.\n")
    report = index_paths(empty, [papers], prune=True)

    assert (1, 1, [str(papers / "0.txt")]) == (report.indexed, report.embedded, report.vanished)
    assert [f"{number}.txt" for number in range(1, 5)] == empty.keys()


def test_another_folder_in_the_place_of_a_gone_one_is_another(tmp_path: Path, empty: Collection) -> None:
    """Files of the same names with other contents are new: those that are gone stay until they are pruned."""
    docs = folder(tmp_path / "docs", RIVERS)
    index_paths(empty, [docs])
    shutil.rmtree(docs)
    other = folder(tmp_path / "other", {name: f"Not that: {text}" for name, text in RIVERS.items()})
    report = index_paths(empty, [other])

    assert ([], 2) == (report.folders, report.documents_added)
    assert 4 == len(empty.keys())


def test_two_folders_share_no_key(tmp_path: Path, empty: Collection) -> None:
    """The second has its name before its keys where a key is taken, and no name where none is."""
    one = folder(tmp_path / "one" / "docs", {"read.txt": "The first."})
    two = folder(tmp_path / "two" / "docs", {"read.txt": "The second.", "more.txt": "More."})
    three = folder(tmp_path / "three", {"third.txt": "The third."})
    index_paths(empty, [one, two, three])

    assert [
        ("read.txt", "docs/read.txt"),
        ("third.txt", "three/third.txt"),
        ("two/docs/more.txt", "two/docs/more.txt"),
        ("two/docs/read.txt", "two/docs/read.txt"),
    ] == told(empty)
    folder(three, {"read.txt": "A later one of the same name."})
    index_paths(empty, [three])
    assert ("three/read.txt", "three/read.txt") in told(empty)
    assert 5 == index_paths(empty, [two, three, one]).unchanged


def test_a_document_of_ones_own_keeps_its_key(tmp_path: Path, empty: Collection) -> None:
    """A file does not take the key of a document that was added by itself."""
    empty.add([Document("danube.txt", "My own note on the Danube.", source="me")])
    index_paths(empty, [folder(tmp_path / "docs", RIVERS)])

    assert [("danube.txt", "me"), ("docs/danube.txt", "docs/danube.txt")] == told(empty)[:2]


def test_a_file_belongs_to_the_deepest_folder(tmp_path: Path, empty: Collection) -> None:
    """A folder that is named inside a known one is a part of it; one that is named around it keeps it as it is."""
    docs = folder(tmp_path / "docs", RIVERS)
    index_paths(empty, [docs / "north"])
    assert [("elbe.txt", "north/elbe.txt")] == told(empty)
    index_paths(empty, [docs])
    assert [("danube.txt", "docs/danube.txt"), ("elbe.txt", "north/elbe.txt")] == told(empty)
    folder(docs / "south", {"po.txt": "The Po."})
    index_paths(empty, [docs / "south"])
    assert ("south/po.txt", "docs/south/po.txt") in told(empty)


def test_a_link_to_a_folder_is_that_folder(tmp_path: Path, empty: Collection) -> None:
    """By whichever name it is given."""
    docs = folder(tmp_path / "docs", RIVERS)
    index_paths(empty, [docs])
    (tmp_path / "link").symlink_to(docs)

    assert 2 == index_paths(empty, [tmp_path / "link"]).unchanged
    assert 2 == len(empty.keys())


@pytest.mark.parametrize("given", [
    "north/elbe.txt", "docs/north/elbe.txt", "ABSOLUTE/docs/north/elbe.txt", "../docs/north/elbe.txt",
])  # fmt: skip
def test_documents_are_removed_by_any_name(
    given: str, tmp_path: Path, empty: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By key, by source, by path, and relative to where one is; indexing again brings them back."""
    docs = folder(tmp_path / "docs", RIVERS)
    index_paths(empty, [docs])
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert 1 == empty.remove([given.replace("ABSOLUTE", str(tmp_path))])
    assert ["danube.txt"] == empty.keys()
    assert 1 == index_paths(empty, [docs]).documents_added


def test_a_row_is_removed_by_its_file_and_id(tmp_path: Path, empty: Collection) -> None:
    """`path#id` is one row, the path is all of them."""
    docs = folder(tmp_path / "docs", {"rows.csv": "id,text\n7,The Oder.\n8,The Po.\n77,The Inn.\n"})
    index_paths(empty, [docs])

    assert 1 == empty.remove([f"{docs}/rows.csv#7"])
    assert ["rows.csv#77", "rows.csv#8"] == empty.keys()
    assert 2 == empty.remove(["docs/rows.csv"])


def test_originals_are_kept_by_content(tmp_path: Path, empty: Collection) -> None:
    """A copy of each file, one of equal files; it goes with the last document that comes from it."""
    docs = folder(tmp_path / "docs", {**RIVERS, "copy.txt": RIVERS["danube.txt"], "rows.csv": "id,text\n1,A.\n2,B.\n"})
    index_paths(empty, [docs])
    assert (None, 0) == (empty.original("danube.txt"), empty.status()["originals"])

    assert 4 == index_paths(empty, [docs], keep_originals=True).unchanged
    kept = empty.original("danube.txt")
    assert kept is not None and kept == empty.original("copy.txt")
    assert (RIVERS["danube.txt"], 3) == (kept.read_text(), empty.status()["originals"])
    empty.remove(["danube.txt", "rows.csv#1"])
    assert kept.is_file() and empty.original("rows.csv#2") is not None
    empty.remove(["copy.txt"])
    assert not kept.is_file()
    (docs / "rows.csv").write_text("id,text\n2,B.\n3,C.\n")
    index_paths(empty, [docs / "rows.csv"], keep_originals=True)
    originals = {empty.original(key) for key in ("rows.csv#2", "rows.csv#3")}
    assert ["id,text\n2,B.\n3,C.\n"] == [path.read_text() for path in originals if path is not None]
    assert 2 == empty.status()["originals"]
    assert [] == empty.verify()


def test_what_a_kill_left_of_originals_goes_with_the_next_write(tmp_path: Path, empty: Collection) -> None:
    """Half a copy, and the copy of a file whose documents were never written."""
    left = empty.folder / "originals"
    folder(left, {".aa.1": "half", "bb": "never written"})
    index_paths(empty, [folder(tmp_path / "docs", RIVERS)], keep_originals=True)

    assert 2 == len(list(left.iterdir())) == empty.status()["originals"]


def test_shorter_passages_are_cut_again(tmp_path: Path, embedder: Encoder) -> None:
    """The length is remembered; files are read again where another is asked for."""
    text = " ".join(f"Sentence number {number} says little." for number in range(60))
    docs = folder(tmp_path / "docs", {"long.txt": text})
    found = []
    for tokens in (0, 64, 0):
        options = Options(chunk_tokens=tokens)
        with Collection.create(tmp_path / "home", embedder=embedder, options=options) as opened:
            report = index_paths(opened, [docs])
            found.append((report.indexed, report.reread, len(opened.record.live_ids()) > 5, opened.chunk_tokens))
            assert [] == opened.verify()
    assert [(1, 0, False, 0), (1, 1, True, 64), (0, 0, True, 64)] == found


def test_passages_are_no_longer_than_the_embedder_reads(tmp_path: Path, embedder: Encoder) -> None:
    """The message says how long they may be."""
    options = Options(chunk_tokens=10_000)
    with (
        Collection.create(tmp_path, embedder=embedder, options=options) as opened,
        pytest.raises(CallerError, match=f"{embedder.max_tokens} at most"),
    ):
        opened.add(corpus.DOCUMENTS[:1])


def test_a_file_is_read_again_by_a_newer_reader(
    tmp_path: Path, empty: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and it is said."""
    docs = folder(tmp_path / "docs", RIVERS)
    index_paths(empty, [docs])
    monkeypatch.setattr("polyhop.ingest.index.READER_VERSION", 99)
    newer, again = index_paths(empty, [docs]), index_paths(empty, [docs])

    assert (2, 2, 0) == (newer.indexed, newer.reread, newer.documents_changed)
    assert (0, 2) == (again.reread, again.unchanged)


def test_what_cannot_be_looked_at_is_not_gone(tmp_path: Path, empty: Collection) -> None:
    """A folder that fails, here a link to itself in the place of a disk or a server, loses no documents to pruning."""
    docs = folder(tmp_path / "docs", RIVERS)
    index_paths(empty, [docs])
    (docs / "north").rename(tmp_path / "north")
    (docs / "north").symlink_to("north")
    report = index_paths(empty, [docs], prune=True)
    assert ([], 0, 2) == (report.vanished, report.documents_removed, len(told(empty)))
    assert [str(docs / "north")] == [path for path, _ in report.skipped]
    (docs / "north").unlink()
    assert [str(docs / "north" / "elbe.txt")] == index_paths(empty, [docs], prune=True).vanished


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path: Path, empty: Collection) -> None:
    """Keys and sources are text; a message says which folder it is, and one below another is skipped."""
    odd = folder(tmp_path / os.fsdecode(b"docs/caf\xe9"), RIVERS)
    with pytest.raises(CallerError, match="not valid UTF-8"):
        index_paths(empty, [odd])
    with pytest.raises(CallerError, match="not valid UTF-8"):
        index_paths(empty, [odd / "danube.txt"])
    assert 2 == len(index_paths(empty, [tmp_path / "docs"]).skipped)
    assert [] == told(empty)


def test_a_file_that_changes_while_it_is_kept_leaves_no_wrong_original(tmp_path: Path, empty: Collection) -> None:
    """Bytes never stand under the digest of others, and a file that is gone meanwhile ends no run."""
    docs = folder(tmp_path / "docs", RIVERS)
    assert not empty.originals.keep(docs / "danube.txt", b"the digest that it had before")
    assert not empty.originals.keep(docs / "gone.txt", b"of a file that was there")
    assert not empty.originals.keep(docs, b"of a file that is a folder now")
    assert [] == list((empty.folder / "originals").iterdir())


def test_many_changes_cost_no_more_than_a_look_at_everything(tmp_path: Path, empty: Collection) -> None:
    """After a checkout of another branch a watch names thousands of files, each of which is known."""
    docs, files = tmp_path / "docs", empty.files
    docs.mkdir()
    root = files.add_root(str(docs))
    with empty.record.writing() as connection:
        rows = [(root.id, f"{number}.txt", f"{number}.txt", 1, 1, b"", "1") for number in range(8_000)]
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    began = time.process_time()
    report = index_paths(empty, [docs], only=[str(docs / f"{number}.txt") for number in range(8_000)])
    assert 8_000 == len(report.vanished)
    assert time.process_time() - began < 4


def test_sizes_are_told_while_files_come_and_go(empty: Collection) -> None:
    """Holders sign in and out, and SQLite's files vanish, while somebody asks for the status."""
    cards, done = empty.folder / "holders", threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            for number in range(50):
                (cards / f"{number}.json").write_text("{}")
            for number in range(50):
                (cards / f"{number}.json").unlink()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        assert all(empty.status()["bytes"] for _ in range(100))
    finally:
        done.set()
        thread.join()
