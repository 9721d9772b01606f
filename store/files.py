"""The files that a collection was made of: folders that were named, files below them, keys of their documents.

A document is known by its place below the folder that was named, not by where that folder is: a folder that is renamed
or mounted elsewhere is the same collection.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import NamedTuple

from .record import LIVE, Record, bump

#: the root of what 0.1 read, whose paths and keys are absolute until a file is read again
ABSOLUTE = 0
PAGE = 50_000


class Root(NamedTuple):
    """A folder that was named; `name` is what people see of it, `prefix` what its keys begin with, mostly nothing.

    `url` is where its documents are on the web, as far as the user says.
    """

    id: int
    path: str
    name: str
    prefix: str
    url: str = ""

    def short(self, path: str) -> str:
        """Return how people see a file: the folder's name and the path below it."""
        return f"{self.name}/{path}"


class KnownFile(NamedTuple):
    """What is known of a file as it was read last: `key` is its document's, and begins those of its rows.

    `mtime` is in nanoseconds, `digest` a hash of the bytes, `reader` says how it was read; empty is by 0.1.
    """

    key: str
    size: int
    mtime: int
    digest: bytes
    reader: str


class Files:
    """The tables `roots` and `files` of a record."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def roots(self) -> list[Root]:
        """Return the folders that were named, the deepest paths first."""
        with self._record.reading() as connection:
            rows = connection.execute("SELECT id, path, name, prefix, url FROM roots").fetchall()
        return sorted((Root(*row) for row in rows), key=lambda root: (-len(root.path), root.path))

    def known(self, root: int) -> dict[str, KnownFile]:
        """Return the files of a folder by their path below it, with `/` on every system."""
        with self._record.reading() as connection:
            rows = connection.execute(
                "SELECT path, key, size, mtime, digest, reader FROM files WHERE root = ?", (root,)
            ).fetchall()
        return {path: KnownFile(key, size, mtime, bytes(mark), reader) for path, key, size, mtime, mark, reader in rows}

    def read_by_others(self, version: int) -> int:
        """Return how many files another version of the readers read last."""
        sql = "SELECT count(*) FROM files WHERE reader <> ?1 AND reader NOT LIKE ?1 || '/%'"
        with self._record.reading() as connection:
            return int(connection.execute(sql, (str(version),)).fetchone()[0])

    def every(self) -> list[tuple[int, str, KnownFile]]:
        """Return all files, each with the number of its folder and its path below that."""
        with self._record.reading() as connection:
            rows = connection.execute("SELECT root, path, key, size, mtime, digest, reader FROM files").fetchall()
        return [
            (root, path, KnownFile(key, size, mtime, bytes(mark), reader))
            for root, path, key, size, mtime, mark, reader in rows
        ]

    def adopt(self, roots: Iterable[Root], files: Iterable[tuple[int, str, KnownFile]]) -> None:
        """Take down folders and files that another collection followed, whose documents are here now.

        A folder that has another name here, or whose name another folder has, is left out with its files: sources would
        not tell which is meant.
        """
        own = {ABSOLUTE: ABSOLUTE}
        here = self.roots()
        with self._record.writing() as connection:
            for root in roots:
                known = next((one for one in here if one.path == root.path), None)
                if known is not None and known == root._replace(id=known.id, url=known.url):
                    own[root.id] = known.id
                elif known is None and not any(_overlap(root.name, one.name) for one in here):
                    sql = "INSERT INTO roots (path, name, prefix, url) VALUES (?, ?, ?, ?) RETURNING id"
                    own[root.id] = int(connection.execute(sql, root[1:]).fetchone()[0])
            connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((own[root], path, *file) for root, path, file in files if root in own),
            )

    def add_root(self, path: str, prefix: str = "") -> Root:
        """Take down a folder and return it."""
        name = self.free_name(path)
        with self._record.writing() as connection:
            sql = "INSERT INTO roots (path, name, prefix) VALUES (?, ?, ?) RETURNING id"
            found = int(connection.execute(sql, (path, name, prefix and f"{name}/")).fetchone()[0])
        return Root(found, path, name, prefix and f"{name}/")

    def set_url(self, root: int, url: str) -> None:
        """Take down where a folder's documents are on the web."""
        with self._record.writing() as connection:
            connection.execute("UPDATE roots SET url = ? WHERE id = ?", (url, root))
            bump(connection, "generation")

    def free_name(self, path: str, *, but: int = ABSOLUTE) -> str:
        """Return the last parts of a path, as few as tell the folder from all others but one.

        None is the beginning of another, so that a short path has one meaning.
        """
        parts = [part for part in PurePath(path).parts if part != os.sep] or ["root"]
        others = [root.name for root in self.roots() if root.id != but]
        for length in range(1, len(parts) + 1):
            name = "/".join(parts[-length:])
            if not any(_overlap(name, other) for other in others):
                return name
        return path

    def move(self, root: Root, path: str) -> Root:
        """Take down that a folder is elsewhere now: keys and passages stay, sources are told by the new name.

        Everything in one transaction. Where the vector index keeps metadata, the passages go onto the list of those
        that it gets anew.
        """
        name = self.free_name(path, but=root.id)
        own = (f"{root.name}/", f"{root.name}0")  # "0" is the character behind "/"
        which = "SELECT id FROM documents WHERE source >= ? AND source < ?"
        with self._record.writing() as connection:
            connection.execute("UPDATE roots SET path = ?, name = ? WHERE id = ?", (path, name, root.id))
            cut = len(root.name) + 1
            connection.execute(
                f"UPDATE attributes SET value = ? || substr(value, ?) WHERE key = 'source' AND doc IN ({which})",
                (name, cut, *own),
            )
            connection.execute(f"INSERT OR IGNORE INTO stale SELECT c.id FROM {LIVE} WHERE d.id IN ({which})", own)
            connection.execute(
                "UPDATE documents SET source = ? || substr(source, ?) WHERE source >= ? AND source < ?",
                (name, cut, *own),
            )
            bump(connection, "generation")
        return root._replace(path=path, name=name)

    def remember(self, root: int, path: str, file: KnownFile) -> None:
        """Take down how a file was read."""
        with self._record.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", (root, path, *file))

    def forget(self, root: int, path: str) -> None:
        """Forget a file; its documents stay."""
        with self._record.writing() as connection:
            connection.execute("DELETE FROM files WHERE root = ? AND path = ?", (root, path))

    def drop_empty_roots(self) -> None:
        """Forget the folders of which nothing is left."""
        with self._record.writing() as connection:
            connection.execute("DELETE FROM roots WHERE id NOT IN (SELECT root FROM files)")

    def taken(self, places: Iterable[tuple[str, str]]) -> set[str]:
        """Return which keys belong to something else, of pairs of a key and the source of its document."""
        given = json.dumps(list(places))
        pairs = "WITH pairs AS (SELECT value ->> 0 AS key, value ->> 1 AS source FROM json_each(?)) "
        by_file = (
            "SELECT p.key FROM pairs p JOIN files f ON f.key = p.key JOIN roots r ON r.id = f.root"
            " WHERE r.name || '/' || f.path <> p.source"
        )
        by_document = "SELECT p.key FROM pairs p JOIN documents d ON d.key = p.key WHERE d.source <> p.source"
        with self._record.reading() as connection:
            return {row[0] for row in connection.execute(f"{pairs}{by_file} UNION {by_document}", (given,))}

    def keys(self, source: str) -> list[str]:
        """Return the keys of the documents that have a source."""
        with self._record.reading() as connection:
            sql = "SELECT key FROM documents WHERE source = ? AND live IS NOT NULL ORDER BY key"
            return [row[0] for row in connection.execute(sql, (source,))]

    def key_blocks(self, source: str) -> Iterator[list[str]]:
        """Yield the same in pieces: a table may have millions of rows."""
        sql = "SELECT key FROM documents WHERE source = ? AND key > ? AND live IS NOT NULL ORDER BY key LIMIT ?"
        last = ""
        while True:
            with self._record.reading() as connection:
                keys = [row[0] for row in connection.execute(sql, (source, last, PAGE))]
            if not keys:
                return
            yield keys
            last = keys[-1]

    def set_original(self, source: str, digest: bytes) -> None:
        """Let the documents of a source refer to the bytes of a digest."""
        with self._record.writing() as connection:
            connection.execute("UPDATE documents SET original = ? WHERE source = ?", (digest, source))

    def path_of(self, source: str) -> str:
        """Return where the file of a source is, or nothing for a source that is no file."""
        for root in self.roots():
            if source.startswith(f"{root.name}/"):
                return os.path.join(root.path, source[len(root.name) + 1 :])
        return source if os.path.isabs(source) else ""

    def existing(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys that documents have."""
        sql = "SELECT key FROM documents WHERE live IS NOT NULL AND key IN (SELECT value FROM json_each(?))"
        with self._record.reading() as connection:
            return {row[0] for row in connection.execute(sql, (json.dumps(list(keys)),))}

    def resolve(self, given: str) -> list[str]:
        """Return the keys that somebody means who gives a key, a source, or a path; of a table with or without `#row`.

        A path is absolute or relative to the working directory.
        """
        if self.existing([given]):
            return [given]
        if found := self._of_file(given):
            return found
        file, mark, _ = given.partition("#")
        rows = self._of_file(file) if mark else []
        return [key for key in rows if key.endswith(given[len(file) :])]

    def _of_file(self, given: str) -> list[str]:
        """Return the keys of the documents of a file."""
        if not given or "\0" in given:
            return []
        path = os.path.abspath(given)
        shorts = [root.short(below(path, root.path)) for root in self.roots() if within(path, root.path)]
        return next((keys for source in (given, *shorts, path) if (keys := self.keys(source))), [])


def _overlap(name: str, other: str) -> bool:
    """Say whether one of two names of folders is the other, or begins it."""
    return f"{name}/".startswith(f"{other}/") or f"{other}/".startswith(f"{name}/")


def within(path: str, folder: str) -> bool:
    """Say whether a path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def below(path: str, folder: str) -> str:
    """Return a path relative to a folder that it lies in, with `/` on every system."""
    return PurePath(os.path.relpath(path, folder)).as_posix()


def forget_source(connection: sqlite3.Connection, source: str) -> None:
    """Forget the file that a source names, so that indexing it again brings its documents back."""
    connection.execute("DELETE FROM files WHERE root = ? AND path = ?", (ABSOLUTE, source))
    connection.execute(
        "DELETE FROM files WHERE (root, path) IN (SELECT id, substr(?1, length(name) + 2) FROM roots"
        " WHERE substr(?1, 1, length(name) + 1) = name || '/')",
        (source,),
    )
