"""`polyhop index`: good and broken files, running again, moving, pruning."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from polyhop.agent.show import MOST_SKIPPED
from polyhop.store.collection import Collection
from tests.documents import environment

from .commands import ROWS, files, run, run_json

pytestmark = pytest.mark.usefixtures("embedder")


def test_the_table_says_what_happened(tmp_path: Path) -> None:
    """Files, documents, passages and seconds are shown."""
    shown = run("index", files(tmp_path / "docs"), home=tmp_path / "home").stdout

    assert "files      2: 2 read, 0 unchanged" in shown
    assert "documents  4 added, 0 changed, 0 removed" in shown
    assert "passages   4 written, 4 embedded" in shown


def test_a_broken_file_is_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Whatever cannot be used is listed with its reason; a fault makes the exit code 1, the good files are there."""
    docs = files(tmp_path / "docs")
    (docs / "torn.pdf").write_bytes(b"%PDF-1.7 nothing follows")
    (docs / "rows.jsonl").write_text(json.dumps(ROWS[0]) + "\nno json\n")
    (docs / "blank.txt").touch()
    (docs / "data.xyz").write_text("x")
    result = run_json("index", docs, home=tmp_path / "home", code=1)

    assert ["blank.txt", "data.xyz", "rows.jsonl:2", "torn.pdf"] == sorted(Path(p).name for p, _ in result["skipped"])
    assert 5 == result["documents_added"]


def test_an_unsupported_format_is_no_fault(tmp_path: Path) -> None:
    """A folder may hold other things: they are listed and the exit code stays 0."""
    docs = files(tmp_path / "docs")
    (docs / "photo.jpeg").write_bytes(b"\xff\xd8")
    (docs / "photo2.jpeg").write_bytes(b"\xff\xd8")

    shown = run("index", docs, home=tmp_path / "home").stdout
    assert (2, 1) == (shown.count("unsupported format '.jpeg'\n"), shown.count("readable are .adoc"))


def test_a_long_list_of_skipped_rows_is_cut_on_screen(tmp_path: Path) -> None:
    """The screen shows the first fifty, --json all."""
    docs = files(tmp_path / "docs")
    (docs / "rows.jsonl").write_text(json.dumps(ROWS[0]) + "\n" + "no json\n" * (MOST_SKIPPED + 7))

    assert "and 7 more; --json lists all" in run("index", docs, home=tmp_path / "home", code=1).stdout
    assert MOST_SKIPPED + 7 == len(run_json("index", docs, home=tmp_path / "home", code=1)["skipped"])


def test_running_again_embeds_nothing(tmp_path: Path) -> None:
    """What has not changed is left alone; of a changed file only the changed row is embedded."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    run("index", docs, home=home)
    again = run_json("index", docs, home=home)
    files(docs, rows=[*ROWS[:2], {**ROWS[2], "text": "Vienna is a city on the Danube."}])
    changed = run_json("index", docs, home=home)

    assert (0, 2) == (again["embedded"], again["unchanged"])
    assert (1, 1) == (changed["embedded"], changed["documents_changed"])


def test_a_moved_file_is_not_embedded_again(tmp_path: Path) -> None:
    """A file under a new name keeps its vectors."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    run("index", docs, home=home)
    (docs / "films.jsonl").rename(docs / "movies.jsonl")
    moved = run_json("index", docs, home=home)

    assert 0 == moved["embedded"]
    assert [["films.jsonl", "movies.jsonl"]] == [[Path(a).name, Path(b).name] for a, b in moved["moved"]]


def test_prune_removes_what_is_gone(tmp_path: Path) -> None:
    """Documents of a vanished file stay until --prune."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    run("index", docs, home=home)
    (docs / "films.jsonl").unlink()
    kept = run("index", docs, home=home).stdout
    pruned = run_json("index", docs, "--prune", home=home)

    assert "vanished   1, kept; --prune removes their documents" in kept
    assert 3 == pruned["documents_removed"]
    assert ["Danube"] == [found["title"] for found in run_json("list", home=home)["documents"]]


def test_a_path_that_is_not_there_makes_no_collection(tmp_path: Path) -> None:
    """A slip of the pen is refused and leaves nothing behind."""
    assert "no file or folder" in run("index", tmp_path / "absent", home=tmp_path / "home", code=2).stderr
    assert not (tmp_path / "home").exists()


def test_a_renamed_folder_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys stay, sources have the new name, and removing takes the path that a citation shows."""
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    files(tmp_path / "docs")
    run("index", "docs", home=home)
    (tmp_path / "docs").rename(tmp_path / "papers")
    moved = run("index", "papers", "--prune", home=home).stdout

    assert "folder     papers was docs" in moved and "passages   0 written, 0 embedded" in moved
    sources = [one["source"] for one in run_json("list", home=home)["documents"]]
    assert ["papers/danube.md", *["papers/films.jsonl"] * 3] == sources
    assert "1 document removed" in run("remove", "papers/danube.md", home=home).stdout
    assert "3 documents removed" in run("remove", tmp_path / "papers" / "films.jsonl", home=home).stdout
    assert "no document 'papers/danube.md'" in run("remove", "papers/danube.md", home=home, code=2).stderr


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """By folder on screen and in JSON; --all takes it, and without it that counts as vanished."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    (docs / "node_modules").mkdir()
    (docs / "node_modules" / "read.md").write_text("# Read\n\nA package.\n")
    told = run_json("index", docs, home=home)
    left = {"folder": str(docs / "node_modules"), "reason": "installed or made by a tool", "files": 1}
    assert [left] == told["left_out"]
    assert "node_modules: 1 file, installed or made by a tool" in run("index", docs, home=home).stdout
    assert 1 == run_json("index", docs, "--all", home=home)["documents_added"]
    assert 1 == run_json("index", docs, "--prune", home=home)["documents_removed"]


def test_removing_says_what_brings_documents_back(tmp_path: Path) -> None:
    """Indexing reads a file again whose documents were removed; that is said where the file is still there."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    run("index", docs, home=home)
    assert "films.jsonl' is still there; indexing again" in run("remove", "docs/films.jsonl", home=home).stderr
    (docs / "danube.md").unlink()
    assert "" == run("remove", "danube.md", home=home).stderr


def test_the_status_counts_what_an_earlier_version_read(tmp_path: Path) -> None:
    """And says what indexing again would bring."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    run("index", docs, home=home)
    assert 0 == run_json("status", home=home)[0]["outdated"]
    with Collection.open(home) as opened, opened.record.writing() as connection:
        connection.execute("UPDATE files SET reader = '0/80' WHERE path = 'danube.md'")
    assert 1 == run_json("status", home=home)[0]["outdated"]
    assert "1 file read by an earlier version; `polyhop index`" in run("status", home=home).stdout
    run("index", docs, "--chunk-tokens", 80, home=home)
    assert 0 == run_json("status", home=home)[0]["outdated"]


def test_passages_may_be_shorter(tmp_path: Path) -> None:
    """Files are cut again where another length is asked for; one that the embedder cannot read is refused."""
    docs, home = tmp_path / "docs", tmp_path / "home"
    docs.mkdir()
    (docs / "long.txt").write_text("A sentence that says little of anything at all. " * 30)
    assert 2 == run_json("index", docs, home=home)["passages"]
    shorter = run_json("index", docs, "--chunk-tokens", 40, home=home)
    assert 1 == shorter["reread"] and 6 < shorter["passages"]
    assert "POLYHOP_CHUNK_TOKENS" in run("index", docs, "--chunk-tokens", 9_999, home=home, code=2).stderr


@pytest.mark.slow
def test_watching_ends_with_ctrl_c(tmp_path: Path) -> None:
    """Changes are indexed while a chat could go on; a JSON line for each pass, and the exit code is 0."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    polyhop = [sys.executable, "-P", "-m", "polyhop.agent"]
    command = [*polyhop, "index", str(docs), "--watch", "--json", "--home", str(home)]
    pipe = subprocess.PIPE
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell may have started the tests with it ignored
    child = subprocess.Popen(command, env=environment(), stdout=pipe, stderr=pipe, text=True, preexec_fn=heard)
    try:
        assert child.stdout is not None and child.stderr is not None
        assert 4 == json.loads(child.stdout.readline())["documents_added"]
        assert "watching" in child.stderr.readline()
        time.sleep(1)  # the system begins to tell of changes a moment after it was asked
        (docs / "elbe.txt").write_text("The Elbe ends in the North Sea.")
        assert 1 == json.loads(child.stdout.readline())["documents_added"]
        assert "elbe" in run("retrieve", "Where does the Elbe end?", home=home).stdout
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=100)
    finally:
        child.kill()
    assert (0, True) == (child.returncode, "watching ended" in said)


@pytest.mark.slow
def test_a_watch_does_not_index_what_it_says(tmp_path: Path) -> None:
    """Its output may go to a file in the folder that it watches."""
    docs, home = files(tmp_path / "docs"), tmp_path / "home"
    command = [sys.executable, "-P", "-m", "polyhop.agent", "index", str(docs), "--watch", "--home", str(home)]
    with (docs / "out.txt").open("w") as out:
        child = subprocess.Popen(command, env=environment(), stdout=out, stderr=out)
    try:
        for _ in range(200):
            time.sleep(0.2)
            if "seconds" in (docs / "out.txt").read_text():
                break
        time.sleep(3)
        said = (docs / "out.txt").read_text()
    finally:
        child.kill()
        child.wait()
    assert "seconds" in said and "file read" not in said
