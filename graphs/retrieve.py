"""The retrieve graph: search, rerank, judge, hop, until a stop rule fires."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph

from .context import Context
from .nodes.augment import augment
from .nodes.finish import finish
from .nodes.hop import hop
from .nodes.judge import asking, judge, onward
from .nodes.plan import plan
from .nodes.rerank import rerank
from .nodes.search import search
from .state import Request, State
from .stop import MAX_HOPS

# A hop is four steps; the rest are before and after. LangGraph's own limit is in the thousands.
STEPS = 4 * MAX_HOPS + 8


def loop_of_hops() -> StateGraph[State, Context, Request, State]:
    """Return the graph from START to `finish`, for a graph that goes on from there."""
    graph = StateGraph(State, context_schema=Context, input_schema=Request, output_schema=State)
    for node in (plan, augment, search, rerank, judge, hop, finish):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "plan")
    graph.add_edge("plan", "augment")
    graph.add_edge("augment", "search")
    graph.add_edge("search", "rerank")
    graph.add_edge("rerank", "judge")
    graph.add_conditional_edges("judge", onward, ["hop", "finish"])
    graph.add_conditional_edges("hop", asking, ["search", "finish"])
    return graph


def retrieve_graph(checkpointer: Any = None) -> Any:
    """Return the compiled graph; run it with a `Context`."""
    graph = loop_of_hops()
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="retrieve").with_config(recursion_limit=STEPS)
