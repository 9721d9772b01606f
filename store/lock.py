"""The lock of a collection: many readers or one writer, and the holder's name when it is taken."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import CallerError, OperatorError
from ..core.forked import register

_numbers = itertools.count()
POLL = 0.05


class LockedError(OperatorError):
    """Another process, or another open collection in this one, holds the collection."""


class CollectionLock:
    """A shared lock on `folder` for as long as it is open, raised to exclusive while something is written.

    `flock` releases the lock with its process, so a killed holder never blocks the next one; the small files beside it
    only say who holds it. A forked process would share its parent's lock, and keep it from being released; it gives the
    lock up, and has to open the collection anew.
    """

    def __init__(self, folder: Path, *, wait: float) -> None:
        self._folder = folder
        self._wait = wait
        self._card = folder / "holders" / f"{os.getpid()}-{next(_numbers)}.json"
        self._depth = 0
        self._inside = threading.RLock()
        self._open = True
        self._owner = os.getpid()
        self._fd = self._turn = -1
        register(self)
        self._fd, self._turn = _file(folder / "lock"), _file(folder / "turn")
        try:
            self._take(self._fd, fcntl.LOCK_SH)
            self._sign("reading")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the collection alone; threads of this process queue, other processes make it raise `LockedError`."""
        refuse_fork(self._folder, self._owner)
        with self._inside:
            if not self._open:
                raise CallerError(f"the collection in {str(self._folder)!r} is closed; open it again")
            if self._depth == 0:
                self._raise()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._lower()

    @contextmanager
    def when(self, reason: Callable[[], str]) -> Iterator[str]:
        """Hold the collection alone if there is a reason to and yield it, or "" once another has seen to it.

        For an opener, which has read nothing yet: it lets go of the shared lock while it waits, so that one of several
        openers with the same work to do can begin.
        """
        if not reason():
            yield ""
            return
        with self._inside:
            alone = self._depth == 0 and self._alone(reason)
            self._depth += alone
            try:
                yield reason()
            finally:
                self._depth -= alone
                if alone:
                    self._lower()

    def close(self) -> None:
        """Let go; closing twice does no harm."""
        if self._open:
            self._open = False
            with suppress(OSError):
                self._card.unlink(missing_ok=True)
            os.close(self._fd)
            os.close(self._turn)

    def before_fork(self) -> None:
        """Keep the lock: it is the parent's."""

    def in_child(self) -> None:
        """Give up the descriptors; closing them releases nothing as long as the parent has them, unlocking would."""
        self._inside = threading.RLock()
        if self._open:
            self._open = False
            for fd in (self._fd, self._turn):
                with suppress(OSError):
                    os.close(fd)

    def _raise(self) -> None:
        """Turn the shared lock into an exclusive one.

        Converting gives the shared lock up for a moment, in which another writer could slip in and leave this reader
        with an index that it read before; whoever tries holds `turn`, so there is no other.
        """
        until = time.monotonic() + self._wait
        self._take(self._turn, fcntl.LOCK_EX)
        try:
            self._take(self._fd, fcntl.LOCK_EX, until=until)
        except LockedError:
            self._lower()
            raise
        self._sign("writing")

    def _alone(self, reason: Callable[[], str]) -> bool:
        until = time.monotonic() + self._wait
        fcntl.flock(self._fd, fcntl.LOCK_UN)
        while reason():
            try:
                fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
                if time.monotonic() >= until:
                    raise LockedError(self._refusal(fcntl.LOCK_EX)) from error
                time.sleep(POLL)
            else:
                self._sign("writing")
                return True
        self._take(self._fd, fcntl.LOCK_SH)
        return False

    def _lower(self) -> None:
        if os.getpid() != self._owner:
            return
        fcntl.flock(self._fd, fcntl.LOCK_SH)
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        self._sign("reading")

    def _take(self, fd: int, kind: int, *, until: float | None = None) -> None:
        until = time.monotonic() + self._wait if until is None else until
        while True:
            try:
                return fcntl.flock(fd, kind | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise LockedError(self._refusal(kind)) from error
                time.sleep(POLL)

    def _sign(self, doing: str) -> None:
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
        card = {"pid": os.getpid(), "doing": doing, "command": command, "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        # The lock is the file lock; on a full disk the card may stay unwritten.
        with suppress(OSError):
            self._card.parent.mkdir(exist_ok=True)
            self._card.write_text(json.dumps(card), encoding="utf-8")

    def _refusal(self, kind: int) -> str:
        doing = "write to" if kind == fcntl.LOCK_EX else "read"
        holders = "; ".join(self._holders()) or "another process"
        return (
            f"cannot {doing} the collection in {str(self._folder)!r}: held by {holders}; wait for it, "
            "end it, or give this command another --home"
        )

    def _holders(self) -> list[str]:
        said = []
        for card in sorted(self._card.parent.glob("*.json")):
            if card == self._card:
                continue
            try:
                holder = json.loads(card.read_text(encoding="utf-8"))
                os.kill(int(holder["pid"]), 0)
            except ProcessLookupError:
                card.unlink(missing_ok=True)
            except (OSError, ValueError, KeyError):
                continue
            else:
                said.append("process {pid} ({command!r}, {doing} since {since})".format(**holder))
        return said


def refuse_fork(folder: Path, owner: int) -> None:
    """Raise unless this process is the one that opened the collection in a folder."""
    if os.getpid() != owner:
        raise CallerError(
            f"the collection in {str(folder)!r} was opened by process {owner}, of which this one is a fork; "
            "open it after the fork only, or start processes by spawning"
        )


def _file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OperatorError(
            f"cannot open the lock {str(path)!r} ({error}); check the folder's rights and the disk"
        ) from error
