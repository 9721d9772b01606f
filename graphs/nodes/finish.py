"""Finish: the end of a run."""

from __future__ import annotations

import time

from ...retrieval.run import Run
from ..state import Event, State


def finish(state: State, run: Run) -> State:
    """Say how the run ended."""
    seconds = time.monotonic() - run.started
    event = Event(event="finish", hop=state["searches"] - 1, ms=round(1000 * seconds, 3), reason=state["stopped"])
    run.emit(event)
    return State(frontier=[], events=[event])
