"""Files inside files: members of archives and attachments of mails, read by the readers of their kinds with bounds."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from ..core.types import Document
from .documents import Item, Skipped, one_line
from .readers import is_readable, read_file

MAX_MEMBER = 100_000_000
DEEPEST = 2  # a mail in an archive may have attachments, and their attachments are not read
_FOLDER = "polyhop-member-"
_BLOCK = 1 << 20
_UNSAFE = re.compile(r"[^\w .()+,=@-]+")


def depth(path: Path) -> int:
    """Return inside how many files a file was found; 0 for one of the user's."""
    found = re.match(rf"{_FOLDER}(\d)-", path.parent.name)
    return int(found[1]) if found else 0


def shown_name(name: str) -> str:
    """Return the name of a member as keys have it: on one line, without steps out of the archive."""
    parts = " ".join(name.replace("\\", "/").split()).split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))[:300] or "unnamed"


def read_member(stream: IO[bytes], name: str, *, outer: Path, key: str = "", size: int = 0) -> Iterator[Item]:
    """Yield what is in a file inside a file, with keys `key` and what its reader adds.

    It is written to a folder of its own under a safe name, read from there, and removed.

    Args:
        stream: what it holds.
        name: its name inside.
        outer: the file that it is in.
        key: what its key is, unless it is `outer#name`.
        size: bytes after which it is taken to be too large; 0 for `MAX_MEMBER`.
    """
    key = key or f"{outer}#{shown_name(name)}"
    suffix = os.path.splitext(name)[1]
    if not is_readable(suffix):
        yield Skipped(key, f"unsupported format {suffix!r}")
        return
    inside = depth(outer) + 1
    if inside > DEEPEST:
        yield Skipped(key, f"inside more than {DEEPEST} other files")
        return
    most = size or MAX_MEMBER
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{inside}-") as folder:
        file = Path(folder) / _safe(name)
        try:
            whole = _copy(stream, file, most)
        except Exception as error:  # packed data that is broken raises nearly any type
            yield Skipped(key, f"cannot be unpacked: {one_line(error)}")
            return
        if not whole:
            yield Skipped(key, f"unpacks to more than {most:,} bytes")
            return
        for item in read_file(file):
            yield _renamed(item, str(file), key, str(outer))


def _safe(name: str) -> str:
    stem, suffix = os.path.splitext(shown_name(name).rpartition("/")[2])
    cut = _UNSAFE.sub("_", stem).encode()[:120].decode("utf-8", "ignore").lstrip(".")
    return (cut or "unnamed") + _UNSAFE.sub("_", suffix)[:20]


def _copy(stream: IO[bytes], file: Path, most: int) -> bool:
    """Copy a stream and tell whether it ended before the limit."""
    with file.open("wb") as copy:
        left = most
        while block := stream.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                return False
            copy.write(block)
    return True


def _renamed(item: Item, inside: str, key: str, source: str) -> Item:
    """Call an item after the file that its file is in."""
    if isinstance(item, Document):
        return replace(item, key=key + item.key.removeprefix(inside), source=source)
    return replace(item, path=key + item.path.removeprefix(inside))
