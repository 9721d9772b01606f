"""The answer graph: retrieve, then answer."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END

from .nodes.answer import answer
from .retrieve import STEPS, loop_of_hops
from .sync import both


def answer_graph(checkpointer: Any = None) -> Any:
    """Return the compiled graph; run it with a `Context`."""
    graph = loop_of_hops()
    graph.add_node("answer", both(answer))
    graph.add_edge("finish", "answer")
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=checkpointer, name="answer").with_config(recursion_limit=STEPS)
