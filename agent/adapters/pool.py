"""Things that are slow to open, kept open between uses and shared by threads."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ...core.errors import CallerError


class Closable(Protocol):
    """Something that is closed when it is no longer needed."""

    def close(self) -> None:
        """Let go of what it holds."""
        ...


Opened = TypeVar("Opened", bound=Closable)
Key = TypeVar("Key")


@dataclass(slots=True, eq=False)
class _Entry(Generic[Opened]):
    """One thing, how many use it now, and whether it was given up."""

    value: Opened | None = None
    users: int = 0
    given_up: bool = False
    inside: threading.Lock = field(default_factory=threading.Lock)

    def get(self, opening: Callable[[], Opened]) -> Opened:
        with self.inside:
            if self.given_up:
                raise CallerError("this was closed while it was being opened; ask again")
            if self.value is None:
                self.value = opening()
            return self.value

    def close(self) -> None:
        with self.inside:
            self.given_up = True
            if self.value is not None:
                self.value.close()


class ResourcePool(Generic[Key, Opened]):
    """Opens each thing once by its key; all who use it meanwhile share it, and it stays open for the next.

    Args:
        opening: opens the thing of a key; several keys may be opened at the same time.
        capacity: things to keep open. Beyond that those that nobody uses are closed, the least recently used first.
    """

    def __init__(self, opening: Callable[[Key], Opened], *, capacity: int = 8) -> None:
        self._opening = opening
        self._capacity = capacity
        self._entries: OrderedDict[Key, _Entry[Opened]] = OrderedDict()
        self._changing = threading.Lock()

    @contextmanager
    def use(self, key: Key) -> Iterator[Opened]:
        """Lend the thing of a key, opened if it is not yet."""
        entry = self._take(key)
        try:
            yield entry.get(lambda: self._opening(key))
        finally:
            _close(self._leave(key, entry))

    @asynccontextmanager
    async def ause(self, key: Key) -> AsyncIterator[Opened]:
        """Do what `use` does; opening and closing happen in a thread."""
        entry = self._take(key)
        try:
            yield await asyncio.to_thread(entry.get, lambda: self._opening(key))
        finally:
            if unneeded := self._leave(key, entry):
                await asyncio.to_thread(_close, unneeded)

    def close(self) -> None:
        """Close everything; what is in use is closed by whoever uses it last. Later uses open anew."""
        with self._changing:
            idle = [entry for entry in self._entries.values() if not entry.users]
            self._entries.clear()
        _close(idle)

    def _take(self, key: Key) -> _Entry[Opened]:
        with self._changing:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            entry.users += 1
            return entry

    def _leave(self, key: Key, entry: _Entry[Opened]) -> Sequence[_Entry[Opened]]:
        """Return what is to be closed now that one use of an entry has ended."""
        with self._changing:
            entry.users -= 1
            if not entry.users and (entry.value is None or self._entries.get(key) is not entry):
                if self._entries.get(key) is entry:
                    del self._entries[key]
                return [entry]
            idle = [name for name, one in self._entries.items() if not one.users]
            surplus = max(0, len(self._entries) - self._capacity)
            return [self._entries.pop(name) for name in idle[:surplus]]


def _close(entries: Sequence[_Entry[Opened]]) -> None:
    for entry in entries:
        entry.close()
