"""Judge: whether another hop would help."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from langgraph.runtime import Runtime

from ...retrieval.hop.role import Query
from ..context import Context
from ..state import Event, State
from ..stop import MAX_HOPS, AfterHops, Progress


def judge(state: State, runtime: Runtime[Context]) -> State:
    """Ask the stop rules about the run so far."""
    reason = verdict(state, runtime.context)
    return State(stopped=reason, events=ended(state, reason))


def verdict(state: State, context: Context, proposed: Sequence[Query] | None = None) -> str:
    """Return the rule that ends the run, or nothing; the bound on hops holds whatever the rules say.

    `proposed` are the queries that would come next, where they are known.
    """
    ranked, k = state["ranked"], state["k"]
    progress = Progress(
        hops=state["hops"],
        new_passages=state["new_passages"],
        new_best=state["new_best"],
        queries=len(state["frontier"] if proposed is None else proposed),
        seconds=time.monotonic() - context.started,
        cancelled=context.cancelled.is_set(),
        worth=math.inf if proposed is None else worth(proposed),
        kth=ranked[k - 1]["score"] if len(ranked) >= k else 0.0,
        sufficiency=state.get("sufficiency"),
    )
    return (context.stop | AfterHops(MAX_HOPS)).reason(progress)


def worth(queries: Sequence[Query]) -> float:
    """Return the most that one of the queries can be worth to what it finds.

    A query without a strength, whose worth shows only when it is made, counts as infinite.
    """
    return max(
        (query["score"] * query["strength"] if "strength" in query else math.inf for query in queries), default=0.0
    )


def ended(state: State, reason: str) -> list[Event]:
    """Return the event that a run ends here, if it does."""
    return [Event(event="judge", hop=state["hops"], reason=reason)] if reason else []


def onward(state: State) -> str:
    """Return the node after `judge`."""
    return "rerank" if state["stopped"] else "hop"


def asking(state: State) -> str:
    """Return the node after `hop`."""
    return "rerank" if state["stopped"] else "search"
