"""Plan: which queries the run begins with."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ...retrieval.hop.role import Query
from ...retrieval.query.check import check_k, question_text
from ..context import Context, Watch
from ..state import State


def plan(state: State, runtime: Runtime[Context]) -> State:
    """Check the request and begin with the question itself, which stays one of the queries whatever else is planned."""
    watch = Watch("plan", state)
    question = question_text(state.get("question"))
    first = Query(text=question, updater="search", checkpoint="", path=[], score=1.0)
    return State(
        question=question,
        k=check_k(state.get("k", 5)),
        where=state.get("where", ""),
        frontier=[first],
        ranked=[],
        expanded=[],
        hops=0,
        stopped="",
        spent=[],
        events=[watch.event(queries=1)],
    )
