"""A clock for tests, which stands still unless it is told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest


class Clock:
    """Stands in for `time` in modules that read a clock; what they would wait for is no matter of the machine.

    It goes on by `forward`, and by what `tick` returns whenever somebody looks at it, both in seconds.
    """

    def __init__(
        self, patch: pytest.MonkeyPatch, *modules: ModuleType, tick: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.now = 0.0
        self._tick = tick
        for module in modules:
            patch.setattr(module, "time", self)

    def monotonic(self) -> float:
        """Return the seconds since the clock was made."""
        self.now += self._tick()
        return self.now

    perf_counter = monotonic

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
