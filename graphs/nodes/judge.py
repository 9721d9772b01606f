"""Judge: whether another hop would help."""

from __future__ import annotations

import time

from langgraph.runtime import Runtime

from ..context import Context
from ..state import Event, State
from ..stop import MAX_HOPS, AfterHops, Progress


def judge(state: State, runtime: Runtime[Context]) -> State:
    """Ask the stop rules about the run so far; the bound on hops holds whatever they say."""
    context = runtime.context
    progress = Progress(
        hops=state["hops"],
        new_passages=state["new_passages"],
        new_best=state["new_best"],
        queries=len(state["frontier"]),
        seconds=time.monotonic() - context.started,
        cancelled=context.cancelled.is_set(),
    )
    reason = (context.stop | AfterHops(MAX_HOPS)).reason(progress)
    return State(stopped=reason, events=[Event(event="judge", hop=state["hops"], reason=reason)] if reason else [])


def onward(state: State) -> str:
    """Return the node after `judge`."""
    return "finish" if state["stopped"] else "hop"
