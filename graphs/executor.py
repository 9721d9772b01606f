"""A run of the retrieve graph step by step, without LangGraph, whose machinery costs some milliseconds a question.

A run that is to be streamed, kept in checkpoints, or to end in an answer goes through the graph.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, cast, get_type_hints

from langgraph.graph import END, START
from langgraph.runtime import Runtime

from .context import Context
from .retrieve import NODES, ONWARD, STEPS
from .state import Request, State
from .sync import run_sync

Reducer = Callable[[Any, Any], Any]

#: how a new value of a key joins the old one, as the state says; of other keys the new value counts
REDUCERS: dict[str, Reducer] = {
    key: hint.__metadata__[0]
    for key, hint in get_type_hints(State, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}


def walk(request: Request, context: Context) -> State:
    """Take a question through the steps of the retrieve graph and return the last state."""
    state, runtime, step = cast(State, dict(request)), Runtime(context=context), START
    for _ in range(STEPS):
        if step == END:
            break
        if step != START:
            changes = NODES[step](state, runtime)
            if inspect.iscoroutine(changes):
                changes = awaited(changes, alone=context.llm is None)
            state = joined(state, changes)
        onward = ONWARD[step]
        step = onward if isinstance(onward, str) else onward(state)
    return state


def awaited(work: Any, *, alone: bool) -> Any:
    """Return what an async node returns; `alone`, without a language model, it waits for nothing and needs no loop."""
    if not alone:
        return run_sync(work)
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    finally:
        work.close()
    raise RuntimeError(f"{work!r} waits for something although there is no language model")


def joined(state: State, changes: State) -> State:
    """Return the state after a step, as the graph joins them."""
    merged: dict[str, Any] = dict(state)
    for key, value in changes.items():
        merged[key] = REDUCERS[key](merged.get(key, []), value) if key in REDUCERS else value
    return cast(State, merged)
