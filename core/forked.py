"""What a forked process must not use of its parent's: locks, connections, and clients whose threads stayed behind."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class Held(Protocol):
    """Something that belongs to the process that opened it."""

    def before_fork(self) -> None:
        """Let go of what can be opened again; runs in the parent, whose other threads go on meanwhile."""
        ...

    def in_child(self) -> None:
        """Give up what was inherited, without touching what the parent holds."""
        ...


_held: WeakSet[Held] = WeakSet()
_changing = threading.Lock()
# SQLite asks that a connection is neither used nor closed in a fork of the process that opened it.
_kept: list[object] = []


def heed(held: Held) -> None:
    """Tell something of the forks to come for as long as it lives."""
    with _changing:
        _held.add(held)


def keep(inherited: object) -> None:
    """Keep something that was inherited from being closed by going out of use."""
    _kept.append(inherited)


def _before() -> None:
    _changing.acquire()
    for held in _held:
        held.before_fork()


def _in_parent() -> None:
    _changing.release()


def _in_child() -> None:
    global _changing
    _changing = threading.Lock()
    for held in _held:
        held.in_child()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
