"""A LangChain toolkit over a catalogue: two tools that stand for thousands, or the few that a request needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Self

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, BaseToolkit, StructuredTool, ToolException
from langchain_core.tools import tool as made
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from ...core.errors import CallerError
from ...tools.catalogue import Catalogue
from ...tools.importers.langchain import LangChainTools
from ...tools.tool import Tool
from ..selection import ToolSelector
from .arguments import faults, parsed
from .search import CALL, MOST, SEARCH, SEARCHES, Permissions, ToolSearch


class SearchInput(BaseModel):
    """What `search_tools` takes."""

    request: str = Field(description="what has to be done, in plain words")
    k: int = Field(5, ge=1, le=MOST, description="tools to return")


class CallInput(BaseModel):
    """What `call_tool` takes."""

    name: str = Field(description=f"the name of a tool as {SEARCH} shows it")
    arguments: Annotated[dict[str, Any], BeforeValidator(parsed)] = Field(
        default_factory=dict, description="its arguments, by its parameters"
    )


class SearchToolkit(BaseToolkit):
    """Thousands of LangChain tools or plain functions, of which an agent sees a search and a call.

    The catalogue of the selector has to know the tools: `selector.sync(LangChainTools(tools))`. A call reaches only
    what a search may show: a tool of this toolkit that `permissions` allow and the filter `where` lets pass. Mistakes
    of the model and errors of the tools come back to it as text.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    selector: ToolSelector
    tools: Sequence[BaseTool | Callable[..., Any]]
    permissions: Permissions = Permissions()
    where: str = ""
    k: int = Field(5, ge=1, le=MOST)
    _by_name: Mapping[str, BaseTool] = PrivateAttr(default_factory=dict)

    def model_post_init(self, _: Any, /) -> None:
        """Check the tools once."""
        self._by_name = tools_by_name(self.tools)
        check_known(self._by_name, self.selector.catalogue)

    @classmethod
    def over(cls, selector: ToolSelector, tools: Sequence[BaseTool | Callable[..., Any]], **more: Any) -> Self:
        """Return a toolkit of tools that the catalogue is first brought in step with, as those of its owner.

        Raises:
            CallerError: for two tools of one name.
        """
        made = list(tools_by_name(tools).values())
        selector.sync(LangChainTools(made))
        return cls(selector=selector, tools=made, **more)

    @property
    def tool_search(self) -> ToolSearch:
        """Return what a search may show."""
        return ToolSearch(self.selector, self.permissions, self.where, self._has)

    def get_tools(self) -> list[BaseTool]:
        """Return `search_tools` and `call_tool`."""
        return [
            StructuredTool.from_function(
                self.search, name=SEARCH, description=SEARCHES, args_schema=SearchInput, handle_tool_error=True
            ),
            StructuredTool.from_function(
                self.call,
                self.acall,
                name=CALL,
                description=f"Call a tool that {SEARCH} has shown.",
                args_schema=CallInput,
                handle_tool_error=True,
            ),
        ]

    def selected(self, request: str, k: int | None = None) -> list[BaseTool]:
        """Return the real tools that a request needs, to be bound to a model; none if nothing fits."""
        found = self.tool_search.search(request, self.k if k is None else k)
        return list({one.tool.name: self._by_name[one.tool.name] for one in found.tools}.values())

    def search(self, request: str, k: int = 0) -> str:
        """Return the tools for a request as JSON, with what a model must know to call them."""
        try:
            found = self.tool_search.search(request, k or self.k)
        except CallerError as error:
            raise ToolException(str(error)) from error
        said: dict[str, Any] = {"tools": found.rows()}
        return json.dumps({**said, "note": found.why} if found.why else said, ensure_ascii=False)

    def call(self, name: str, arguments: Mapping[str, Any], config: RunnableConfig) -> Any:
        """Call a tool that a search may show."""
        tool = self._callable(name, arguments)
        try:
            return tool.invoke(dict(arguments), config)
        except Exception as error:
            raise _failed(name, error) from error

    async def acall(self, name: str, arguments: Mapping[str, Any], config: RunnableConfig) -> Any:
        """Do what `call` does."""
        tool = self._callable(name, arguments)
        try:
            return await tool.ainvoke(dict(arguments), config)
        except Exception as error:
            raise _failed(name, error) from error

    def _callable(self, name: str, arguments: Mapping[str, Any]) -> BaseTool:
        try:
            tool = self._by_name[self.tool_search.named(name).name]
        except CallerError as error:
            raise ToolException(str(error)) from error
        schema = tool.args_schema
        wrong = faults(schema, arguments) if isinstance(schema, Mapping) else []  # models check themselves
        if wrong:
            raise ToolException(f"{name!r:.80} was not called; mend its arguments: {'; '.join(wrong)}")
        return tool

    def _has(self, tool: Tool) -> bool:
        return tool.name in self._by_name


def _failed(name: str, error: Exception) -> ToolException:
    return ToolException(f"{name!r:.80} failed: {type(error).__name__}: {' '.join(str(error).split())[:1_000]}")


def tools_by_name(tools: Iterable[BaseTool | Callable[..., Any]]) -> Mapping[str, BaseTool]:
    """Return tools by name; plain functions become tools.

    Raises:
        CallerError: if two are called the same, since a model could not tell them apart.
    """
    found: dict[str, BaseTool] = {}
    for item in tools:
        one = item if isinstance(item, BaseTool) else made(item)
        if one.name in found:
            raise CallerError(f"two tools are called {one.name!r}; rename one, since a model calls them by name")
        found[one.name] = one
    return found


def check_known(tools: Mapping[str, BaseTool], catalogue: Catalogue) -> None:
    """Raise `CallerError` if a catalogue does not know some of the tools, which could never be selected."""
    known = {tool.name for tool in catalogue.tools()}
    missing = sorted(name for name in tools if name not in known)
    if missing:
        names = ", ".join(map(repr, missing[:5]))
        raise CallerError(
            f"the catalogue does not know {len(missing)} of the tools ({names}); "
            f"first `selector.sync({LangChainTools.__name__}(tools))`"
        )
