"""Files are written whole or not at all, and rubbish in them is told with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.files import read_rows, write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The folder is made, the old content goes, and no draft stays behind."""
    path = tmp_path / "new" / "folder" / "weights.bin"

    write_whole(path, b"old")
    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_what_was_there(tmp_path: Path) -> None:
    """A folder in the place of the file makes it fail; what is in it stays, and no draft is left."""
    path = tmp_path / "taken"
    (path / "kept").mkdir(parents=True)

    with pytest.raises(OperatorError, match="cannot write"):
        write_whole(path, b"new")

    assert list(tmp_path.iterdir()) == [path]
    assert list(path.iterdir()) == [path / "kept"]


def test_what_is_no_file_stays_what_it_is(tmp_path: Path) -> None:
    """A device or a pipe is written to, and a link keeps pointing to the file that is replaced."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "file")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, b"through")
        assert b"through" == os.read(reader, 100)
    finally:
        os.close(reader)
    write_whole(link, b"new")

    assert pipe.is_fifo()
    assert link.is_symlink()
    assert b"new" == (tmp_path / "file").read_bytes()
    assert {"pipe", "link", "file"} == {path.name for path in tmp_path.iterdir()}


def test_rows_are_read_with_their_places(tmp_path: Path) -> None:
    """Blank lines count and are skipped, and a byte-order mark is no mistake."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes('\ufeff{"a": 1}\n\n  \n{"b": "é\u2028"}'.encode())

    assert list(read_rows(path)) == [(f"{path}:1", {"a": 1}), (f"{path}:4", {"b": "é\u2028"})]


@pytest.mark.parametrize("line", [b"{", b"[1]", b'"text"', b"NaNN", b"[" * 100_000])
def test_a_bad_line_is_told_with_its_place(line: bytes, tmp_path: Path) -> None:
    """What is before it has been given out already."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line)
    rows = read_rows(path)

    assert next(rows)[1] == {"a": 1}
    with pytest.raises(CallerError, match=r"rows\.jsonl:2: "):
        next(rows)


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    """Neither a file that is missing nor one that is not UTF-8 is taken."""
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path / "missing.jsonl", binary):
        with pytest.raises(CallerError, match="JSON-lines file in UTF-8"):
            list(read_rows(path))
