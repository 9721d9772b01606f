"""Watching folders: what changes in them is indexed soon after, and nothing is lost where that has to wait."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import Change
from watchfiles import watch as changes_in

from ..core.errors import CallerError, OperatorError
from ..store.lock import LockedError
from .index import IndexReport
from .walk import IGNORE_FILES

#: device and number of a file
_Mark = tuple[int, int]
#: brings a collection up to date with paths, or of what lies below them with some absolute paths alone
Pass = Callable[[Sequence[str], Sequence[str] | None], IndexReport]
#: milliseconds without a change after which a batch is complete, and those after which it is in any case
QUIET, LONGEST = 300, 3_000
#: milliseconds after which it is looked whether something is due
TICK = 1_000
#: seconds from one look at everything to the next where the system tells of some folders only
EACH_MINUTE = 60.0


@dataclass(slots=True)
class FolderWatch:
    """Indexes what changes below some paths until it is stopped.

    It begins with a look at everything, and makes another one whenever the system may have kept silent: where a named
    folder is another one than before, as after a rename or on another disk, and every some minutes. A named path that
    is gone is left alone until it is back, and so is an empty folder in the place of another, which is what a disk
    leaves behind that was taken away.

    Args:
        paths: absolute; files and folders.
        index: is called with those of the paths that are there, and what changed or None for everything. Where it
            raises `LockedError` the same is tried again with what has come meanwhile.
        told: hears the report of each pass, and whether it was a look at everything.
        waiting: hears why a pass has to wait, once until one gets through; of each path that is gone; and of folders
            that cannot be watched.
        home: a folder whose changes are none.
        every: seconds from one look at everything to the next, which makes good what the system did not tell.
        hidden: whether hidden files count.
    """

    paths: Sequence[str]
    index: Pass
    told: Callable[[IndexReport, bool], None]
    waiting: Callable[[str], None]
    home: str = ""
    every: float = 600.0
    hidden: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    _pending: set[str] = field(default_factory=set)
    _all: bool = False
    _waits: bool = False
    _known: dict[str, _Mark] = field(default_factory=dict)
    _missed: frozenset[str] = frozenset()
    _partly: bool = False

    def run(self) -> None:
        """Watch until `stop` is set; Ctrl-C raises `KeyboardInterrupt` after the batch that is written.

        Raises:
            OperatorError: where the system cannot tell of changes, or a pass fails.
            CallerError: where a pass raises it, as once the collection is deleted.
        """
        while not self.stop.is_set():
            self._all = True  # of what changed before it was asked the system tells nothing
            self._watch_once()

    def _watch_once(self) -> None:
        """Watch until everything is to be looked at again; the system is then asked anew, as folders may be others."""
        there = self._there()
        if not there:
            self.stop.wait(TICK / 1000)
            return
        due = time.monotonic() + (min(self.every, EACH_MINUTE) if self._partly else self.every)
        for changes in self._changes(there):
            self._note(path for _, path in changes)
            if self._there() != there:
                return
            if self._pending or self._all:
                self._pass(list(there))
            if time.monotonic() >= due:
                return

    def _there(self) -> dict[str, _Mark]:
        """Return which paths are there and what tells each from another of its name, and say what is missed."""
        there = {path: mark for path in self.paths if (mark := _mark(path)) and self._trusts(path, mark)}
        missed = frozenset(self.paths) - there.keys()
        for path in sorted(missed - self._missed):
            self.waiting(f"{path!r} is gone or empty now; its documents stay, and it is indexed again once it is back")
        self._missed = missed
        self._known.update(there)
        return there

    def _trusts(self, path: str, mark: _Mark) -> bool:
        return self._known.get(path, mark) == mark or not _is_empty(path)

    def _changes(self, there: Iterable[str]) -> Iterator[set[tuple[Change, str]]]:
        """Yield changes, or nothing after each tick; end where a path is gone meanwhile."""
        try:
            yield from changes_in(
                *there,
                watch_filter=None,
                debounce=LONGEST,
                step=QUIET,
                stop_event=self.stop,
                rust_timeout=TICK,
                yield_on_timeout=True,
                raise_interrupt=True,
                ignore_permission_denied=self._partly,
            )
        except FileNotFoundError:
            self.stop.wait(TICK / 1000)
        except PermissionError as error:
            # Asked to pass over such a folder, watchfiles passes over all that come after it, too.
            self._partly = True
            self.waiting(f"not all folders can be watched ({error}); everything is looked at each minute instead")
        except (OSError, RuntimeError) as error:  # watchfiles has an error of its own of the latter kind
            raise OperatorError(
                f"the system does not tell of changes ({error}); raise its limits with `sysctl "
                "fs.inotify.max_user_watches=1000000 fs.inotify.max_user_instances=1000`, or set "
                "WATCHFILES_FORCE_POLLING=1, which looks at all files again and again"
            ) from error

    def _note(self, paths: Iterable[str]) -> None:
        own = _outputs()
        for path in paths:
            if own and _mark(path) in own:  # a report of the change of the report, and so on
                continue
            if self.home and Path(os.path.realpath(path)).is_relative_to(self.home):
                continue
            if os.path.basename(path) in IGNORE_FILES:
                self._all = True
            elif self.hidden or not self._is_hidden(path):
                self._pending.add(path)

    def _is_hidden(self, path: str) -> bool:
        """Say whether a path has a hidden part below the named path that it is in."""
        roots = [root for root in self.paths if Path(path).is_relative_to(root)]
        inside = Path(path).relative_to(max(roots, key=len)).parts if roots else (os.path.basename(path),)
        return any(part.startswith(".") for part in inside)

    def _pass(self, there: Sequence[str]) -> None:
        try:
            report = self.index(there, None if self._all else sorted(self._pending))
        except (LockedError, CallerError) as error:
            if isinstance(error, CallerError) and all(map(os.path.lexists, there)):
                raise
            if not self._waits:
                self.waiting(f"waiting, nothing is lost: {error}")
            self._waits = True
            return
        everything = self._all
        self._pending.clear()
        self._all = self._waits = False
        self.told(report, everything)


def _mark(path: str) -> _Mark | None:
    """Return what tells a file or folder from another one in its place, None for none; a link is what it leads to."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _outputs() -> set[_Mark | None]:
    """Return the files that standard output and standard error go to."""
    found: set[_Mark | None] = set()
    for number in (1, 2):
        with suppress(OSError):
            status = os.fstat(number)
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return found


def _is_empty(path: str) -> bool:
    try:
        return not os.listdir(path)
    except NotADirectoryError:
        return False
    except OSError:
        return True
