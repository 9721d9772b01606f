"""Real LangChain tools."""

from __future__ import annotations

from typing import Annotated, Any

from langchain_core.tools import BaseTool, BaseToolkit, InjectedToolArg, StructuredTool, tool
from pydantic import BaseModel, Field

from polyhop.tools.importers.langchain import LangChainTools
from tests.tools.catalogues import read


class Ask(BaseModel):
    """What is asked."""

    city: str = Field(description="the city")
    days: int = 3


@tool(args_schema=Ask)
def forecast(city: str, days: int = 3) -> str:
    """Tell the weather of the next days."""
    return city * days


@tool
def send(text: str, key: Annotated[str, InjectedToolArg]) -> str:
    """Send a letter."""
    return text + key


class Kit(BaseToolkit):
    """A toolkit of both."""

    def get_tools(self) -> list[BaseTool]:
        """Return them."""
        return [forecast, send]


def test_tools_and_toolkits_are_read() -> None:
    """Names, descriptions, inputs and requirements come over; what LangChain injects is no input."""
    (first, second), notes = read(LangChainTools([Kit()]))

    assert ("forecast", ("city",), ("days",), "langchain") == (first.name, first.required, first.optional, first.kind)
    assert "the city" == first.parameters["properties"]["city"]["description"]
    assert (("text",), ()) == (second.required, second.optional)
    assert [] == notes


def test_a_tool_that_cannot_be_described_is_kept() -> None:
    """A schema that raises is noted, and the tool is taken without inputs."""

    class Odd:
        pass

    def odd(thing: Odd) -> None:
        """Do something odd."""

    class Lazy(StructuredTool):
        @property
        def tool_call_schema(self) -> Any:
            raise RuntimeError("not today")

    lazy = Lazy.from_function(forecast.func, name="lazy", description="Too lazy.")
    tools, notes = read(LangChainTools([lazy, 7]))

    assert ["lazy"] == [one.name for one in tools]
    assert "not today" in notes[0].what and notes[-1].lost
