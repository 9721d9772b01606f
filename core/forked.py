"""What a forked process must not use of its parent's: locks, connections, and clients whose threads stayed behind."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class ForkAware(Protocol):
    """Something that belongs to the process that opened it."""

    def before_fork(self) -> None:
        """Let go of what can be opened again; runs in the parent, whose other threads go on meanwhile."""

    def in_child(self) -> None:
        """Give up what was inherited, without touching what the parent holds."""


_registered: WeakSet[ForkAware] = WeakSet()
_changing = threading.Lock()
# SQLite asks that a connection is neither used nor closed in a fork of the process that opened it.
_never_closed: list[object] = []


def register(holder: ForkAware) -> None:
    """Tell an object of all forks for as long as it lives."""
    with _changing:
        _registered.add(holder)


def never_close(inherited: object) -> None:
    """Hold on to an inherited object, so that the garbage collector does not close it."""
    _never_closed.append(inherited)


def _before() -> None:
    _changing.acquire()
    for holder in _registered:
        holder.before_fork()


def _in_parent() -> None:
    _changing.release()


def _in_child() -> None:
    global _changing
    _changing = threading.Lock()
    for holder in _registered:
        holder.in_child()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
