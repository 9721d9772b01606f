"""Plan: which queries the run begins with."""

from __future__ import annotations

from ...retrieval.query.role import first_query
from ...retrieval.run import Run
from ..state import State
from ..watch import Watch

#: What is found for a turn as it was said is worth this share of what is found for the question made of it.
AS_SAID = 0.5


def plan(state: State, run: Run) -> State:
    """Begin with the question itself, which stays one of the queries whatever else is planned.

    In a conversation the last turn, as it was said, is another.
    """
    if not state.get("history"):
        run.begin()
    watch = Watch("plan", state)
    question = state["question"]
    first = run.config.first
    queries = [first_query(question, first)]
    if (turn := state.get("turn", question)) != question:
        queries.append(first_query(turn, first, AS_SAID))
    return State(
        task=state.get("task", "retrieve"),
        where=state.get("where", ""),
        understood=None,
        frontier=queries,
        ranked=[],
        expanded=[],
        searches=0,
        llm=run.llm is not None,
        augmented=None if run.config.augment else False,
        stopped="",
        spent=[],
        events=[watch.event(queries=len(queries))],
    )
