"""The retrieve graph: search, rank, judge, hop, until a stop rule fires; then a second look where one is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any

from langgraph.graph import END, START, StateGraph

from .context import Context
from .nodes.augment import augment, beside, due
from .nodes.condense import beginning, condense
from .nodes.escalate import escalate
from .nodes.finish import finish
from .nodes.hop import hop
from .nodes.instruct import instruct
from .nodes.judge import asking, judge, onward
from .nodes.plan import plan
from .nodes.rank import rank
from .nodes.rerank import rerank
from .nodes.search import search
from .state import Request, State
from .stop import MAX_HOPS
from .sync import both

# A hop is four steps, a reformulation three; the rest are before and after. LangGraph's own limit is in the thousands.
STEPS = 4 * MAX_HOPS + 13

NODES: Mapping[str, Any] = {
    node.__name__: node
    for node in (condense, plan, instruct, augment, search, rank, judge, hop, rerank, escalate, finish)
}
#: the node after each, or what names it
ONWARD: Mapping[str, str | Callable[[State], str]] = {
    START: beginning,
    "condense": "plan",
    "plan": "instruct",
    "instruct": "search",
    "search": "rank",
    "rank": due,
    "augment": beside,
    "judge": onward,
    "hop": asking,
    "rerank": "escalate",
    "escalate": "finish",
    "finish": END,
}
#: what may come after a node that does not always go on to the same one
BRANCHES: Mapping[str, list[str]] = {
    START: ["condense", "plan"],
    "rank": ["augment", "judge"],
    "augment": ["search", "judge"],
    "judge": ["hop", "rerank"],
    "hop": ["search", "rerank"],
}


def loop_of_hops() -> StateGraph[State, Context, Request, State]:
    """Return the graph from START to `finish`, for a graph that goes on from there."""
    graph = StateGraph(State, context_schema=Context, input_schema=Request, output_schema=State)
    for name, node in NODES.items():
        graph.add_node(name, both(node) if iscoroutinefunction(node) else node)
    for name, after in ONWARD.items():
        if callable(after):
            graph.add_conditional_edges(name, after, BRANCHES[name])
        elif after != END:
            graph.add_edge(name, after)
    return graph


def retrieve_graph(checkpointer: Any = None) -> Any:
    """Return the compiled graph; run it with a `Context`."""
    graph = loop_of_hops()
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="retrieve").with_config(recursion_limit=STEPS)
