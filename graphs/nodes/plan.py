"""Plan: which queries the run begins with."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ...core.check import check_k, question_text
from ...retrieval.hop.role import opening
from ..context import Context, Watch
from ..state import State
from .condense import beginning

#: What is found for a turn as it was said is worth this share of what is found for the question made of it.
AS_SAID = 0.5


def plan(state: State, runtime: Runtime[Context]) -> State:
    """Check the request and begin with the question itself, which stays one of the queries whatever else is planned.

    In a conversation the last turn, as it was said, is another.
    """
    if beginning(state) == "plan":
        runtime.context.begin()
    watch = Watch("plan", state)
    question = question_text(state.get("question"))
    first = runtime.context.updaters[runtime.context.first]
    queries = [opening(question, first)]
    if (turn := state.get("turn", question)) != question:
        queries.append(opening(turn, first, AS_SAID))
    return State(
        question=question,
        k=check_k(state.get("k", 5)),
        where=state.get("where", ""),
        understood=None,
        frontier=queries,
        ranked=[],
        expanded=[],
        hops=0,
        augmented=None if runtime.context.augment else False,
        stopped="",
        spent=[],
        events=[watch.event(queries=len(queries))],
    )
