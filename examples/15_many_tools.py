"""Give an agent thousands of tools and bind the few it needs. Run it with: python examples/15_many_tools.py

The chat model here follows a script, so the example runs offline. Use any LangChain chat model instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool, StructuredTool

from polyhop.agent import LangChainTools, ToolSelector
from polyhop.agent.toolbox import Limits, tool_agent

ABOUT = {
    "get_forecast": "Tell the weather of the next days in a city.",
    "send_mail": "Send a letter by electronic mail to somebody.",
    "convert_money": "Convert an amount of money from one currency into another.",
    "book_table": "Reserve a table in a restaurant.",
    "play_song": "Play a song or an album of music.",
    "find_flights": "Search flights between two airports.",
}
SCRIPT = [
    AIMessage("", tool_calls=[{"id": "1", "name": "get_forecast", "args": {"what": "Oslo"}}]),
    AIMessage("", tool_calls=[{"id": "2", "name": "search_tools", "args": {"request": "send a letter to somebody"}}]),
    AIMessage("", tool_calls=[{"id": "3", "name": "send_mail", "args": {"what": "the weather"}}]),
    AIMessage("It will rain, and I have told her."),
]


class Scripted(GenericFakeChatModel):
    """A chat model that follows a script and prints the tools that are bound to it."""

    def bind_tools(self, tools: Sequence[BaseTool], **_: Any) -> Any:
        """Print the tools of this turn."""
        print("bound:", ", ".join(tool.name for tool in tools))
        return self


def tool(name: str, about: str) -> BaseTool:
    """Return a tool that says what it did."""
    return StructuredTool.from_function(lambda what: f"{name}: {what}", name=name, description=about)


def main() -> None:
    """Run the agent, with one tool for each search."""
    tools = [tool(*item) for item in ABOUT.items()]
    with TemporaryDirectory() as home, ToolSelector.open(home, create=True, threshold=0.0) as selector:
        selector.sync(LangChainTools(tools))
        agent = tool_agent(Scripted(messages=iter(SCRIPT)), selector, tools, limits=Limits(k=1))
        for message in agent.invoke({"messages": [("user", "What will the weather be in Oslo?")]})["messages"]:
            print(f"{message.type}: {message.text or message.tool_calls[0]['name']}")


if __name__ == "__main__":
    main()
