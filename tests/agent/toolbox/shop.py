"""A shop of LangChain tools, a selector that knows them, and a chat model that follows a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import PrivateAttr

from polyhop.agent.toolbox.search import SEARCH

ABOUT = {
    "get_forecast": "Tell the weather of the next days in a city.",
    "send_mail": "Send a letter by electronic mail to somebody.",
    "convert_money": "Convert an amount of money from one currency into another.",
    "book_table": "Reserve a table in a restaurant.",
    "play_song": "Play a song or an album of music.",
    "translate_text": "Translate a text into another language.",
    "find_flights": "Search flights between two airports.",
    "delete_files": "Delete files of a folder for good.",
}


def tools() -> list[BaseTool]:
    """Return the tools; each takes a `what` and says that it was done."""
    return [_tool(name, about) for name, about in ABOUT.items()]


def _tool(name: str, about: str) -> BaseTool:
    def do(what: str) -> str:
        if what == "fail":
            raise OSError("out of ink")
        return f"{name} did {what}"

    return StructuredTool.from_function(do, name=name, description=about)


class Scripted(GenericFakeChatModel):
    """A chat model that says what it is told to, and remembers which tools it was shown."""

    _shown: list[list[str]] = PrivateAttr(default_factory=list)
    _told: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def shown(self) -> list[list[str]]:
        """Return the names of the tools of each turn."""
        return self._shown

    @property
    def told(self) -> list[list[BaseMessage]]:
        """Return the messages of each turn."""
        return self._told

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> Runnable[Any, Any]:
        """Remember the tools."""
        self._shown.append([tool.name for tool in tools])
        return self

    def _generate(self, messages: list[BaseMessage], *rest: Any, **more: Any) -> Any:
        self._told.append(messages)
        return super()._generate(messages, *rest, **more)


def scripted(*says: AIMessage | str) -> Scripted:
    """Return a model that says this, turn by turn."""
    return Scripted(messages=iter([AIMessage(one) if isinstance(one, str) else one for one in says]))


def calling(name: str, text: str = "", **arguments: Any) -> AIMessage:
    """Return a message that calls a tool."""
    return AIMessage(text, tool_calls=[{"id": f"of {name}", "name": name, "args": arguments}])


def searching(request: str) -> AIMessage:
    """Return a message that searches for tools."""
    return calling(SEARCH, request=request)
