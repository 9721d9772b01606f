"""Indexing files: only what changed is embedded, a bad file harms nothing, moved and vanished files are noticed."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from ..core.errors import CallerError
from ..store.collection import Collection
from ..store.write import Intake
from .documents import Dropped, Skipped, one_line
from .readers import MAX_BYTES, is_readable, read_file, unsupported


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a reader exists for; `path` is absolute, size in bytes."""

    path: Path
    size: int
    mtime_ns: int


def walk(paths: Iterable[str | Path], *, home: str | Path | None = None) -> list[FoundFile | Skipped]:
    """Return what lies at and below the paths, sorted by path, each real file once.

    Hidden names and the `home` folder are left out without a word unless they are given by name; a path that does not
    exist is a `CallerError`. Links are followed; a file that is also reached through a link goes by its real name.
    """
    given = [_existing(path) for path in paths]
    search = _Search(home=os.path.realpath(home) if home is not None else None)
    for path in given:
        search.visit(path)
    search.run()
    return search.results()


def _existing(path: str | Path) -> str:
    try:
        if not os.fspath(path) or not os.path.lexists(path):
            raise CallerError(f"no file or folder {str(path)!r}; check the path")
    except ValueError as error:
        raise CallerError(f"{str(path)!r} is not a path: {error}") from error
    return os.path.abspath(path)


@dataclass(slots=True)
class _Search:
    """Collects files by real path; linked folders come last, so that real names win."""

    home: str | None
    files: dict[str, FoundFile] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)
    folders: deque[str] = field(default_factory=deque)
    linked: deque[str] = field(default_factory=deque)

    def run(self) -> None:
        """Read folders until none is left; each real folder is read once, so a loop of links ends."""
        while self.folders or self.linked:
            folder = self.folders.popleft() if self.folders else self.linked.popleft()
            real = os.path.realpath(folder)
            if real not in self.visited and real != self.home:
                self.visited.add(real)
                self.read(folder)

    def read(self, folder: str) -> None:
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            self.skip(folder, f"cannot list the folder: {_reason(error)}")
            return
        for name in names:
            if not name.startswith((".", "~$")):
                self.visit(os.path.join(folder, name))

    def visit(self, path: str) -> None:
        """Sort one path into files, folders and what is skipped."""
        try:
            status = os.stat(path)
        except OSError as error:
            self.skip(path, "broken link" if os.path.islink(path) else _reason(error))
            return
        if stat.S_ISDIR(status.st_mode):
            (self.linked if os.path.islink(path) else self.folders).append(path)
        elif not stat.S_ISREG(status.st_mode):
            self.skip(path, "not a regular file (a pipe, socket or device)")
        else:
            self.add(path, status)

    def add(self, path: str, status: os.stat_result) -> None:
        suffix = os.path.splitext(path)[1].lower()
        if not path.isprintable() and _shown(path) != path:
            self.skip(path, "the name is not valid UTF-8; rename the file")
        elif not is_readable(suffix):
            self.skip(path, unsupported(suffix))
        else:
            real = os.path.realpath(path)
            known = self.files.get(real)
            if known is None or (path != real, path) < (str(known.path) != real, str(known.path)):
                self.files[real] = FoundFile(Path(path), status.st_size, status.st_mtime_ns)

    def skip(self, path: str, reason: str) -> None:
        self.skipped[path] = Skipped(_shown(path), reason)

    def results(self) -> list[FoundFile | Skipped]:
        found: list[FoundFile | Skipped] = [*self.files.values(), *self.skipped.values()]
        return sorted(found, key=lambda item: str(item.path))


def _shown(path: str) -> str:
    """Return the path in a form that can be printed and stored."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else one_line(error)


BLOCK = 1 << 20


@dataclass(slots=True)
class IndexReport:
    """What became of files and documents.

    `vanished` are files that were indexed before, lay under the given paths, and are no longer there; with `prune`
    their documents are gone. `skipped` pairs a place (`file`, or `file:line`) with the reason. `dropped` counts the
    characters that readers left out on purpose, such as navigation, by their kind.
    """

    files: int = 0
    indexed: int = 0
    unchanged: int = 0
    moved: list[tuple[str, str]] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    pruned: bool = False
    documents_added: int = 0
    documents_changed: int = 0
    documents_removed: int = 0
    passages: int = 0
    embedded: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)


class Watcher(Protocol):
    """Hears how indexing goes on."""

    def start(self, characters: int) -> None:
        """Hear how much there is to do: the bytes of the files that are new or changed."""

    def advance(self, characters: int) -> None:
        """Hear how much of it is embedded."""

    def file(self, path: str) -> None:
        """Hear which file is read."""


def index_paths(
    collection: Collection,
    paths: Sequence[str | Path],
    *,
    prune: bool = False,
    max_bytes: int = MAX_BYTES,
    watcher: Watcher | None = None,
) -> IndexReport:
    """Bring a collection up to date with files and folders, and return what happened.

    A file that cannot be read keeps the documents it had; one of which only some rows could be read keeps its earlier
    rows until all can be read again. A file whose content turns up under another name is moved without embedding
    anything.

    Raises:
        CallerError: if a path does not exist.
        LockedError: if another process holds the collection.
    """
    report = IndexReport(pruned=prune)
    found = walk(paths, home=collection.folder.parent)
    report.skipped += [(item.path, item.reason) for item in found if isinstance(item, Skipped)]
    files = [item for item in found if isinstance(item, FoundFile)]
    report.files = len(files)
    known = _sources(collection)
    changed = [item for item in files if known.get(str(item.path), (None, None))[:2] != (item.size, item.mtime_ns)]
    report.unchanged = len(files) - len(changed)
    vanished = _vanished(known, files, paths)
    if watcher:
        watcher.start(sum(item.size for item in changed if item.size <= max_bytes))
    with collection.intake(progress=watcher.advance if watcher else lambda characters: None) as intake:
        run = _Run(collection, intake, report, known, max_bytes=max_bytes)
        for item in changed:
            if watcher:
                watcher.file(str(item.path))
            run.take(item)
        intake.flush()
        moved_from = run.forget_moved(vanished)
        report.vanished = [path for path in vanished if path not in moved_from]
        if prune:
            run.forget(report.vanished)
    result = intake.report
    report.documents_added, report.documents_changed = result.added, result.changed
    report.documents_removed = result.removed
    report.passages, report.embedded = result.passages, result.embedded
    report.skipped += result.skipped
    return report


Source = tuple[int, int, bytes]


class _Run:
    """One pass over files that look new or changed."""

    def __init__(
        self, collection: Collection, intake: Intake, report: IndexReport, known: dict[str, Source], *, max_bytes: int
    ) -> None:
        self._collection = collection
        self._intake = intake
        self._report = report
        self._known = known
        self._max_bytes = max_bytes
        self._new: dict[bytes, str] = {}

    def take(self, item: FoundFile) -> None:
        """Read a file into the intake, unless only its date changed."""
        path = str(item.path)
        mark = _digest(item.path) if item.size <= self._max_bytes else b""
        before = self._known.get(path)
        if mark and before is not None and before[2] == mark:
            self._report.unchanged += 1
            self._remember(item, mark)
            return
        keys: set[str] = set()
        skipped = list(self._put(item.path, keys))
        self._report.skipped += skipped
        if not keys:
            return
        self._report.indexed += 1
        if skipped or not mark:
            return
        if before is None:
            self._new[mark] = path
        self._intake.then(lambda: self._settle(item, mark, keys))

    def forget_moved(self, vanished: Sequence[str]) -> set[str]:
        """Drop vanished files whose content was found under a new name."""
        moved = [(path, self._new[self._known[path][2]]) for path in vanished if self._known[path][2] in self._new]
        self.forget([old for old, _ in moved])
        self._report.moved += moved
        return {old for old, _ in moved}

    def forget(self, paths: Sequence[str]) -> None:
        """Drop the documents of files."""
        for path in paths:
            self._intake.remove(self._keys(path))
            with self._collection.record.writing() as connection:
                connection.execute("DELETE FROM sources WHERE path = ?", (path,))

    def _put(self, path: Path, keys: set[str]) -> Iterator[tuple[str, str]]:
        for item in read_file(path, max_bytes=self._max_bytes):
            if isinstance(item, Skipped):
                yield item.path, item.reason
            elif isinstance(item, Dropped):
                dropped = self._report.dropped
                dropped[item.what] = dropped.get(item.what, 0) + item.characters
            else:
                keys.add(item.key)
                self._intake.put(item)

    def _settle(self, item: FoundFile, mark: bytes, keys: set[str]) -> None:
        """Once a file's documents are safe, drop those that it no longer has and remember it."""
        self._intake.remove([key for key in self._keys(str(item.path)) if key not in keys])
        self._remember(item, mark)

    def _remember(self, item: FoundFile, mark: bytes) -> None:
        with self._collection.record.writing() as connection:
            row = (str(item.path), item.size, item.mtime_ns, mark)
            connection.execute("INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?)", row)

    def _keys(self, path: str) -> list[str]:
        with self._collection.record.reading() as connection:
            rows = connection.execute("SELECT key FROM documents WHERE source = ? AND live IS NOT NULL", (path,))
            return [row[0] for row in rows]


def _sources(collection: Collection) -> dict[str, Source]:
    with collection.record.reading() as connection:
        rows = connection.execute("SELECT path, size, mtime, digest FROM sources")
        return {path: (size, mtime, bytes(digest)) for path, size, mtime, digest in rows}


def _vanished(known: dict[str, Source], files: Sequence[FoundFile], paths: Sequence[str | Path]) -> list[str]:
    """Return the known files under the given paths that are not there now."""
    roots = [os.path.abspath(path) for path in paths]
    here = {str(item.path) for item in files}
    return sorted(
        path
        for path in known
        if path not in here and not os.path.lexists(path) and any(_under(path, root) for root in roots)
    )


def _under(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _digest(path: Path) -> bytes:
    """Return a hash of a file's bytes; empty if it cannot be read, which the reader then explains."""
    state = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                state.update(block)
    except OSError:
        return b""
    return state.digest()
