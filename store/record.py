"""The record: one SQLite file that everything else can be rebuilt from."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import CallerError, OperatorError
from ..core.forked import never_close, register
from ..core.private import private_file
from ..core.types import Metadata, Passage, Vectors
from . import layout
from .lock import refuse_fork

FORMAT = 3
RESTORE = "restore the folder from a copy, or delete it and index or import again"

# What 0.1 wrote, brought to format 2 in one transaction, so that a kill leaves the old or the new. In development
# two keys of `meta` had lost the names of the only engine already.
FROM_1 = """
INSERT OR IGNORE INTO meta SELECT 'location', CASE value WHEN '' THEN 'embedded Chroma' ELSE value END FROM meta
WHERE key = 'url';
UPDATE OR REPLACE meta SET key = 'index' WHERE key = 'chroma';
DELETE FROM meta WHERE key = 'url';
ALTER TABLE chunks ADD COLUMN layout TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN original BLOB;
INSERT INTO files SELECT 0, path, path, size, mtime, digest, '' FROM sources;
DROP TABLE sources;
"""

# The same for format 2, which knew no links. Documents that are there get none until they are written again.
FROM_2 = """
INSERT OR REPLACE INTO meta SELECT 'unlinked', value FROM meta WHERE key = 'clock';
UPDATE meta SET value = 3 WHERE key = 'format';
"""
ROOTS_OF_2 = "ALTER TABLE roots ADD COLUMN url TEXT NOT NULL DEFAULT '';"

# Per connection, not in the file: term statistics of the index, and a scratch index that shows how FTS5 cuts a word.
TEMPORARY = """
CREATE VIRTUAL TABLE temp.lexical_terms USING fts5vocab(main, lexical, row);
CREATE VIRTUAL TABLE temp.scratch USING fts5 (word, tokenize="porter unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE temp.scratch_terms USING fts5vocab(temp, scratch, instance);
"""

PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -32768;
PRAGMA temp_store = MEMORY;
PRAGMA busy_timeout = 10000;
"""


BLOCK = 500
LIVE = "chunks c JOIN documents d ON d.id = c.doc AND d.live = c.version"


class RecordDamaged(OperatorError):
    """The record's file does not hold what SQLite has written: a restore or indexing anew mends it."""


def _failed(folder: Path, error: sqlite3.Error) -> OperatorError:
    """Return what to do about what SQLite says."""
    if isinstance(error, sqlite3.OperationalError) or type(error) is not sqlite3.DatabaseError:
        return OperatorError(
            f"the record in {str(folder)!r} failed ({error}); check free disk space and the folder's rights, then "
            "`polyhop status --verify`"
        )
    return RecordDamaged(f"the record in {str(folder)!r} is damaged ({error}); {RESTORE}")


class Record:
    """Connections to a collection's record, handed out one to a thread, and the reads and writes that more than one
    part needs.

    Args:
        path: the SQLite file; it is created with its tables when it does not exist.

    Raises:
        OperatorError: for a file that cannot be read or is of another format; every method raises it for what SQLite
            says of disks and files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []  # append and pop are atomic
        self._closed = False
        self._owner = os.getpid()
        register(self)
        with self.reading() as connection:
            version = self._version(connection)
            self.upgraded_from = version if version in (1, 2) else None
            if version is None:
                self._create(connection)
            elif version == 1:
                self._upgrade(connection, f"{_tables('files')} {FROM_1} {_tables('links')} {FROM_2}")
            elif version == 2:
                self._upgrade(connection, f"{ROOTS_OF_2} {_tables('links')} {FROM_2}")
            elif version != FORMAT:
                raise OperatorError(
                    f"the collection at {str(path.parent)!r} has on-disk format {version!r}, this polyhop reads "
                    f"{FORMAT}; export it with the version that wrote it and import it here"
                )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in autocommit mode; a fork of the process that opened the record gets none.

        Raises:
            OperatorError: for what SQLite says of disks and files.
            CallerError: once it is closed, and in a fork.
        """
        refuse_fork(self.path.parent, self._owner)
        if self._closed:
            raise CallerError(f"the collection at {str(self.path.parent)!r} is closed; open it again")
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        except BaseException as error:
            if os.getpid() == self._owner:
                connection.close()
            else:
                never_close(connection)
            if not isinstance(error, sqlite3.Error):
                raise
            raise _failed(self.path.parent, error) from error
        if os.getpid() != self._owner:
            return never_close(connection)
        self._idle.append(connection)
        if self._closed:
            self.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one transaction: committed on success, rolled back on any exception.

        Raises:
            OperatorError: as for `reading`.
            CallerError: as for `reading`.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                refuse_fork(self.path.parent, self._owner)
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        if os.getpid() == self._owner:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connections; those that are lent are closed on their return."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def before_fork(self) -> None:
        """Close the connections that nobody uses: SQLite's locks do not survive a fork."""
        self._drop()

    def in_child(self) -> None:
        """Leave alone what was inherited all the same."""
        never_close(self._idle)
        self._idle = []

    def _connect(self) -> sqlite3.Connection:
        try:
            private_file(self.path)
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.executescript(PRAGMAS)
            if self._version(connection) is not None:
                connection.executescript(TEMPORARY)
        except sqlite3.Error as error:
            raise OperatorError(
                f"the record {str(self.path)!r} cannot be opened ({error}); check the disk and the folder's rights, or "
                f"{RESTORE}"
            ) from error
        return connection

    def _create(self, connection: sqlite3.Connection) -> None:
        tables = _tables("files") + _tables("links") + _tables("record")
        number = self.path.stat().st_ino  # tells a copy of the file: see `Derived`
        head = f"INSERT INTO meta VALUES ('format', {FORMAT}), ('id', '{secrets.token_hex(8)}'), ('file', {number});"
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {tables} {head} COMMIT;")
        except sqlite3.OperationalError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if self._version(connection) != FORMAT:  # unless another process made it between the look and the lock
                raise
        connection.executescript(TEMPORARY)

    def _upgrade(self, connection: sqlite3.Connection, script: str) -> None:
        """Bring a record of an earlier format to this one, unless another process does it at this moment."""
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {script} COMMIT;")
        except sqlite3.OperationalError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if self._version(connection) != FORMAT:
                raise

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int | None:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None:
            return None
        row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        return int(row[0]) if row else -1

    # What every part of the store reads

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value of the `meta` table."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else default

    def put(self, **values: Any) -> None:
        """Set values of the `meta` table in a transaction of their own."""
        with self.writing() as connection:
            put(connection, **values)

    def put_new(self, **values: Any) -> None:
        """Set those values of the `meta` table that are not there yet, in a transaction of their own."""
        with self.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", values.items())

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Return the live passages among `ids`."""
        sql = (
            "SELECT c.id, d.key, c.title, c.heading, c.text, d.metadata, d.source, c.ord, c.layout, NOT EXISTS (SELECT"
            f" 1 FROM chunks o WHERE o.doc = c.doc AND o.version = c.version AND o.ord = (c.ord = 0)) FROM {LIVE}"
            " WHERE c.id IN (SELECT value FROM json_each(?))"
        )
        with self.reading() as connection:
            rows = connection.execute(sql, (json.dumps(list(ids)),)).fetchall()
        return {
            name: Passage(
                name, key, title, heading, text, json.loads(metadata), source, place, layout.read(written), bool(whole)
            )
            for name, key, title, heading, text, metadata, source, place, written, whole in rows
        }

    def attributes(self, ids: Sequence[str]) -> list[Metadata]:
        """Return for each live passage what filters see of its document."""
        sql = (
            f"SELECT c.id, d.metadata, d.key, d.title, d.source FROM {LIVE}"
            " WHERE c.id IN (SELECT value FROM json_each(?))"
        )
        with self.reading() as connection:
            rows = connection.execute(sql, (json.dumps(list(ids)),)).fetchall()
        found = {name: attributes(json.loads(metadata), *document) for name, metadata, *document in rows}
        return [found[name] for name in ids]

    def vectors(self, ids: Sequence[str], embedder: str) -> dict[str, Vectors]:
        """Return the stored vectors of the live passages among `ids`."""
        sql = (
            f"SELECT c.id, v.vector FROM {LIVE} JOIN vectors v ON v.hash = c.hash AND v.embedder = ?"
            " WHERE c.id IN (SELECT value FROM json_each(?))"
        )
        with self.reading() as connection:
            rows = connection.execute(sql, (embedder, json.dumps(list(ids)))).fetchall()
        return {name: np.frombuffer(blob, dtype=np.float32) for name, blob in rows}

    def known_vectors(self, hashes: Iterable[bytes], embedder: str) -> dict[bytes, Vectors]:
        """Return the vectors that were computed before, by content hash."""
        found: dict[bytes, Vectors] = {}
        with self.reading() as connection:
            for block in blocks(list(hashes)):
                marks = ",".join("?" * len(block))
                sql = f"SELECT hash, vector FROM vectors WHERE embedder = ? AND hash IN ({marks})"
                rows = connection.execute(sql, (embedder, *block))
                found.update((bytes(key), np.frombuffer(blob, dtype=np.float32)) for key, blob in rows)
        return found

    def live_vectors(self, embedder: str) -> Iterator[tuple[list[str], Vectors]]:
        """Yield (ids, vectors) of all live chunks in blocks, in the order of their ids."""
        sql = (
            f"SELECT c.id, v.vector FROM {LIVE} JOIN vectors v ON v.hash = c.hash AND v.embedder = ?"
            " WHERE c.id > ? ORDER BY c.id LIMIT ?"
        )
        last = ""
        while True:
            with self.reading() as connection:
                rows = connection.execute(sql, (embedder, last, BLOCK * 2)).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield (
                [row[0] for row in rows],
                np.frombuffer(b"".join(row[1] for row in rows), np.float32).reshape(len(rows), -1),
            )

    def live_ids(self) -> list[str]:
        """Return the ids of all live chunks, sorted."""
        with self.reading() as connection:
            return [row[0] for row in connection.execute(f"SELECT c.id FROM {LIVE} ORDER BY c.id")]

    def count(self) -> tuple[int, int]:
        """Return the numbers of live documents and live chunks."""
        with self.reading() as connection:
            documents = connection.execute("SELECT count(*) FROM documents WHERE live IS NOT NULL").fetchone()[0]
            return documents, connection.execute(f"SELECT count(*) FROM {LIVE}").fetchone()[0]


def _tables(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text("utf-8")


def attributes(metadata: Metadata, key: str, title: str, source: str) -> Metadata:
    """Return what filters see of a document: its metadata, and under their own names key, title and source."""
    return {**metadata, "key": key, "title": title, "source": source}


def put(connection: sqlite3.Connection, **values: Any) -> None:
    """Set values of the `meta` table inside the caller's transaction."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def bump(connection: sqlite3.Connection, key: str) -> int:
    """Add one to a counter of the `meta` table inside the caller's transaction and return it."""
    sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value"
    return int(connection.execute(sql, (key,)).fetchone()[0])


def blocks(items: Sequence[Any], size: int = BLOCK) -> Iterator[Sequence[Any]]:
    """Yield `items` in pieces of at most `size`: SQLite bounds the number of variables in a statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
