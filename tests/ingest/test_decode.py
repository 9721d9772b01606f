"""Encodings of text files."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from polyhop.ingest.decode import BLOCK, read_text
from polyhop.ingest.documents import UnreadableError

FRENCH = "Le château était fermé pendant l’été, hélas. "
RUSSIAN = "Москва является столицей России. "
POLISH = "Książka leżała na małym stole. "
NOTE = {"encoding": "windows-1252"}


def write(folder: Path, data: bytes) -> Path:
    file = folder / "a.txt"
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(
    "mark, encoding", [(codecs.BOM_UTF8, "utf-8"), (b"", "utf-8"), (b"", "utf-16"), (b"", "utf-32")]
)
def test_reads_unicode(tmp_path: Path, mark: bytes, encoding: str) -> None:
    """UTF-8 with and without a mark, UTF-16 and UTF-32 with one are read without the mark."""
    assert (RUSSIAN, {}) == read_text(write(tmp_path, mark + RUSSIAN.encode(encoding)))


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_falls_back_to_western_and_says_so(tmp_path: Path, encoding: str) -> None:
    """Western European text in a single-byte encoding is read and marked."""
    text = FRENCH.replace("’", "'")

    assert (text, NOTE) == read_text(write(tmp_path, text.encode(encoding)))


@pytest.mark.parametrize(
    "data",
    [
        RUSSIAN.encode("cp1251"),
        RUSSIAN.encode("koi8-r"),
        POLISH.encode("cp1250"),
        "東京は日本の首都です。".encode("shift-jis"),
        "北京是中国的首都".encode("gbk"),
        FRENCH.encode() * 3 + b"\xff" + FRENCH.encode(),
        b"word \x81 word",
    ],
)
def test_refuses_what_would_turn_into_nonsense(tmp_path: Path, data: bytes) -> None:
    """Other encodings and damaged UTF-8 are refused instead of being read as something else."""
    with pytest.raises(UnreadableError, match="save it"):
        read_text(write(tmp_path, data))


@pytest.mark.parametrize("data", [b"text\0text", bytes(range(1, 8)) * 5 + b"some text", b"%PDF-\x00\x01\x02"])
def test_refuses_binary(tmp_path: Path, data: bytes) -> None:
    """NULs or many control characters are binary data."""
    with pytest.raises(UnreadableError, match="binary"):
        read_text(write(tmp_path, data))


def test_reads_a_declared_encoding(tmp_path: Path) -> None:
    """A declared encoding is used where the bytes are not UTF-8; an unknown one is passed over."""
    russian, french = RUSSIAN.encode("cp1251"), FRENCH.encode("cp1252")

    assert (RUSSIAN, {}) == read_text(write(tmp_path, russian), declared="windows-1251")
    assert (FRENCH, {}) == read_text(write(tmp_path, french), declared="iso-8859-1")
    assert (FRENCH, NOTE) == read_text(write(tmp_path, french), declared="no-such-encoding")
    assert (FRENCH, NOTE) == read_text(write(tmp_path, french), declared="base64")
    assert (RUSSIAN, {}) == read_text(write(tmp_path, RUSSIAN.encode()), declared="windows-1251")


def test_a_character_may_lie_across_blocks(tmp_path: Path) -> None:
    """Reading in blocks does not break characters, and the end of the file may not either."""
    text = "x" * (BLOCK - 1) + "é"

    assert (text, {}) == read_text(write(tmp_path, text.encode()))
    with pytest.raises(UnreadableError):
        read_text(write(tmp_path, (RUSSIAN * 2).encode()[:-3]))


def test_refuses_broken_utf16(tmp_path: Path) -> None:
    """UTF-16 cut in the middle of a character is refused."""
    with pytest.raises(UnreadableError, match="not valid UTF-16"):
        read_text(write(tmp_path, "text".encode("utf-16") + b"x"))
