"""The LangChain toolkit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, StructuredTool

from polyhop.agent import LangChainTools, ToolSelector
from polyhop.agent.toolbox.search import Permissions
from polyhop.agent.toolbox.toolkit import SearchToolkit

from .shop import tools

SCHEMA = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}


def kit(selector: ToolSelector, **more: Any) -> dict[str, BaseTool]:
    """Return the two tools of a toolkit over the shop, by name."""
    return {tool.name: tool for tool in SearchToolkit(selector=selector, tools=tools(), **more).get_tools()}


def called(pair: dict[str, BaseTool], tool: str, **arguments: Any) -> ToolMessage:
    """Call one of the two as a model would."""
    message = pair[tool].invoke({"type": "tool_call", "id": "1", "name": tool, "args": arguments})
    assert isinstance(message, ToolMessage)
    return message


def test_two_tools_stand_for_all(selector: ToolSelector) -> None:
    """A search shows a tool with its parameters, and a call reaches it."""
    pair = kit(selector)
    (found,) = json.loads(called(pair, "search_tools", request="weather in a city", k=1).text)["tools"]
    done = called(pair, "call_tool", name=found["name"], arguments={"what": "Oslo"})

    assert ("get_forecast", ["what"]) == (found["name"], found["parameters"]["required"])
    assert ("get_forecast did Oslo", "success") == (done.content, done.status)


async def test_calls_wait_in_a_loop(selector: ToolSelector) -> None:
    """The asynchronous form does the same, and takes arguments that a model wrote as a string."""
    given = {"name": "get_forecast", "arguments": '{"what": "Oslo"}'}

    assert "get_forecast did Oslo" == await kit(selector)["call_tool"].ainvoke(given)


def test_the_real_tools_of_a_request(selector: ToolSelector) -> None:
    """They are what was given, to be bound as they are."""
    found = SearchToolkit(selector=selector, tools=tools(), k=1).selected("Send a letter to somebody")

    assert ["send_mail"] == [tool.name for tool in found]


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("delete_files", {"what": "all"}, "there is no tool 'delete_files'"),
        ("fly", {}, "there is no tool 'fly'; find one with search_tools"),
        ("get_forecast", {"what": "fail"}, "'get_forecast' failed: OSError: out of ink"),
        ("get_forecast", {}, "Field required"),
        ("get_forecast", "no json", "dictionary"),
    ],
)
def test_mistakes_come_back_as_text(selector: ToolSelector, name: str, arguments: Any, reason: str) -> None:
    """A model is told what to change, and a denied tool is not there for it."""
    pair = kit(selector, permissions=Permissions(deny=("*/delete_*",)))
    if isinstance(arguments, str):
        with pytest.raises(ValueError, match=reason):
            called(pair, "call_tool", name=name, arguments=arguments)
        return
    message = called(pair, "call_tool", name=name, arguments=arguments)

    assert "error" == message.status and reason in message.text


def test_a_search_shows_only_what_may_be_called(selector: ToolSelector) -> None:
    """Denied and filtered tools are neither shown nor called, and others take their places."""
    pair = kit(selector, permissions=Permissions(deny=("*/DELETE_*",)), where="name != 'play_song'")
    found = json.loads(called(pair, "search_tools", request="delete files, play a song", k=6).text)["tools"]

    assert {"delete_files", "play_song"}.isdisjoint(one["name"] for one in found) and 6 == len(found)
    assert "there is no tool" in called(pair, "call_tool", name="play_song", arguments={"what": "x"}).text


def test_arguments_are_checked_by_a_plain_schema(selector: ToolSelector) -> None:
    """A tool whose schema is no model would take anything."""
    plain = StructuredTool.from_function(lambda what: what, name="get_forecast", description="x", args_schema=SCHEMA)
    _, call = SearchToolkit(selector=selector, tools=[plain]).get_tools()

    assert "what: 5 is not of type 'string'" in call.invoke({"name": "get_forecast", "arguments": {"what": 5}})


def test_a_toolkit_is_a_source(selector: ToolSelector) -> None:
    """Whatever takes LangChain toolkits takes this one."""
    read = list(LangChainTools([SearchToolkit(selector=selector, tools=tools())]).read())

    assert ["search_tools", "call_tool"] == [getattr(tool, "name", "") for tool in read]
