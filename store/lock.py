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
#: seconds that a search waits for a writer where locks are on lease, and a writer from the second batch on for searches
PATIENCE = 30.0
#: seconds between two tries of a writer in which others may read
AJAR = 0.2


class LockedError(OperatorError):
    """Another process, or another open collection in this one, holds the collection."""


class CollectionLock:
    """A shared lock on `folder` for as long as it is open, raised to exclusive while something is written.

    `flock` releases the lock with its process, so a killed holder never blocks the next one; the small files beside it
    only say who holds it. A forked process would share its parent's lock, and keep it from being released; it gives the
    lock up, and has to open the collection anew.

    With `lease` the shared lock is held only inside `shared`, once `rest` was called: others may write between two
    searches, and a writer waits at the `door` until the searches under way are done, while no other begins.
    """

    def __init__(self, folder: Path, *, wait: float, lease: bool = False) -> None:
        self._folder = folder
        self._wait = wait
        self._card = folder / "holders" / f"{os.getpid()}-{next(_numbers)}.json"
        self._depth = 0
        self._inside = threading.RLock()
        self._open = True
        self._owner = os.getpid()
        self.lease = lease
        self._resting = False
        self._gate = threading.Condition()
        self._sharing = 0  # searches under way
        self._entering = self._raising = self._is_alone = False
        self._turns = 0
        self._was_alone = False  # since this process has the turn
        self._fd = self._turn = self._door = -1
        register(self)
        self._fd, self._turn, self._door = (_file(folder / name) for name in ("lock", "turn", "door"))
        try:
            self._pass_door() if lease else self._take(self._fd, fcntl.LOCK_SH)
            self._sign("reading")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the only writer; threads of this process queue, other processes make it raise `LockedError`."""
        refuse_fork(self._folder, self._owner)
        with self._inside:
            self._check()
            if self._turns == 0:
                self._take(self._turn, fcntl.LOCK_EX)
                self._was_alone = False
                self._sign("writing")
            self._turns += 1
            try:
                yield
            finally:
                self._turns -= 1
                if self._turns == 0 and os.getpid() == self._owner:
                    self._sign_off()
                    fcntl.flock(self._turn, fcntl.LOCK_UN)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the collection alone; threads of this process queue, other processes make it raise `LockedError`."""
        with self.turn():
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
    def shared(self, fresh: Callable[[], None]) -> Iterator[None]:
        """Keep other processes from writing; `fresh` sees to what they have written since.

        Whoever holds the shared lock all the time has nothing to do for it.
        """
        if not self._resting:
            yield
            return
        self._enter(fresh)
        try:
            yield
        finally:
            with self._gate:
                self._sharing -= 1
                self._release()

    def rest(self) -> None:
        """Let go of the shared lock until it is needed, if it is on lease."""
        if self.lease:
            self._resting = True
            with self._gate:
                self._release()
            with suppress(OSError):
                self._card.unlink(missing_ok=True)

    @contextmanager
    def when(self, reason: Callable[[], str]) -> Iterator[str]:
        """Hold the collection alone if there is a reason to and yield it, or "" once another has seen to it.

        For an opener, which has read nothing yet: it lets go of the shared lock while it waits, so that one of several
        openers with the same work to do can begin.
        """
        if not reason():
            yield ""
            return
        # Not for ever: the one inside may wait until this one, who is about to search, is done.
        if not self._inside.acquire(timeout=self._patience):
            raise LockedError(self._refusal(fcntl.LOCK_EX))
        try:
            with self._alone_for(reason):
                yield reason()
        finally:
            self._inside.release()

    @contextmanager
    def _alone_for(self, reason: Callable[[], str]) -> Iterator[None]:
        alone = self._depth == 0 and self._alone(reason)
        self._depth += alone
        self._turns += alone
        try:
            yield
        finally:
            self._depth -= alone
            self._turns -= alone
            if alone:
                self._lower()
                if os.getpid() == self._owner and not self._turns:
                    fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go; closing twice does no harm."""
        if self._open:
            self._open = False
            with suppress(OSError):
                self._card.unlink(missing_ok=True)
            for fd in (self._fd, self._turn, self._door):
                if fd >= 0:
                    os.close(fd)

    def before_fork(self) -> None:
        """Keep the lock: it is the parent's."""

    def in_child(self) -> None:
        """Give up the descriptors; closing them releases nothing as long as the parent has them, unlocking would."""
        self._inside, self._gate = threading.RLock(), threading.Condition()
        if self._open:
            self._open = False
            for fd in (self._fd, self._turn, self._door):
                with suppress(OSError):
                    os.close(fd)

    def _check(self) -> None:
        """Raise if the collection is closed, or its files are no longer those that are locked here."""
        if not self._open:
            raise CallerError(f"the collection in {str(self._folder)!r} is closed; open it again")
        if not os.fstat(self._fd).st_nlink:
            raise CallerError(f"the collection in {str(self._folder)!r} was deleted meanwhile; open it again")

    def _enter(self, fresh: Callable[[], None]) -> None:
        """Take the shared lock, unless a thread of this process has it or is alone."""
        refuse_fork(self._folder, self._owner)
        self._check()
        with self._gate:
            while (self._raising or self._entering) and not self._sharing:
                self._gate.wait(POLL)
            if self._is_alone or self._sharing:
                self._sharing += 1
                return
            self._entering = True
        entered = False
        try:
            self._pass_door()
            fresh()
            entered = True
        finally:
            with self._gate:
                self._entering = False
                self._sharing += entered
                self._release()
                self._gate.notify_all()

    def _pass_door(self) -> None:
        """Take the shared lock, behind a writer who waits for those who have it."""
        until = time.monotonic() + self._patience
        self._take(self._door, fcntl.LOCK_SH, until=until)
        try:
            self._take(self._fd, fcntl.LOCK_SH, until=until)
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)

    def _release(self) -> None:
        """Give up the shared lock if it is on lease and nobody of this process needs it."""
        needed = self._sharing or self._entering or self._raising or self._is_alone
        if self._resting and not needed and self._open and os.getpid() == self._owner:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    @property
    def _patience(self) -> float:
        """Return the seconds to wait for others, who take the lock for a moment only where locks are on lease."""
        return max(self._wait, PATIENCE) if self.lease else self._wait

    def _raise(self) -> None:
        """Turn the shared lock into an exclusive one.

        Converting gives the shared lock up for a moment, in which another writer could slip in and leave this reader
        with an index that it read before; whoever tries has its `turn`, so there is no other.
        """
        end = time.monotonic() + (self._patience if self._was_alone else self._wait)
        while True:
            self._begin_raising()
            until = min(end, time.monotonic() + self._wait)
            try:
                self._take(self._door, fcntl.LOCK_EX, until=until)
                self._take(self._fd, fcntl.LOCK_EX, until=until)
            except LockedError:
                self._lower()
                if time.monotonic() >= end:
                    raise
                time.sleep(AJAR)  # one who reads for long must not keep those at the door from reading too
            except BaseException:
                self._lower()
                raise
            else:
                break
        self._end_raising(alone=True)
        self._was_alone = True

    def _alone(self, reason: Callable[[], str]) -> bool:
        until = time.monotonic() + self._wait
        fcntl.flock(self._fd, fcntl.LOCK_UN)
        while reason():
            try:
                fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if not self._turns:
                    fcntl.flock(self._turn, fcntl.LOCK_UN)
                if time.monotonic() >= until:
                    raise LockedError(self._refusal(fcntl.LOCK_EX)) from error
                time.sleep(POLL)
            else:
                self._end_raising(alone=True)
                self._sign("writing")
                return True
        self._take(self._fd, fcntl.LOCK_SH)
        return False

    def _begin_raising(self) -> None:
        with self._gate:
            while self._entering:
                self._gate.wait(POLL)
            self._raising = True

    def _end_raising(self, *, alone: bool) -> None:
        with self._gate:
            self._raising, self._is_alone = False, alone
            self._gate.notify_all()

    def _lower(self) -> None:
        if os.getpid() != self._owner:
            return
        fcntl.flock(self._fd, fcntl.LOCK_SH)
        fcntl.flock(self._door, fcntl.LOCK_UN)
        self._end_raising(alone=False)
        with self._gate:
            self._release()
        if not self._turns:
            self._sign_off()

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

    def _sign_off(self) -> None:
        if not self._resting:
            self._sign("reading")
            return
        with suppress(OSError):
            self._card.unlink(missing_ok=True)

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
                with suppress(PermissionError):  # a process of another user is one, too
                    os.kill(int(holder["pid"]), 0)
                said.append("process {pid} ({command!r}, {doing} since {since})".format(**holder))
            except ProcessLookupError:
                with suppress(OSError):
                    card.unlink(missing_ok=True)
            except (OSError, ValueError, KeyError, TypeError):
                continue
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
