"""Give polyhop to a LangGraph agent as a tool. Run it with: python examples/09_a_tool_for_an_agent.py

The chat model here follows a script, so the example runs offline. Use any LangChain chat model instead, with
`model.bind_tools([tool])`.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from polyhop.agent import Agent, Document

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
]
QUESTION = "Where was the director of Jaws born?"
SCRIPT = [
    AIMessage("", tool_calls=[{"id": "1", "name": "find_passages", "args": {"question": QUESTION, "k": 2}}]),
    AIMessage("In Cincinnati [2]: Jaws was directed by Steven Spielberg [1]."),
]


def chat_agent(model: Any, tool: BaseTool) -> Any:
    """Return the usual loop: call the model, run the tools that it calls, stop when it calls none."""
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode([tool]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


def main() -> None:
    """Let the scripted model search and answer."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        agent.collection.add(DOCUMENTS)
        chat = chat_agent(GenericFakeChatModel(messages=iter(SCRIPT)), agent.as_tool())
        for message in chat.invoke({"messages": [("user", QUESTION)]})["messages"]:
            message.pretty_print()


if __name__ == "__main__":
    main()
