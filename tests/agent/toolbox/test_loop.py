"""The agent that binds only the tools it needs."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

from polyhop.agent import CallerError, ToolSelector
from polyhop.agent.toolbox.loop import Limits, tool_agent
from polyhop.agent.toolbox.search import SEARCH, Permissions

from .shop import Scripted, calling, scripted, searching, tools

WEATHER = "What is the weather like in Oslo tomorrow?"
ONE = Limits(k=1, bound=2, turns=4)


def agent(selector: ToolSelector, model: Scripted, *, limits: Limits = ONE, **more: Any) -> Any:
    """Return an agent over the shop that binds one tool at a time."""
    return tool_agent(model, selector, tools(), limits=limits, **more)


def asked(graph: Any, text: str = WEATHER, **more: Any) -> list[Any]:
    """Return the messages of a run."""
    return list(graph.invoke({"messages": [("user", text)]}, **more)["messages"])


def test_only_what_is_needed_is_bound_and_called(selector: ToolSelector) -> None:
    """The first turn sees the search and the tool of the request, and the call reaches it."""
    model = scripted(calling("get_forecast", what="Oslo"), "Rain.")
    messages = asked(agent(selector, model))

    assert [[SEARCH, "get_forecast"]] * 2 == model.shown
    assert ["get_forecast did Oslo", "Rain."] == [one.content for one in messages[-2:]]


async def test_it_runs_in_a_loop_too(selector: ToolSelector) -> None:
    """`ainvoke` does what `invoke` does."""
    model = scripted(searching("send a letter to somebody"), calling("send_mail", what="it"), "Sent.")
    done = await agent(selector, model).ainvoke({"messages": [("user", WEATHER)]})

    assert ["send_mail did it", "Sent."] == [one.content for one in done["messages"][-2:]]


def test_the_model_searches_for_more(selector: ToolSelector) -> None:
    """What a search finds is bound from the next turn on, before what was bound."""
    model = scripted(searching("convert an amount of money into another currency"), "Done.")
    messages = asked(agent(selector, model))

    assert [[SEARCH, "get_forecast"], [SEARCH, "convert_money", "get_forecast"]] == model.shown
    assert "- convert_money: Convert" in messages[-2].content


def test_no_more_tools_are_bound_than_the_limit(selector: ToolSelector) -> None:
    """The tool that was selected longest ago gives way."""
    model = scripted(searching("play a song"), searching("translate a text"), "Done.")
    asked(agent(selector, model))

    assert [SEARCH, "translate_text", "play_song"] == model.shown[-1]


def test_what_the_model_says_is_searched_for(selector: ToolSelector) -> None:
    """A plan beside a call selects tools for the next turn."""
    model = scripted(calling("get_forecast", "Then I will reserve a table in a restaurant.", what="Oslo"), "Done.")
    asked(agent(selector, model))

    assert "book_table" == model.shown[-1][1]


def test_a_tool_that_is_not_bound_is_not_called(selector: ToolSelector) -> None:
    """A known one is bound and to be called again; an unknown one is to be searched for."""
    model = scripted(calling("play_song", what="x"), calling("fly_to_mars"), "Done.")
    known, _, unknown = asked(agent(selector, model))[2:5]

    assert ("error", "error") == (known.status, unknown.status)
    assert "call it" in known.content and "play_song" in model.shown[1]
    assert f"there is no tool 'fly_to_mars'; find one with {SEARCH}" in unknown.content


def test_errors_of_tools_come_back(selector: ToolSelector) -> None:
    """A tool that fails, wrong arguments and a search for nothing end no run."""
    model = scripted(calling("get_forecast", what="fail"), calling("get_forecast", where="x"), searching(""), "Done.")
    failed, wrong, empty = [one for one in asked(agent(selector, model)) if isinstance(one, ToolMessage)]

    assert ["error"] * 3 == [one.status for one in (failed, wrong, empty)]
    assert "out of ink" in failed.content and "what" in wrong.content and "empty" in empty.content


def test_turns_are_bounded(selector: ToolSelector) -> None:
    """The model is told of its last turn; calls in it are answered, so that the conversation can go on."""
    model = scripted(*[searching("play a song") for _ in range(4)])
    *_, answered, last = asked(agent(selector, model, prompt="Be brief."))

    assert 4 == len(model.shown)
    assert ["Be brief.", True] == [model.told[0][0].content, "last turn" in str(model.told[3][0].content)]
    assert "limit of 4 turns" in answered.content and isinstance(last, AIMessage) and not last.tool_calls


def test_a_conversation_goes_on(selector: ToolSelector) -> None:
    """With a checkpointer the next message counts its own turns, and what was bound stays bound."""
    model = scripted(*["Sunny."] * 5)
    graph = agent(selector, model, checkpointer=InMemorySaver())
    for text in (WEATHER, "And send it to my sister by electronic mail."):
        asked(graph, text, config={"configurable": {"thread_id": "1"}})

    assert [SEARCH, "send_mail", "get_forecast"] == model.shown[-1]


def test_what_is_denied_is_neither_bound_nor_called(selector: ToolSelector) -> None:
    """A denied tool is not there."""
    model = scripted(calling("delete_files", what="all"), "Done.")
    messages = asked(
        agent(selector, model, permissions=Permissions(deny=("*/delete_*",))), "Delete the files of a folder"
    )

    assert not any("delete_files" in names for names in model.shown)
    assert "there is no tool 'delete_files'" in messages[2].content


def test_tools_that_cannot_be_told_apart_or_selected_are_refused(selector: ToolSelector) -> None:
    """Both are the caller's mistakes, said at once."""
    with pytest.raises(CallerError, match="two tools are called 'get_forecast'"):
        tool_agent(scripted(), selector, [*tools(), tools()[0]])
    with pytest.raises(CallerError, match=r"does not know 1 of the tools \('unheard'\)"):
        tool_agent(scripted(), selector, [tools()[0].model_copy(update={"name": "unheard"})])
    with pytest.raises(CallerError, match="bound at least k"):
        Limits(k=5, bound=4)
