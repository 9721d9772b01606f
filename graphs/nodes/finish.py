"""Finish: the end of a run."""

from __future__ import annotations

import time

from langgraph.runtime import Runtime

from ..context import Context
from ..state import Event, State


def finish(state: State, runtime: Runtime[Context]) -> State:
    """Say how the run ended."""
    seconds = time.monotonic() - runtime.context.started
    event = Event(event="finish", hop=state["hops"], ms=round(1000 * seconds, 3), reason=state["stopped"])
    runtime.stream_writer(event)
    return State(frontier=[], events=[event])
