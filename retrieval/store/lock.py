"""The lock of a collection: many readers or one writer, and the holder's name when it is taken."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import OperatorError

_numbers = itertools.count()
POLL = 0.05


class LockedError(OperatorError):
    """Another process, or another open collection in this one, holds the collection."""


class CollectionLock:
    """A shared lock on `folder` for as long as it is open, raised to exclusive while something is written.

    `flock` releases the lock with its process, so a killed holder never blocks the next one; the small files beside it
    only say who holds it.
    """

    def __init__(self, folder: Path, *, wait: float) -> None:
        self._folder = folder
        self._wait = wait
        self._card = folder / "holders" / f"{os.getpid()}-{next(_numbers)}.json"
        self._depth = 0
        self._inside = threading.RLock()
        self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take(fcntl.LOCK_SH)
        except LockedError:
            os.close(self._fd)
            raise

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the collection alone; threads of this process queue, other processes make it raise `LockedError`."""
        with self._inside:
            if self._depth == 0:
                self._take(fcntl.LOCK_EX)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._take(fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go."""
        self._card.unlink(missing_ok=True)
        os.close(self._fd)

    def _take(self, kind: int) -> None:
        until = time.monotonic() + self._wait
        while True:
            try:
                fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    # Converting a lock gives the old one up first; without it a failed writer would read unprotected.
                    self._keep_shared()
                    raise LockedError(self._refusal(kind)) from error
                time.sleep(POLL)
            else:
                return self._sign("writing" if kind == fcntl.LOCK_EX else "reading")

    def _keep_shared(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return

    def _sign(self, doing: str) -> None:
        self._card.parent.mkdir(exist_ok=True)
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
        card = {"pid": os.getpid(), "doing": doing, "command": command, "since": time.strftime("%Y-%m-%d %H:%M:%S")}
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
