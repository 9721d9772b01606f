"""Retrieval as a tool."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import StructuredTool
from pydantic import ValidationError

from polyhop.agent import Agent, Settings
from polyhop.agent.adapters.langchain import MOST, document, passages_tool
from polyhop.agent.results import Retrieval
from polyhop.core.errors import OperatorError
from polyhop.encoders import Encoder
from tests import corpus


class Broken:
    """A search whose disk is full."""

    def retrieve(self, question: str, k: int | None = None) -> Retrieval:
        """Raise what the machine raised."""
        raise OperatorError("disk full")

    async def aretrieve(self, question: str, k: int | None = None) -> Retrieval:
        """Raise the same."""
        return self.retrieve(question, k)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Agent]:
    """Return an agent over the known passages, with default settings."""
    with corpus.collection(tmp_path_factory.mktemp("tool"), embedder) as films:
        yield Agent(films, settings=Settings())


@pytest.fixture
def tool(agent: Agent) -> StructuredTool:
    """Return the tool over it."""
    return agent.as_tool()


async def test_the_tool_numbers_what_it_found(agent: Agent, tool: StructuredTool) -> None:
    """A model gets JSON in which each passage has the number to cite it by, sync and async."""
    asked = {"question": corpus.QUESTION, "k": 2}
    brief = agent.retrieve(corpus.QUESTION, 2).brief()
    expected = [{"number": 1, **brief[0]}, {"number": 2, **brief[1]}]

    assert expected == json.loads(tool.invoke(asked)) == json.loads(await tool.ainvoke(asked))


async def test_a_program_follows_citations_by_the_artifact(agent: Agent, tool: StructuredTool) -> None:
    """The message to the model has the same passages as documents, with what a citation needs to be opened."""
    call = ToolCall(name=tool.name, args={"question": corpus.QUESTION, "k": 2}, id="1", type="tool_call")
    expected = [document(passage) for passage in agent.retrieve(corpus.QUESTION, 2).passages]
    for message in (tool.invoke(call), await tool.ainvoke(call)):
        assert isinstance(message, ToolMessage)
        assert expected == message.artifact
    assert {"document", "page", "start", "end", "path"} <= expected[0].metadata.keys()


async def test_a_callers_mistake_goes_back_to_the_model(tool: StructuredTool) -> None:
    """What the model can mend is told to the model."""
    for said in (tool.invoke({"question": " "}), await tool.ainvoke({"question": " "})):
        assert said.startswith("error: the question is empty")


async def test_an_operators_error_is_raised() -> None:
    """What the model cannot mend stops the agent."""
    tool = passages_tool(Broken())
    with pytest.raises(OperatorError):
        tool.invoke({"question": "Which river?"})
    with pytest.raises(OperatorError):
        await tool.ainvoke({"question": "Which river?"})


def test_k_is_bounded(tool: StructuredTool) -> None:
    """A model cannot ask for the whole collection."""
    with pytest.raises(ValidationError):
        tool.invoke({"question": "Which river?", "k": MOST + 1})
