"""A LangGraph agent that binds only the tools that the conversation needs, and lets the model search for more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

from ...core.errors import CallerError
from ...tools.tool import Tool
from ..selection import ToolSelector
from .search import REQUEST, SEARCH, SEARCHES, Permissions, ToolSearch
from .toolkit import check_known, tools_by_name

# Characters of a description in the answer to a search; the whole definition is bound.
SHORT = 200
LAST = "This is your last turn: answer now. Calls of tools are no longer carried out."


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of an agent.

    Args:
        k: tools that one selection adds.
        bound: tools that are bound at once, beside the search; those selected or called last stay.
        turns: times that the model speaks for one message of the user.
        searches: searches in one turn that are carried out.
    """

    k: int = 5
    bound: int = 15
    turns: int = 12
    searches: int = 4

    def __post_init__(self) -> None:
        if min(self.k, self.turns, self.searches) < 1 or self.bound < self.k:
            raise CallerError(f"{self!r}: each must be at least 1, and bound at least k")


class Bound(MessagesState, total=False):
    """The state: messages, the names of the bound tools (last selected first), what was searched for, turns taken."""

    bound: list[str]
    asked: list[str]
    turns: int


def tool_agent(
    model: BaseChatModel,
    selector: ToolSelector,
    tools: Iterable[BaseTool | Callable[..., Any]],
    *,
    limits: Limits = Limits(),
    permissions: Permissions = Permissions(),  # noqa: B008 - frozen
    where: str = "",
    prompt: str = "",
    checkpointer: Any = None,
) -> Any:
    """Return a compiled graph over messages in which a chat model sees the tools it needs, out of any number.

    Each turn binds the tools selected for the last message of the user, the one before it, and what the model said
    since; by `search_tools` the model asks for others. Called tools are run by LangGraph's `ToolNode`, so that what it
    injects is injected. Calls of tools that are not bound come back as messages that say what to do.

    Args:
        model: any LangChain chat model that can bind tools.
        selector: its catalogue knows the tools: `selector.sync(LangChainTools(tools))`.
        tools: LangChain tools or plain functions; only these are offered.
        permissions: patterns of tools that are offered.
        where: a filter over the catalogue.
        prompt: the system message.

    Raises:
        CallerError: for two tools of one name, and for tools that the catalogue does not know.
    """
    own = tools_by_name(tools)
    if SEARCH in own:
        raise CallerError(f"a tool is called {SEARCH!r}, which is the name of the search; rename it")
    check_known(own, selector.catalogue)

    def has(tool: Tool) -> bool:
        return tool.name in own

    return _Loop(model, own, ToolSearch(selector, permissions, where, has), limits, prompt).graph(checkpointer)


@dataclass(frozen=True, slots=True)
class _Loop:
    """The nodes of the graph."""

    model: BaseChatModel
    by_name: Mapping[str, BaseTool]
    tool_search: ToolSearch
    limits: Limits
    prompt: str

    def graph(self, checkpointer: Any) -> Any:
        builder = StateGraph(Bound)
        builder.add_node("begin", self.begin)
        builder.add_node("select", self.select)
        builder.add_node("model", RunnableLambda(self.speak, afunc=self.aspeak, name="model"))
        builder.add_node("tools", RunnableLambda(self.act, afunc=self.aact, name="tools"))
        builder.add_node("stop", self.stop)
        builder.add_edge(START, "begin")
        builder.add_edge("begin", "select")
        builder.add_edge("select", "model")
        builder.add_conditional_edges("model", self.next, ["tools", "stop", END])
        builder.add_edge("tools", "select")
        builder.add_edge("stop", END)
        compiled = builder.compile(checkpointer=checkpointer, name="tool_agent")
        return compiled.with_config({"recursion_limit": 3 * self.limits.turns + 5})

    def begin(self, state: Bound) -> dict[str, Any]:
        """Count the turns of this message of the user."""
        return {"turns": 0}

    def select(self, state: Bound) -> dict[str, Any]:
        """Bind what the conversation asks for and was not yet searched for, the newest first."""
        before = state.get("asked", [])
        bound = state.get("bound", [])
        texts = _requests(state["messages"])
        for text in texts:
            if text not in before:
                bound = self._with(self._found(text)[0], bound)
        return {"bound": bound, "asked": texts}

    def speak(self, state: Bound, config: RunnableConfig) -> dict[str, Any]:
        """Let the model speak."""
        said = self.model.bind_tools(self._tools(state)).invoke(self._messages(state), config)
        return {"messages": [said], "turns": state["turns"] + 1}

    async def aspeak(self, state: Bound, config: RunnableConfig) -> dict[str, Any]:
        """Do what `speak` does."""
        said = await self.model.bind_tools(self._tools(state)).ainvoke(self._messages(state), config)
        return {"messages": [said], "turns": state["turns"] + 1}

    def next(self, state: Bound) -> Literal["tools", "stop", "__end__"]:
        """Go on as long as the model calls tools and has turns."""
        if not _calls(state):
            return "__end__"
        return "tools" if state["turns"] < self.limits.turns else "stop"

    def act(self, state: Bound, config: RunnableConfig) -> Any:
        """Carry out what the model called."""
        replies, bound, rest = self._answered(state)
        done = self._node(rest).invoke(_only(state, rest), config) if rest else []
        return _together(replies, bound, done)

    async def aact(self, state: Bound, config: RunnableConfig) -> Any:
        """Do what `act` does."""
        replies, bound, rest = await asyncio.to_thread(self._answered, state)
        done = await self._node(rest).ainvoke(_only(state, rest), config) if rest else []
        return _together(replies, bound, done)

    def stop(self, state: Bound) -> dict[str, Any]:
        """Answer the calls that are left, and say why it ends here."""
        why = f"not called: the limit of {self.limits.turns} turns is met"
        left: list[AnyMessage] = [_reply(call, why, failed=True) for call in _calls(state)]
        last = (
            f"I stopped after {self.limits.turns} turns without an answer; ask for less at once, or allow more turns."
        )
        return {"messages": [*left, AIMessage(last)]}

    def _answered(self, state: Bound) -> tuple[list[ToolMessage], list[str], list[ToolCall]]:
        """Return replies to searches and to calls of what is not bound, the names bound next, and the other calls."""
        bound, replies, rest, searches = state.get("bound", []), list[ToolMessage](), list[ToolCall](), 0
        callable_now = {tool.name for tool in self._tools(state)}
        for call in _calls(state):
            name = call["name"]
            if name == SEARCH:
                searches += 1
                names, said = self._searched(call, searches)
                replies.append(_reply(call, said, failed=not names))
            elif name in callable_now:
                names = [name]
                rest.append(call)
            else:
                names, said = self._unbound(name)
                replies.append(_reply(call, said, failed=True))
            bound = self._with(names, bound)
        return replies, bound, rest

    def _searched(self, call: ToolCall, count: int) -> tuple[list[str], str]:
        if count > self.limits.searches:
            return (
                [],
                f"not searched: {self.limits.searches} searches in one turn are the limit; search again next turn",
            )
        names, why = self._found(call["args"].get("request"))
        if not names:
            return [], f"{why}; say it in other words, or go on without a tool for it"
        lines = [f"- {name}: {' '.join(self.by_name[name].description.split())[:SHORT]}" for name in names]
        return names, "\n".join(["You can call these now:", *lines])

    def _unbound(self, name: str) -> tuple[list[str], str]:
        try:
            known = self.tool_search.named(name).name
        except CallerError as error:
            return [], str(error)
        return [known], f"{known!r} was not called, since its parameters were not shown to you; now they are: call it"

    def _found(self, request: Any) -> tuple[list[str], str]:
        """Return the names of the tools for a request, or why there are none."""
        try:
            found = self.tool_search.search(request, self.limits.k)
        except CallerError as error:
            return [], str(error)
        return list(dict.fromkeys(one.tool.name for one in found.tools)), found.why

    def _with(self, names: Sequence[str], bound: Sequence[str]) -> list[str]:
        return list(dict.fromkeys([*names, *bound]))[: self.limits.bound]

    def _tools(self, state: Bound) -> list[BaseTool]:
        """Return the search and the bound tools; a saved state may name tools that are gone."""
        return [_search(), *(self.by_name[name] for name in state.get("bound", []) if name in self.by_name)]

    def _messages(self, state: Bound) -> list[AnyMessage]:
        last = LAST if state["turns"] + 1 >= self.limits.turns else ""
        system = "\n\n".join(filter(None, (self.prompt, last)))
        return [*([SystemMessage(system)] if system else []), *state["messages"]]

    def _node(self, calls: Sequence[ToolCall]) -> ToolNode:
        return ToolNode(
            [self.by_name[name] for name in {call["name"]: None for call in calls}], handle_tool_errors=True
        )


def _search() -> BaseTool:
    """Return the search as the model sees it; the graph answers it itself."""

    def search(request: str) -> str:
        return request

    return StructuredTool.from_function(search, name=SEARCH, description=SEARCHES)


def _requests(messages: Sequence[AnyMessage]) -> list[str]:
    """Return what a conversation asks for, the oldest first: the last two messages of the user, then the model's."""
    asked = [place for place, one in enumerate(messages) if isinstance(one, HumanMessage)][-2:]
    since = [one for one in messages[asked[-1] + 1 if asked else 0 :] if isinstance(one, AIMessage)][-1:]
    texts = [str(one.text).strip()[:REQUEST] for one in (*(messages[place] for place in asked), *since)]
    return list(dict.fromkeys(filter(None, texts)))


def _calls(state: Bound) -> list[ToolCall]:
    last = state["messages"][-1] if state["messages"] else None
    return list(last.tool_calls) if isinstance(last, AIMessage) else []


def _only(state: Bound, calls: list[ToolCall]) -> dict[str, Any]:
    """Return the state as if the model had made these calls alone."""
    last = state["messages"][-1].model_copy(update={"tool_calls": calls})
    return {**state, "messages": [*state["messages"][:-1], last]}


def _together(replies: list[ToolMessage], bound: list[str], done: Any) -> Any:
    """Return one update of the state, or several where a tool gave a command of its own."""
    if isinstance(done, Mapping):
        return {"messages": [*replies, *done["messages"]], "bound": bound}
    return [{"messages": replies, "bound": bound}, *done] if done else {"messages": replies, "bound": bound}


def _reply(call: ToolCall, text: str, *, failed: bool) -> ToolMessage:
    status: Literal["error", "success"] = "error" if failed else "success"
    return ToolMessage(text, tool_call_id=call["id"] or "", name=call["name"], status=status)
