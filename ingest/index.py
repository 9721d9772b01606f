"""Indexing files: only what changed is embedded, a bad file harms nothing, moved and vanished files are noticed.

Documents are known by their place below the folder that was named. See `store/files.py`.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..core.errors import CallerError
from ..core.types import Document
from ..store.collection import Collection
from ..store.files import ABSOLUTE, Files, KnownFile, Root, below, within
from ..store.sites import given
from ..store.write import Intake, Origin
from .documents import Dropped, FileProgress, Skipped
from .readers import MAX_BYTES, READER_VERSION
from .walk import FoundFile, LeftOut, Survey, survey, walk
from .worker import read_apart

__all__ = ["FoundFile", "IndexReport", "LeftOut", "Watcher", "index_paths", "walk"]

BLOCK = 1 << 20
#: rows of a file after which its progress is told
ROWS = 500


class FileRead(NamedTuple):
    """A file that was read: how many documents it gave, and the characters left out on purpose, by their kind."""

    path: str
    documents: int
    dropped: dict[str, int]


@dataclass(slots=True)
class IndexReport:
    """What became of files and documents.

    `vanished` are files that were indexed before, lay under the given paths, and are no longer there or left out now;
    with `prune` their documents are gone. `moved` pairs the old and the new place of files, `folders` those of folders
    that are elsewhere now, whose documents are the same. `reread` counts files that had not changed but were read again
    because a newer reader makes more of them, or passages have another length. `skipped` pairs a place (`file`, or
    `file:line`) with the reason. `dropped` counts the characters that readers left out on purpose, such as navigation,
    by their kind; `read` says the same of each file; `left_out` are files that were not looked at, by folder.
    """

    files: int = 0
    indexed: int = 0
    unchanged: int = 0
    reread: int = 0
    moved: list[tuple[str, str]] = field(default_factory=list)
    folders: list[tuple[str, str]] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    pruned: bool = False
    documents_added: int = 0
    documents_changed: int = 0
    documents_removed: int = 0
    passages: int = 0
    embedded: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    read: list[FileRead] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


class Watcher(Protocol):
    """Hears how indexing goes on."""

    def start(self, characters: int) -> None:
        """Hear how much there is to do: the bytes of the files that are new or changed."""

    def advance(self, characters: int) -> None:
        """Hear how much of it is embedded."""

    def file(self, path: str) -> None:
        """Hear which file is read."""

    def within(self, done: int, total: int, unit: str) -> None:
        """Hear how much of the file is read: rows or pages; the total is 0 where nobody knows it."""


def index_paths(
    collection: Collection,
    paths: Sequence[str | Path],
    *,
    prune: bool = False,
    max_bytes: int = MAX_BYTES,
    watcher: Watcher | None = None,
    everything: bool = False,
    links: bool = False,
    keep_originals: bool = False,
    only: Iterable[str] | None = None,
    url: str = "",
) -> IndexReport:
    """Bring a collection up to date with files and folders, and return what happened.

    A file that cannot be read keeps the documents it had; one of which only some rows could be read keeps its earlier
    rows until all can be read again. A file whose content turns up under another name is moved without embedding
    anything. A folder that is gone, and most of whose files are in a named folder, is that folder.

    Args:
        collection: is held alone meanwhile.
        paths: files and folders; a file is below its folder.
        prune: whether to remove the documents of files that are gone, or left out now.
        max_bytes: larger files are skipped.
        watcher: is told how far the work is.
        everything: whether to read hidden, installed and ignored files too.
        links: whether to follow symbolic links that lead out of the paths.
        keep_originals: whether to keep a copy of each file.
        only: absolute paths; nothing else below `paths` is looked at.
        url: where the one folder that is named is on the web; it is kept, and nothing is fetched.

    Raises:
        CallerError: if a path does not exist, and for a URL that is none or that is given with several paths.
        LockedError: if another process holds the collection.
    """
    only = None if only is None else list(only)
    if url and (len(paths) != 1 or not os.path.isdir(paths[0]) or not given(url, "")):
        raise CallerError(f"the URL {url!r} must be that of one folder, such as https://example.org/handbook/")
    found = survey(paths, home=collection.folder.parent, everything=everything, links=links, only=only)
    report = IndexReport(pruned=prune, left_out=list(found.left_out))
    report.skipped += [(item.path, item.reason) for item in found.items if isinstance(item, Skipped)]
    advance = watcher.advance if watcher else lambda characters: None
    with collection.intake(progress=advance) as intake:
        run = _Run(collection, intake, report, max_bytes=max_bytes, keep=keep_originals, watcher=watcher)
        run.index([os.path.abspath(path) for path in paths], found, only=only, prune=prune)
        if url:
            run.place(os.path.abspath(paths[0]), url)
    result = intake.report
    report.documents_added, report.documents_changed = result.added, result.changed
    report.documents_removed = result.removed
    report.passages, report.embedded = result.passages, result.embedded
    report.skipped += result.skipped
    return report


@dataclass(frozen=True, slots=True)
class _File:
    """A found file, where it belongs, and what is known of it; `old` is what 0.1 knew of it by its absolute path."""

    item: FoundFile
    root: Root
    path: str
    known: KnownFile | None
    old: KnownFile | None

    @property
    def where(self) -> str:
        return str(self.item.path)

    @property
    def source(self) -> str:
        return self.root.short(self.path)

    def as_it_was(self, reader: str) -> bool:
        """Say whether size and time are those that the file had when the same reader read it."""
        known = self.known
        return known is not None and (known.size, known.mtime, known.reader) == (
            self.item.size,
            self.item.mtime_ns,
            reader,
        )


class _Run:
    """One pass over files."""

    def __init__(
        self,
        collection: Collection,
        intake: Intake,
        report: IndexReport,
        *,
        max_bytes: int,
        keep: bool,
        watcher: Watcher | None,
    ) -> None:
        self._collection = collection
        self._files: Files = collection.files
        self._intake = intake
        self._report = report
        self._max_bytes = max_bytes
        self._keep = keep
        self._watcher = watcher
        self._new: dict[bytes, str] = {}
        self._claims: dict[str, str] = {}  # the sources of keys that are taken in this pass
        self._digests: dict[str, bytes] = {}
        cut = collection.chunk_tokens
        self._reader = f"{READER_VERSION}/{cut}" if cut else str(READER_VERSION)

    def index(self, paths: Sequence[str], found: Survey, *, only: Sequence[str] | None, prune: bool) -> None:
        """Read what is new or changed, and see to what is gone."""
        report = self._report
        items = [item for item in found.items if isinstance(item, FoundFile)]
        files = self._placed(paths, items)
        report.files = len(files)
        changed = [file for file in files if not file.as_it_was(self._reader) or self._lacks_original(file)]
        report.unchanged = len(files) - len(changed)
        if self._watcher:
            self._watcher.start(sum(file.item.size for file in changed if file.item.size <= self._max_bytes))
        gone, elsewhere = self._gone(files, found, paths if only is None else only)
        for file in changed:
            if self._watcher:
                self._watcher.file(file.where)
            self._take(file)
        self._intake.flush()
        moved = self._forget_moved({**gone, **elsewhere})
        report.vanished = sorted(path for path in gone if path not in moved)
        if prune:
            self._forget([gone[path] for path in report.vanished])
        self._files.drop_empty_roots()

    def place(self, folder: str, url: str) -> None:
        """Take down where a folder is on the web.

        Raises:
            CallerError: for a folder inside another that was indexed.
        """
        root = next(
            (one for one in self._files.roots() if os.path.realpath(one.path) == os.path.realpath(folder)), None
        )
        if root is None:
            raise CallerError(f"{folder!r} has no files, or is in a folder that was indexed; give the URL of that one")
        if root.url != url:
            with self._intake.alone():
                self._files.set_url(root.id, url)

    # Where files belong

    def _placed(self, paths: Sequence[str], items: Sequence[FoundFile]) -> list[_File]:
        """Return the files with the folders that they belong to: the deepest known ones that they are in."""
        folders = {path: self._root(path if os.path.isdir(path) else os.path.dirname(path), items) for path in paths}
        roots = self._files.roots()
        known = {root.id: self._files.known(root.id) for root in roots}
        old = self._files.known(ABSOLUTE)
        placed = []
        for item in items:
            where = str(item.path)
            given = next(path for path in _and_above(where) if path in folders)
            root, inside = folders[given]
            base = given if os.path.isdir(given) else os.path.dirname(given)
            real = os.path.normpath(os.path.join(root.path, inside, below(where, base)))
            root = next(one for one in roots if within(real, one.path))  # the deepest comes first
            path = below(real, root.path)
            placed.append(_File(item, root, path, known[root.id].get(path), old.get(where)))
        return placed

    def _root(self, folder: str, items: Sequence[FoundFile]) -> tuple[Root, str]:
        """Return the root that a named folder is or is in, known by now, and the folder's path below it."""
        roots = self._files.roots()
        real = os.path.realpath(folder)
        for root in roots:
            for there, place in ((folder, root.path), (real, os.path.realpath(root.path))):
                if within(there, place):
                    return root, below(there, place)
        if (moved := self._moved_root(folder, roots)) is not None:
            with self._intake.alone():
                root = self._files.move(moved, folder)
            self._report.folders.append((moved.path, folder))
            return root, "."
        name = self._files.free_name(folder)
        inside = [below(str(item.path), folder) for item in items if within(str(item.path), folder)]
        root = self._files.add_root(folder, name if self._clash([(path, f"{name}/{path}") for path in inside]) else "")
        self._claims.update((f"{root.prefix}{path}", root.short(path)) for path in inside)
        return root, "."

    def _clash(self, pairs: Sequence[tuple[str, str]]) -> bool:
        """Say whether one of some keys belongs to another source than the one beside it."""
        return any(self._claims.get(key, source) != source for key, source in pairs) or bool(self._files.taken(pairs))

    def _moved_root(self, folder: str, roots: Sequence[Root]) -> Root | None:
        """Return the root that a folder was, if one is gone of which at least half of the files are here."""
        best: tuple[float, Root] | None = None
        for root in roots:
            files = self._files.known(root.id)
            if not files or not all(_is_gone(os.path.join(root.path, path)) for path in files):
                continue
            same = sum(self._same(os.path.join(folder, path), known) for path, known in files.items())
            if 2 * same >= len(files) and (best is None or same / len(files) > best[0]):
                best = (same / len(files), root)
        return best[1] if best else None

    def _same(self, path: str, known: KnownFile) -> bool:
        try:
            status = os.stat(path)
        except OSError:
            return False
        if status.st_size != known.size:
            return False
        return status.st_mtime_ns == known.mtime or self._digest(path) == known.digest

    def _gone(
        self, files: Sequence[_File], found: Survey, paths: Sequence[str]
    ) -> tuple[dict[str, tuple[int, str]], dict[str, tuple[int, str]]]:
        """Return the known files under the paths that are not there now, and others whose whole folder is gone.

        Each by its place, with its root and its path below that.
        """
        here = {(file.root.id, file.path) for file in files}
        places, given = {file.where for file in files}, frozenset(paths)
        gone: dict[str, tuple[int, str]] = {}
        elsewhere: dict[str, tuple[int, str]] = {}
        for root in [*self._files.roots(), Root(ABSOLUTE, "", "", "")]:
            lost = root.id == ABSOLUTE or _is_gone(root.path)
            for path in self._files.known(root.id):
                where = os.path.join(root.path, path)
                meant = any(one in given for one in _and_above(where))
                if not (meant or lost) or (root.id, path) in here or where in places:
                    continue
                if _is_gone(where) or (meant and found.leaves_out(where)):
                    (gone if meant else elsewhere)[where] = (root.id, path)
        return gone, elsewhere

    def _forget_moved(self, gone: dict[str, tuple[int, str]]) -> set[str]:
        """Drop files that are gone and whose content was found under a new name."""
        known: dict[int, dict[str, KnownFile]] = {}
        moved = []
        for where, (root, path) in gone.items():
            there = known.setdefault(root, self._files.known(root)) if self._new else {}
            if path in there and there[path].digest in self._new:
                moved.append((where, self._new[there[path].digest]))
        self._forget([gone[where] for where, _ in moved])
        self._report.moved += moved
        return {where for where, _ in moved}

    def _forget(self, places: Sequence[tuple[int, str]]) -> None:
        """Drop the documents of files."""
        roots = {root.id: root for root in self._files.roots()}
        for root, path in places:
            self._intake.remove(self._files.keys(path if root == ABSOLUTE else roots[root].short(path)))
            self._files.forget(root, path)

    # Reading

    def _take(self, file: _File) -> None:
        """Read a file into the intake, unless only its date changed."""
        mark = self._digest(file.where) if file.item.size <= self._max_bytes else b""
        known, report = file.known or file.old, self._report
        if mark and self._keep and not self._collection.originals.keep(file.item.path, mark):
            mark = b""  # it changes at this moment: read it, and look again the next time
        if mark and file.known is not None and (file.known.digest, file.known.reader) == (mark, self._reader):
            report.unchanged += 1
            self._remember(file, file.known.key, mark)
            return
        key = file.known.key if file.known is not None else self._key(file)
        seen = _Seen()
        skipped = list(self._put(file, key, mark, seen))
        report.dropped = dict(Counter(report.dropped) + seen.dropped)
        report.read.append(FileRead(file.where, len(seen), dict(seen.dropped)))
        report.skipped += skipped
        if not len(seen):
            return
        report.indexed += 1
        report.reread += bool(mark) and known is not None and known.digest == mark
        if skipped or not mark:
            return
        if known is None:
            self._new[mark] = file.where
        self._intake.then(lambda: self._settle(file, key, mark, seen))

    def _key(self, file: _File) -> str:
        """Return the key of a new file: its path, behind the folder's name where something else is called so."""
        for key in (f"{file.root.prefix}{file.path}", file.source):
            if not self._clash([(key, file.source)]):
                self._claims[key] = file.source
                return key
        return file.where

    def _put(self, file: _File, key: str, mark: bytes, seen: _Seen) -> Iterator[tuple[str, str]]:
        tell = self._watcher.within if self._watcher else lambda done, total, unit: None
        for item in read_apart(file.where, max_bytes=self._max_bytes):
            if isinstance(item, Skipped):
                yield item.path, item.reason
            elif isinstance(item, Dropped):
                seen.dropped[item.what] += item.characters
            elif isinstance(item, FileProgress):
                tell(item.done, item.total, item.unit)
            else:
                document = _rekeyed(item, file, key)
                seen.add(document.key)
                old = item.key if file.old is not None else ""
                self._intake.put(document, Origin(old, mark if self._keep else b""))
                if len(seen) % ROWS == 0:
                    tell(len(seen), 0, "rows")

    def _settle(self, file: _File, key: str, mark: bytes, seen: _Seen) -> None:
        """Once a file's documents are safe, drop those that it no longer has and remember it."""
        sources = [file.source, *([file.where] if file.old is not None else [])]
        for source in sources:
            for keys in self._files.key_blocks(source):
                self._intake.remove(seen.without(keys))
        if file.old is not None:
            self._files.forget(ABSOLUTE, file.where)
        self._remember(file, key, mark)

    def _remember(self, file: _File, key: str, mark: bytes) -> None:
        if self._keep:
            self._files.set_original(file.source, mark)
        row = KnownFile(key, file.item.size, file.item.mtime_ns, mark, self._reader)
        self._files.remember(file.root.id, file.path, row)

    def _lacks_original(self, file: _File) -> bool:
        known = file.known
        return self._keep and known is not None and not self._collection.originals.path(known.digest).is_file()

    def _digest(self, path: str) -> bytes:
        """Return a hash of a file's bytes; empty if it cannot be read, which the reader then explains."""
        if path not in self._digests:
            self._digests[path] = _digest(Path(path))
        return self._digests[path]


class _Seen:
    """What a file gave: its keys, as eight bytes each, for a table may have millions of rows; what was left out."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self.dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, key: str) -> None:
        self._hashes.append(_hash(key))

    def without(self, keys: Sequence[str]) -> list[str]:
        """Return the keys that were not seen."""
        hashes = np.fromiter(map(_hash, keys), np.uint64, len(keys))
        there = np.isin(hashes, np.frombuffer(self._hashes, np.uint64))
        return [key for key, known in zip(keys, there.tolist(), strict=True) if not known]


def _and_above(path: str) -> Iterator[str]:
    """Yield a path and the folders that it is in."""
    yield path
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above


def _is_gone(path: str) -> bool:
    """Say whether nothing is at a path; what cannot be looked at, such as a disk that fails, is not gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")


def _rekeyed(document: Document, file: _File, key: str) -> Document:
    """Return a document under the key of its file; a reader knows the path alone, which its keys begin with."""
    own = document.key.removeprefix(file.where)
    made = key + own if document.key.startswith(file.where) else document.key
    return replace(document, key=made, source=file.source)


def _digest(path: Path) -> bytes:
    """Return a hash of a file's bytes; empty if it cannot be read."""
    state = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                state.update(block)
    except OSError:
        return b""
    return state.digest()
