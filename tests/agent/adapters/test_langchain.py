"""An agent as a LangChain retriever: what its documents hold, in chains, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document

from polyhop.agent import Agent, CallerError, Settings
from polyhop.agent import Document as Held
from polyhop.agent.adapters.langchain import document
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
    )
    way = {"title": "Cincinnati", "source": "ohio.md", "score": 1.5, "hop": 2, "via": "link"}
    metadata = {"year": 1788, **way, "path": ["Jaws", "Steven Spielberg"]}

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
