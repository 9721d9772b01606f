"""What was read from the record lately, kept until something is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by id, of one generation of the record; safe to share between threads.

    There are two shelves: what is used moves to the newer one, and when that holds half of `capacity` the older one is
    dropped. Read the generation before the values: they may be newer than it says, never older.
    """

    def __init__(self, capacity: int) -> None:
        self._half = max(1, capacity // 2)
        self._shelves: tuple[int, dict[str, Value], dict[str, Value]] = (-1, {}, {})
        self._inside = threading.Lock()

    def read(
        self, ids: Sequence[str], generation: int, fetch: Callable[[Sequence[str]], Mapping[str, Value]]
    ) -> dict[str, Value]:
        """Return the values that are there, fetching those that are not at hand all in one go."""
        shelves = self._of(generation)
        _, newer, older = shelves
        found: dict[str, Value] = {}
        missing: list[str] = []
        for name in ids:
            value = newer.get(name)
            if value is None and (value := older.get(name)) is not None:
                newer[name] = value
            if value is None:
                missing.append(name)
            else:
                found[name] = value
        if missing:
            new = fetch(missing)
            newer.update(new)
            found.update(new)
        if len(newer) >= self._half:
            with self._inside:
                if self._shelves is shelves:
                    self._shelves = (generation, {}, newer)
        return found

    def _of(self, generation: int) -> tuple[int, dict[str, Value], dict[str, Value]]:
        shelves = self._shelves
        if shelves[0] != generation:
            with self._inside:
                shelves = self._shelves = (generation, {}, {})
        return shelves
