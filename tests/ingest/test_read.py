"""Reading one file, whatever it is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyhop.core.types import Block, Document
from polyhop.ingest.documents import Skipped
from polyhop.ingest.index import walk
from polyhop.ingest.readers import MAX_BYTES, READERS, read_file


def write(folder: Path, data: bytes = b"some text", name: str = "a-b_c.txt") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def reason(path: Path) -> str:
    (item,) = read_file(path)
    assert isinstance(item, Skipped)
    assert str(path) == item.path
    assert "\n" not in item.reason
    return item.reason


def test_reads_a_text_file(tmp_path: Path) -> None:
    """A text file is one document under its path, titled by its name."""
    file = write(tmp_path, b"one\r\ntwo\r\n")

    blocks = (Block(0, 7, "code"),)
    assert [Document(key=str(file), text="one\ntwo", title="a b c", source=str(file), blocks=blocks)] == list(
        read_file(file)
    )


def test_reads_old_encodings_visibly(tmp_path: Path) -> None:
    """A document read by the fallback says so in its metadata."""
    (item,) = read_file(write(tmp_path, "un café noir".encode("latin-1")))

    assert isinstance(item, Document)
    assert ("un café noir", {"encoding": "windows-1252"}) == (item.text, item.metadata)


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf"])
def test_says_that_a_file_is_empty(tmp_path: Path, data: bytes) -> None:
    """Nothing, white space and a lone byte order mark are empty."""
    assert reason(write(tmp_path, data)).startswith("empty")


def test_refuses_a_large_file_unread(tmp_path: Path) -> None:
    """A file over the limit is refused by its size, and both sizes are in the reason."""
    file = write(tmp_path)
    os.truncate(file, 200_000_000)

    assert f"200,000,000 bytes are over the limit of {MAX_BYTES:,}" in reason(file)
    assert ["9 bytes are over the limit of 8; split it or raise max_bytes"] == [
        item.reason for item in read_file(write(tmp_path), max_bytes=8) if isinstance(item, Skipped)
    ]


def test_refuses_what_is_no_readable_file(tmp_path: Path) -> None:
    """Folders, pipes, broken links, missing files and unknown formats have their own reasons."""
    (tmp_path / "folder.txt").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")

    assert "a folder, not a file" == reason(tmp_path / "folder.txt")
    assert "not a regular file" == reason(tmp_path / "pipe.txt")
    assert "no such file or directory" == reason(tmp_path / "link.txt")
    assert reason(write(tmp_path, name="a.doc")).startswith("unsupported format '.doc'; readable are .adoc")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_reports_a_file_without_permission(tmp_path: Path) -> None:
    """A file that may not be read is skipped."""
    file = write(tmp_path)
    file.chmod(0)

    assert "permission denied" == reason(file)


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.docx", "a.csv", "a.jsonl", "a.html"])
def test_reports_a_file_that_the_system_refuses(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reader turns a refusal by the system into a reason."""
    file = write(tmp_path, name=name)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("io.open", refuse)

    assert "permission denied" == reason(file)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(READERS.names()),
    start=st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"<html>", b'{"text": "', b"text,id\n", b"\xff\xfe"]),
    rest=st.binary(max_size=300),
)
def test_rubbish_never_raises(tmp_path: Path, suffix: str, start: bytes, rest: bytes) -> None:
    """Any bytes under any suffix give documents that can be stored, or reasons of one line, and always something."""
    items = list(read_file(write(tmp_path, start + rest, name=f"rubbish{suffix}")))

    assert items
    for item in items:
        if isinstance(item, Skipped):
            assert item.reason and "\n" not in item.reason
        else:
            assert item.text.strip() and "\x00" not in item.text
            (item.text + item.title + item.key).encode()


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv", "a.jsonl", "a.rst", "a.py", "README"])
def test_a_wrong_suffix_is_told(tmp_path: Path, name: str) -> None:
    """A PDF that is called otherwise is named as one, even where its first bytes are text."""
    assert "it begins as a PDF does" in reason(write(tmp_path, b"%PDF-1.7\n" + b"some text " * 50, name=name))


def test_files_without_a_suffix_are_text(tmp_path: Path) -> None:
    """A README is read, under its name, and so is HTML that is called text."""
    (readme,) = read_file(write(tmp_path, b"The tool is called Zed.", name="README"))
    page = list(read_file(write(tmp_path, b"<!doctype html><nav>x</nav><h1>Zed</h1><p>A tool.", name="page.txt")))

    assert isinstance(readme, Document)
    assert ("README", "The tool is called Zed.") == (readme.title, readme.text)
    assert ["# Zed\n\nA tool."] == [one.text for one in page if isinstance(one, Document)]
    assert {tmp_path / "README", tmp_path / "page.txt"} <= {
        found.path for found in walk([tmp_path]) if not isinstance(found, Skipped)
    }


def test_a_format_of_ones_own_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that is added for a suffix is asked for its files, by `walk` as by `read_file`."""
    monkeypatch.setattr(READERS, "_known", dict(READERS._known))
    READERS.add(".shout", lambda path: iter([Document(str(path), path.read_text().upper())]))
    (tmp_path / "a.SHOUT").write_text("quiet")
    assert [tmp_path / "a.SHOUT"] == [found.path for found in walk([tmp_path]) if not isinstance(found, Skipped)]
    assert ["QUIET"] == [one.text for one in read_file(tmp_path / "a.SHOUT") if not isinstance(one, Skipped)]
