"""The bytes of indexed files, kept by content beside the record where that is asked for.

A file is kept before its documents are written, and deleted after the last of them is gone, so that a document never
refers to bytes that are not there. What a kill leaves behind goes with the next write.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from ..core.errors import OperatorError
from .record import Record

FOLDER = "originals"
BLOCK = 1 << 20


class Originals:
    """The folder of the originals of one collection."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._folder = record.path.parent / FOLDER

    def path(self, digest: bytes) -> Path:
        """Return where the bytes of a digest are, or would be."""
        return self._folder / digest.hex()

    def of(self, key: str) -> Path | None:
        """Return the bytes that a document was read from, None where they were not kept."""
        with self._record.reading() as connection:
            row = connection.execute(
                "SELECT original FROM documents WHERE key = ? AND live IS NOT NULL", (key,)
            ).fetchone()
        path = self.path(bytes(row[0])) if row and row[0] else None
        return path if path is not None and path.is_file() else None

    def keep(self, source: Path, digest: bytes) -> bool:
        """Copy a file under the digest that it had a moment ago, and say whether the copy is there.

        It is not if the file has changed since, is gone, or cannot be read: bytes never stand under another digest.

        Raises:
            OperatorError: if the copy cannot be written.
        """
        target = self.path(digest)
        if target.is_file():
            return True
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            self._folder.mkdir(exist_ok=True)
            with draft.open("wb") as file:
                same = _copied(source, file) == digest
                file.flush()
                os.fsync(file.fileno())
            if same:
                draft.replace(target)
            else:
                draft.unlink()
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise OperatorError(
                f"cannot keep the original of {str(source)!r} ({error}); free some space, or set "
                "POLYHOP_KEEP_ORIGINALS=false"
            ) from error
        return same

    def sweep(self) -> int:
        """Delete what no document refers to, and return how many files that were; only for who holds the collection.

        Raises:
            OperatorError: if a file cannot be deleted.
        """
        if not self._folder.is_dir():
            return 0
        with self._record.reading() as connection:
            rows = connection.execute("SELECT DISTINCT original FROM documents WHERE original IS NOT NULL")
            wanted = {bytes(row[0]).hex() for row in rows}
        unwanted = [path for path in self._folder.iterdir() if path.name not in wanted]
        try:
            for path in unwanted:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OperatorError(
                f"cannot delete the original {str(path)!r}, to which no document refers any more ({error}); delete it, "
                "or check the folder's rights and write again"
            ) from error
        return len(unwanted)

    def sizes(self) -> list[int]:
        """Return the size of each file that is kept, in bytes."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        sizes = (_file_size(self._folder / name) for name in names if not name.startswith("."))
        return [size for size in sizes if size is not None]


def _file_size(path: Path) -> int | None:
    """Return the size of a file, None for one that a writer has deleted meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _copied(source: Path, file: BinaryIO) -> bytes:
    """Copy a file into an open one and return the hash of its bytes; empty if it cannot be read to its end."""
    state = blake2b(digest_size=16)
    try:
        read = source.open("rb")
    except OSError:
        return b""
    with read:
        while True:
            try:
                block = read.read(BLOCK)
            except OSError:
                return b""
            if not block:
                return state.digest()
            state.update(block)
            file.write(block)
