"""A watcher that hears nothing."""

from __future__ import annotations


class Silence:
    """Hears nothing."""

    def say(self, message: str) -> None:
        """Do nothing."""

    def step(self, what: str, done: int, total: int) -> None:
        """Do nothing."""
