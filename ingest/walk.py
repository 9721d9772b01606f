"""Find the files to read below the given paths."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import CallerError
from .readers import READERS, unsupported
from .skipped import Skipped, one_line


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a reader exists for; `path` is absolute, size in bytes."""

    path: Path
    size: int
    mtime_ns: int


def walk(paths: Iterable[str | Path], *, home: str | Path | None = None) -> list[Found | Skipped]:
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
    files: dict[str, Found] = field(default_factory=dict)
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
        elif suffix not in READERS:
            self.skip(path, unsupported(suffix))
        else:
            real = os.path.realpath(path)
            known = self.files.get(real)
            if known is None or (path != real, path) < (str(known.path) != real, str(known.path)):
                self.files[real] = Found(Path(path), status.st_size, status.st_mtime_ns)

    def skip(self, path: str, reason: str) -> None:
        self.skipped[path] = Skipped(_shown(path), reason)

    def results(self) -> list[Found | Skipped]:
        found: list[Found | Skipped] = [*self.files.values(), *self.skipped.values()]
        return sorted(found, key=lambda item: str(item.path))


def _shown(path: str) -> str:
    """Return the path in a form that can be printed and stored."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else one_line(error)
