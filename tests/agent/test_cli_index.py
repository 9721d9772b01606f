"""`polyhop index`: good and broken files, running again, moving, pruning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.agent.show import MOST_SKIPPED

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

    assert "unsupported format '.jpeg'" in run("index", docs, home=tmp_path / "home").stdout


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
