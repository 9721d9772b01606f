"""Augment: a reformulation beside the question, where one is wanted."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ..context import Context, Watch
from ..state import State


def augment(state: State, runtime: Runtime[Context]) -> State:
    """Add the queries that the chosen augmenter makes of the question; without one, nothing."""
    name = runtime.context.augment
    if not name:
        return State()
    watch = Watch("augment", state)
    queries = runtime.context.updaters[name].propose([], runtime.context.working(state))
    return State(frontier=[*state["frontier"], *queries], events=[watch.event(queries=len(queries))])
