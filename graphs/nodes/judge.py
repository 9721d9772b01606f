"""Judge: whether another hop would help."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from ...retrieval.candidate import Query
from ...retrieval.run import Run
from ...retrieval.stop import MOST_HOPS, MaxHops, Progress
from ..state import Event, State


def judge(state: State, run: Run) -> State:
    """Ask the stop rules about the run so far."""
    reason = verdict(state, run)
    return State(stopped=reason, events=ended(state, reason))


def verdict(state: State, run: Run, proposed: Sequence[Query] | None = None) -> str:
    """Return the rule that ends the run, or nothing; the bound on hops holds whatever the rules say.

    `proposed` are the queries that would come next, where they are known.
    """
    ranked, k = state["ranked"], state["k"]
    progress = Progress(
        hops=state["searches"] - 1,
        new_passages=state["new_passages"],
        new_best=state["new_best"],
        queries=len(state["frontier"] if proposed is None else proposed),
        seconds=time.monotonic() - run.started,
        cancelled=run.cancelled.is_set(),
        best_query=math.inf if proposed is None else best_query(proposed),
        kth=ranked[k - 1]["score"] if len(ranked) >= k else 0.0,
        sufficiency=state.get("sufficiency"),
    )
    return (run.config.stopping() | MaxHops(MOST_HOPS)).reason(progress)


def best_query(queries: Sequence[Query]) -> float:
    """Return the best score that one of the queries can give to what it finds.

    A query without a strength, whose score shows only when it is made, counts as infinite.
    """
    return max(
        (query["score"] * query["strength"] if "strength" in query else math.inf for query in queries), default=0.0
    )


def ended(state: State, reason: str) -> list[Event]:
    """Return the event that a run ends here, if it does."""
    return [Event(event="judge", hop=state["searches"] - 1, reason=reason)] if reason else []
