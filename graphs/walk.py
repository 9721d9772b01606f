"""A run of the retrieve graph step by step, without LangGraph, whose machinery costs some milliseconds a question.

It is for batches. A run that is to be streamed, traced or kept in checkpoints goes through the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_type_hints

from langgraph.graph import END
from langgraph.runtime import Runtime

from .context import Context
from .retrieve import NODES, ONWARD, STEPS
from .state import Request, State

Reducer = Callable[[Any, Any], Any]

#: how a new value of a key joins the old one, as the state says; of other keys the new value counts
REDUCERS: dict[str, Reducer] = {
    key: hint.__metadata__[0]
    for key, hint in get_type_hints(State, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}


class Walk:
    """One run from its request to `finish`; it may be left in the middle of a step by an exception, and gone on with.

    A step that raised has changed nothing and is done again by the next `go`.
    """

    def __init__(self, request: Request, context: Context) -> None:
        self._state = cast(State, dict(request))
        self._runtime = Runtime(context=context)
        self._next = "plan"

    def go(self) -> State:
        """Go on to the end and return the last state."""
        for _ in range(STEPS):
            if self._next == END:
                break
            self._state = joined(self._state, NODES[self._next](self._state, self._runtime))
            onward = ONWARD[self._next]
            self._next = onward if isinstance(onward, str) else onward(self._state)
        return self._state


def joined(state: State, changes: State) -> State:
    """Return the state after a step, as the graph joins them."""
    merged: dict[str, Any] = dict(state)
    for key, value in changes.items():
        merged[key] = REDUCERS[key](merged.get(key, []), value) if key in REDUCERS else value
    return cast(State, merged)
