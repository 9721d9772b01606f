"""Watching folders: what changes in them is indexed soon after, and nothing is lost where that has to wait."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import watch as changes_in

from ..core.errors import CallerError
from ..store.lock import LockedError
from .index import IndexReport
from .walk import IGNORE_FILES

#: brings a collection up to date with some absolute paths, or with everything for None
Pass = Callable[[Sequence[str] | None], IndexReport]
#: milliseconds without a change after which a batch is complete, and those after which it is in any case
QUIET, LONGEST = 300, 3_000
#: milliseconds after which it is looked whether something is due
TICK = 1_000


@dataclass(slots=True)
class FolderWatch:
    """Indexes what changes below some paths until it is stopped.

    Args:
        paths: absolute; files and folders that are there.
        index: is called with what changed. Where it raises `LockedError` the same is tried again with what has come
            meanwhile; where a named path is gone for the moment, too.
        told: hears the report of each pass.
        waiting: hears why a pass has to wait, once until one gets through.
        home: a folder whose changes are none.
        every: seconds from one look at everything to the next, which makes good what the system did not tell.
        hidden: whether hidden files count.
    """

    paths: Sequence[str]
    index: Pass
    told: Callable[[IndexReport], None]
    waiting: Callable[[str], None]
    home: str = ""
    every: float = 600.0
    hidden: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    _pending: set[str] = field(default_factory=set)
    _all: bool = False
    _waits: bool = False

    def run(self) -> None:
        """Watch until `stop` is set; Ctrl-C raises `KeyboardInterrupt` after the batch that is written."""
        while not self.stop.is_set():
            self._watch_once()
            self._all = True

    def _watch_once(self) -> None:
        """Watch until everything is to be looked at again; the system is then asked anew, as folders may be others."""
        there = [path for path in self.paths if os.path.lexists(path)]
        if not there:
            self.stop.wait(TICK / 1000)
            return
        due = time.monotonic() + self.every
        for changes in changes_in(
            *there,
            watch_filter=None,
            debounce=LONGEST,
            step=QUIET,
            stop_event=self.stop,
            rust_timeout=TICK,
            yield_on_timeout=True,
            raise_interrupt=True,
        ):
            self._note(path for _, path in changes)
            if self._pending or self._all:
                self._pass()
            if time.monotonic() >= due:
                return

    def _note(self, paths: Iterable[str]) -> None:
        for path in paths:
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

    def _pass(self) -> None:
        try:
            report = self.index(None if self._all else sorted(self._pending))
        except (LockedError, CallerError) as error:
            if isinstance(error, CallerError) and all(map(os.path.lexists, self.paths)):
                raise
            if not self._waits:
                self.waiting(str(error))
            self._waits = True
            return
        self._pending.clear()
        self._all = self._waits = False
        self.told(report)
