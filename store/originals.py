"""The bytes of indexed files, kept by content beside the record where that is asked for.

A file is kept before its documents are written, and deleted after the last of them is gone, so that a document never
refers to bytes that are not there. What a kill leaves behind goes with the next write.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import OperatorError
from .record import Record

FOLDER = "originals"


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

    def keep(self, source: Path, digest: bytes) -> None:
        """Copy a file under its digest; one that is there already is left alone.

        Raises:
            OperatorError: if it cannot be copied.
        """
        target = self.path(digest)
        if target.is_file():
            return
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            self._folder.mkdir(exist_ok=True)
            with source.open("rb") as read, draft.open("wb") as file:
                shutil.copyfileobj(read, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise OperatorError(
                f"cannot keep the original of {str(source)!r} ({error}); free some space, or set "
                "POLYHOP_KEEP_ORIGINALS=false"
            ) from error

    def sweep(self) -> int:
        """Delete what no document refers to, and return how many files that were; only for who holds the collection."""
        if not self._folder.is_dir():
            return 0
        with self._record.reading() as connection:
            rows = connection.execute("SELECT DISTINCT original FROM documents WHERE original IS NOT NULL")
            wanted = {bytes(row[0]).hex() for row in rows}
        unwanted = [path for path in self._folder.iterdir() if path.name not in wanted]
        for path in unwanted:
            path.unlink(missing_ok=True)
        return len(unwanted)

    def sizes(self) -> Iterator[int]:
        """Yield the size of each file that is kept, in bytes."""
        if self._folder.is_dir():
            yield from (path.stat().st_size for path in self._folder.iterdir() if not path.name.startswith("."))
