"""Finding files."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.ingest.documents import Skipped
from polyhop.ingest.walk import OUTWARD, FoundFile, LeftOut, survey, walk


def make(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("some text", encoding="utf-8")
    return folder


def found(items: list[FoundFile | Skipped]) -> list[Path]:
    return [item.path for item in items if isinstance(item, FoundFile)]


def reasons(items: list[FoundFile | Skipped]) -> dict[str, str]:
    return {Path(item.path).name: item.reason for item in items if isinstance(item, Skipped)}


def test_finds_readable_files_in_order(tmp_path: Path) -> None:
    """Files come sorted by path, with size and time, whatever the order of the folder."""
    make(tmp_path, "b/z.md", "a.TXT", "c.csv")

    items = walk([tmp_path])

    assert [tmp_path / "a.TXT", tmp_path / "b/z.md", tmp_path / "c.csv"] == found(items)
    assert FoundFile(tmp_path / "a.TXT", 9, (tmp_path / "a.TXT").stat().st_mtime_ns) == items[0]


def test_paths_are_absolute_and_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file keeps one absolute name, however often and however it is given."""
    make(tmp_path, "docs/a.txt")
    monkeypatch.chdir(tmp_path)

    assert [tmp_path / "docs/a.txt"] == found(walk(["docs", "docs/a.txt", "./docs/../docs/a.txt", tmp_path]))


def test_leaves_out_hidden_names_and_home(tmp_path: Path) -> None:
    """Hidden files and folders, office lock files and the home folder are not mentioned."""
    make(tmp_path, ".git/a.txt", ".hidden.txt", "~$a.docx", "home/b.txt", "c.txt")

    assert [tmp_path / "c.txt"] == [item.path for item in walk([tmp_path], home=tmp_path / "home")]


def test_reads_a_hidden_folder_that_is_given(tmp_path: Path) -> None:
    """A hidden folder is read when the caller names it."""
    make(tmp_path, ".notes/a.txt")

    assert [tmp_path / ".notes/a.txt"] == found(walk([tmp_path / ".notes"]))


def test_ends_on_a_loop_of_links(tmp_path: Path) -> None:
    """Links that lead back up do not repeat files."""
    make(tmp_path, "a/b/c.txt")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    (tmp_path / "a/self").symlink_to(tmp_path / "a/self")

    items = walk([tmp_path])

    assert [tmp_path / "a/b/c.txt"] == found(items)
    assert {"self": "broken link"} == reasons(items)


def test_follows_links_but_prefers_real_names(tmp_path: Path) -> None:
    """Where it is asked for, a linked folder outside is read; inside, a file goes by its real name."""
    make(tmp_path, "outside/x.txt", "in/z/y.txt")
    (tmp_path / "in/a").symlink_to(tmp_path / "in/z")
    (tmp_path / "in/a.txt").symlink_to(tmp_path / "in/z/y.txt")
    (tmp_path / "in/out").symlink_to(tmp_path / "outside")

    assert [tmp_path / "in/out/x.txt", tmp_path / "in/z/y.txt"] == found(walk([tmp_path / "in"], links=True))


@pytest.mark.parametrize("everything", [False, True])
def test_links_out_of_the_folder_are_left_out_with_a_word(tmp_path: Path, *, everything: bool) -> None:
    """Files and folders elsewhere are not read through a link; what lies in another named folder is."""
    make(tmp_path, "outside/x.txt", "other/y.txt", "in/z.txt")
    for name, target in (("secret.txt", "outside/x.txt"), ("folder", "outside"), ("friend", "other"), ("in2", "in")):
        (tmp_path / "in" / name).symlink_to(tmp_path / target)
    seen = survey([tmp_path / "in", tmp_path / "other"], everything=everything)

    assert [tmp_path / "in/z.txt", tmp_path / "other/y.txt"] == found(list(seen.items))
    assert [LeftOut(str(tmp_path / "in"), OUTWARD, 2)] == list(seen.left_out)


def test_reports_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes, sockets, broken links and unknown formats are skipped with their reasons; a folder may end in .txt."""
    make(tmp_path, "deep.txt/a.txt", "program.exe")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    monkeypatch.chdir(tmp_path)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind("socket.txt")
        items = walk([tmp_path])
    finally:
        listener.close()

    assert [tmp_path / "deep.txt/a.txt"] == found(items)
    assert {"gone.txt", "pipe.txt", "program.exe", "socket.txt"} == set(reasons(items))
    assert "broken link" == reasons(items)["gone.txt"]
    assert "pipe" in reasons(items)["pipe.txt"]
    assert reasons(items)["program.exe"].startswith("unsupported format '.exe'; readable are .adoc")


def test_reports_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the system refuses to list is skipped with its reason and the others are read."""
    make(tmp_path, "closed/a.txt", "open/b.txt")
    real = os.listdir

    def refuse(folder: str) -> list[str]:
        if folder.endswith("closed"):
            raise PermissionError(13, "Permission denied", folder)
        return real(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    items = walk([tmp_path])

    assert [tmp_path / "open/b.txt"] == found(items)
    assert {"closed": "cannot list the folder: permission denied"} == reasons(items)


def test_reports_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    """A file name that the record could not store is skipped and shown escaped."""
    name = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    try:
        with open(name, "w", encoding="utf-8"):
            pass
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")

    (item,) = walk([tmp_path])

    assert isinstance(item, Skipped)
    assert item.path.endswith("caf\\udce9.txt")
    assert "not valid UTF-8" in item.reason


@pytest.mark.parametrize("path", ["missing.txt", "", "nul\0.txt"])
def test_refuses_a_path_that_does_not_exist(path: str) -> None:
    """A path that does not exist is the caller's error and is named in the message."""
    with pytest.raises(CallerError) as error:
        walk([path])

    assert repr(path) in str(error.value)
