"""The clock of a step, which makes its event."""

from __future__ import annotations

import time
from typing import cast

from .state import Event, State


class Watch:
    """Times a step and makes its event."""

    def __init__(self, event: str, state: State, *, ahead: bool = False) -> None:
        """Start; a step `ahead` of a search belongs to the hop that this search makes, others to the one made last."""
        self._event = event
        self._hop = max(0, state.get("searches", 0) - (not ahead))
        self._began = time.perf_counter()

    def event(self, **facts: object) -> Event:
        """Return the event with its milliseconds so far."""
        milliseconds = round(1000 * (time.perf_counter() - self._began), 3)
        event = {"event": self._event, "hop": self._hop, "ms": milliseconds, **facts}
        return cast(Event, event)
