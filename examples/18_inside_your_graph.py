"""Use polyhop as a node of a LangGraph graph. Run it with: python examples/18_inside_your_graph.py

The graph here has two nodes: polyhop finds passages, and your function uses them. They share keys of the state. The
configuration, plain JSON, selects the collection.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph

from polyhop.agent import Agent, Document
from polyhop.agent.adapters.langgraph import close, retrieve_graph

DOCUMENTS = [
    Document("film", "Seven Samurai is a 1954 Japanese film directed by Akira Kurosawa.", "Seven Samurai"),
    Document("director", "Akira Kurosawa was a Japanese film director, born in Tokyo.", "Akira Kurosawa"),
    Document("other", "Jaws is a 1975 thriller film directed by Steven Spielberg.", "Jaws"),
    Document("city", "Tokyo is the capital of Japan; the Sumida River runs through the city.", "Tokyo"),
]


class Shared(TypedDict, total=False):
    """The keys that the nodes share: polyhop reads `question` and writes `passages`."""

    question: str
    passages: list[dict[str, Any]]
    told: str


def tell(state: Shared) -> Shared:
    """Return how each passage was found."""
    ways = [[step["title"] for step in one["path"]] + [one["title"]] for one in state["passages"]]
    return {"told": "; ".join(" > ".join(way) for way in ways)}


def main() -> None:
    """Ask through the graph, and print the hops as they happen."""
    builder: Any = StateGraph(Shared)
    builder.add_node("find", retrieve_graph()).add_node("tell", tell)
    builder.add_edge(START, "find").add_edge("find", "tell")
    graph = builder.compile(checkpointer=InMemorySaver())
    with TemporaryDirectory() as home:
        with Agent.open(home, create=True) as agent:
            agent.collection.add(DOCUMENTS)
        config = {"configurable": {"thread_id": "1", "home": home, "collection": "default", "k": 2}}
        asked = {"question": "Where was the director of Seven Samurai born?"}
        for _, event in graph.stream(asked, config, stream_mode="custom", subgraphs=True):
            print(event["event"], event["hop"])
        print(graph.get_state(config).values["told"])
        close()  # the graph keeps collections open for the next question; this closes them


if __name__ == "__main__":
    main()
