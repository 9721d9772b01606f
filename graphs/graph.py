"""The LangGraph graphs, made of the tables that the loop goes through, for streams, checkpoints and other graphs.

They end in the same state as the loop (`loop.py`), step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import get_runtime
from structlog.contextvars import bound_contextvars

from ..retrieval.run import Run
from .loop import MOST_STEPS, ONWARD, STEPS, Onward, Step, run_sync, taken
from .state import Request, State


def question_graph(checkpointer: Any = None) -> Any:
    """Return the compiled graph of a question; invoke it with a `Request` and, as its context, a new `Run`."""

    def take(step: Step, state: State) -> Any:
        runtime: Any = get_runtime()
        run: Run = runtime.context
        run.emit = runtime.stream_writer
        if iscoroutinefunction(step):
            return _logged_later(step, state, run)
        with bound_contextvars(run=run.id):
            return taken(step, state, run)

    context: Any = Run  # LangGraph hands it on as it is, although its types ask for a dataclass
    graph = StateGraph(State, context_schema=context, input_schema=Request, output_schema=State)
    connect(graph, STEPS, ONWARD, take)
    return graph.compile(checkpointer=checkpointer, name="polyhop").with_config(recursion_limit=MOST_STEPS)


async def _logged_later(step: Step, state: State, run: Run) -> Any:
    with bound_contextvars(run=run.id):
        return await taken(step, state, run)


def connect(graph: Any, steps: Mapping[str, Step], onward: Onward, take: Callable[[Step, Any], Any]) -> None:
    """Give a `StateGraph` the steps of a table and the ways between them; `take` runs a step with what it needs."""
    for name, step in steps.items():
        graph.add_node(name, _node(step, take))
    for name, after in onward.items():
        if callable(after):
            graph.add_conditional_edges(name, after)
        else:
            graph.add_edge(START if name == START else name, END if after == END else after)


def _node(step: Step, take: Callable[[Step, Any], Any]) -> Any:
    """Return a step as a node; an async one runs under `invoke` and under `ainvoke`."""

    @wraps(step)
    def compute(state: Any) -> Any:
        return take(step, state)

    if not iscoroutinefunction(step):
        return compute

    @wraps(step)
    async def in_loop(state: Any) -> Any:
        return await take(step, state)

    @wraps(step)
    def without_loop(state: Any) -> Any:
        return run_sync(take(step, state))

    return RunnableLambda(without_loop, afunc=in_loop, name=step.__name__)
