"""An agent as a LangChain retriever: what its documents hold, in chains, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import create_retriever_tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from polyhop.agent import Agent, CallerError, Settings
from polyhop.agent import Document as Held
from polyhop.agent.adapters.langchain import EVENT, document
from polyhop.agent.results import PathStep, RankedPassage
from polyhop.encoders import Encoder
from tests import corpus


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Agent]:
    """Return an agent over the known passages, with default settings."""
    with corpus.collection(tmp_path_factory.mktemp("retriever"), embedder) as films:
        yield Agent(films, settings=Settings())


def titles(documents: list[Document]) -> list[str]:
    """Return the titles of documents, as the last step of a chain."""
    return [one.metadata["title"] for one in documents]


def test_a_document_holds_the_passage_and_how_it_was_found() -> None:
    """The metadata of the passage itself is kept, but for keys that say how it was found."""
    passage = RankedPassage(
        id="p",
        document="d",
        title="Cincinnati",
        heading="",
        text="A city.",
        metadata={"year": 1788, "via": "canal"},
        source="ohio.md",
        score=1.5,
        via="link",
        name="cincinnati",
        path=(PathStep("q", "Jaws"), PathStep("r", "Steven Spielberg")),
        hop=2,
        page=3,
        start=40,
        end=47,
    )
    way = {"title": "Cincinnati", "source": "ohio.md", "score": 1.5, "hop": 2, "via": "link"}
    place = {"document": "d", "heading": "", "page": 3, "start": 40, "end": 47}
    metadata = {"year": 1788, **way, **place, "path": ["Jaws", "Steven Spielberg"]}

    assert Document(id="p", page_content="A city.", metadata=metadata) == document(passage)


async def test_documents_are_those_of_retrieve(agent: Agent) -> None:
    """Sync and async they are the passages that the agent returns, in their order; without k as many as by default."""
    for k in (None, 2):
        expected = [document(passage) for passage in agent.retrieve(corpus.QUESTION, k).passages]
        retriever = agent.as_retriever(k)
        assert expected == retriever.invoke(corpus.QUESTION)
        assert expected == await retriever.ainvoke(corpus.QUESTION)


async def test_it_is_the_first_step_of_a_chain(agent: Agent) -> None:
    """A function after it gets the documents, however the chain is run."""
    chain = agent.as_retriever(3) | titles
    expected = [passage.title for passage in agent.retrieve(corpus.QUESTION, 3).passages]

    assert expected == chain.invoke(corpus.QUESTION)
    assert expected == await chain.ainvoke(corpus.QUESTION)
    assert [expected, expected] == chain.batch([corpus.QUESTION] * 2)


def test_a_filter_holds_for_every_question(tmp_path: Path, embedder: Encoder) -> None:
    """Only documents that pass it are found."""
    with Agent.open(tmp_path, create=True, embedder=embedder) as agent:
        years = {"Old Tram": 1900, "New Tram": 2020}
        agent.collection.add([Held(title, f"The {title}.", title, {"year": year}) for title, year in years.items()])
        assert ["New Tram"] == titles(agent.as_retriever(where="year > 2000").invoke("Which tram is there?"))


async def test_errors_are_those_of_the_agent(agent: Agent) -> None:
    """An empty question, a bad k and a bad filter are refused as `retrieve` refuses them."""
    for retriever, question in (
        (agent.as_retriever(), " "),
        (agent.as_retriever(0), corpus.QUESTION),
        (agent.as_retriever(where="year >> 1990"), corpus.QUESTION),
    ):
        with pytest.raises(CallerError):
            retriever.invoke(question)
        with pytest.raises(CallerError):
            await retriever.ainvoke(question)


class Hearing(BaseCallbackHandler):
    """Keeps the custom events that it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **more: Any) -> None:
        """Keep one."""
        self.heard.append((name, data["event"]))


async def test_callbacks_hear_the_steps(agent: Agent) -> None:
    """A handler of LangChain hears each step in its order, and so does who streams the events of a chain."""
    chain = agent.as_retriever(3) | titles
    expected = [(EVENT, event["event"]) for event in agent.retrieve(corpus.QUESTION, 3).events]
    sync, other = Hearing(), Hearing()
    chain.invoke(corpus.QUESTION, {"callbacks": [sync]})
    await chain.ainvoke(corpus.QUESTION, {"callbacks": [other]})
    streamed = [event async for event in chain.astream_events(corpus.QUESTION, version="v2")]
    customs = [(event["name"], event["data"]["event"]) for event in streamed if event["event"] == "on_custom_event"]

    assert {"search", "hop", "finish"} <= {name for _, name in sync.heard}
    assert sync.heard == other.heard == customs == [one for one in expected if one in sync.heard]


async def test_a_cancelled_chain_ends_the_run(agent: Agent) -> None:
    """Who gives up waiting gets away at once, and the retriever answers the next question."""
    waiting = asyncio.ensure_future(agent.as_retriever(3).ainvoke(corpus.QUESTION))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert agent.as_retriever(1).invoke(corpus.QUESTION)


async def test_an_agent_of_somebody_else_looks_things_up(agent: Agent) -> None:
    """LangGraph's own way to an agent with retrieval: a tool of the retriever, a tool node, and a model that decides.

    The model is scripted; everything else is LangChain's and LangGraph's.
    """
    look_up = create_retriever_tool(agent.as_retriever(2), "look_up", "Searches films, people and places.")
    call = {"id": "1", "name": "look_up", "args": {"query": corpus.QUESTION}}
    script = [AIMessage("", tool_calls=[call]), AIMessage("In Cincinnati.")]
    for sync in (True, False):
        model = GenericFakeChatModel(messages=iter(script))
        builder: Any = StateGraph(MessagesState)
        builder.add_node("respond", lambda state, model=model: {"messages": [model.invoke(state["messages"])]})
        builder.add_node("tools", ToolNode([look_up]))
        builder.add_edge(START, "respond").add_conditional_edges("respond", tools_condition)
        builder.add_edge("tools", "respond")
        graph, asked = builder.compile(), {"messages": [HumanMessage(corpus.QUESTION)]}
        ended = graph.invoke(asked) if sync else await graph.ainvoke(asked)

        assert "In Cincinnati." == ended["messages"][-1].content
        assert "born in Cincinnati" in ended["messages"][2].content


def test_documents_are_plain_json(agent: Agent) -> None:
    """What a program writes down of them, it reads back."""
    for one in agent.as_retriever().invoke(corpus.QUESTION):
        assert one.metadata == json.loads(json.dumps(one.metadata))
