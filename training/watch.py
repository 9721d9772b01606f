"""Whoever wants to know how far a training is."""

from __future__ import annotations

import sys
from typing import Protocol


class Watcher(Protocol):
    """Hears what is going on."""

    def say(self, message: str) -> None:
        """Hear of an event worth a line."""
        ...

    def step(self, what: str, done: int, total: int) -> None:
        """Hear how far a long work is."""
        ...


class Lines:
    """Writes lines to standard error, one for each tenth of a long work."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def say(self, message: str) -> None:
        """Write a line."""
        print(message, file=sys.stderr, flush=True)

    def step(self, what: str, done: int, total: int) -> None:
        """Write a line when another tenth is done."""
        tenth = 10 * done // max(1, total)
        if tenth > self._told.get(what, 0):
            self.say(f"{what}: {10 * tenth} %")
        self._told[what] = tenth


class Silence:
    """Hears nothing."""

    def say(self, message: str) -> None:
        """Do nothing."""

    def step(self, what: str, done: int, total: int) -> None:
        """Do nothing."""
