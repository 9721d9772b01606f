"""An agent as a component of a Haystack pipeline: alone, in somebody's pipeline, in a file, and its filters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from haystack import Document, Pipeline
from haystack.components.builders import PromptBuilder
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import FilterPolicy
from haystack.utils.filters import document_matches_filter
from hypothesis import given
from hypothesis import strategies as st

from polyhop.agent import Agent, CallerError, Settings
from polyhop.agent.adapters.haystack import MultiHopRetriever, where_of
from polyhop.agent.adapters.passages import metadata_of
from polyhop.encoders import Encoder
from polyhop.store.filter import parse
from tests import corpus

PLACES = {"field": "meta.kind", "operator": "==", "value": "place"}
OLD = {"field": "meta.year", "operator": "<", "value": 1900}
TEMPLATE = """{% for one in documents %}[{{ loop.index }}] {{ one.meta.title }}: {{ one.content }}
{% endfor %}Question: {{ question }}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home with the collection `films`."""
    home = tmp_path_factory.mktemp("haystack")
    corpus.collection(home, embedder).close()
    return home


@pytest.fixture
def agent(home: Path) -> Iterator[Agent]:
    """Return an agent over the films."""
    with Agent.open(home, "films", settings=Settings()) as agent:
        yield agent


def titles(documents: list[Document]) -> list[str]:
    """Return the titles of documents."""
    return [one.meta["title"] for one in documents]


async def test_documents_are_those_of_retrieve(agent: Agent) -> None:
    """They have text, score, metadata and the way to them, sync and async, as many as were asked for."""
    found = agent.retrieve(corpus.QUESTION, 3).passages
    expected = [Document(id=one.id, content=one.text, meta=metadata_of(one), score=one.score) for one in found]
    component = MultiHopRetriever(agent, top_k=4)

    assert expected == component.run(corpus.QUESTION, top_k=3)["documents"]
    assert expected == (await component.run_async(corpus.QUESTION, top_k=3))["documents"]
    assert 4 == len(component.run(corpus.QUESTION)["documents"])
    assert expected == [Document.from_dict(json.loads(json.dumps(one.to_dict()))) for one in expected]


async def test_it_runs_in_the_pipeline_of_somebody_else(agent: Agent) -> None:
    """A prompt is built of its documents, joined with those of a store of Haystack's own."""
    store = InMemoryDocumentStore()
    store.write_documents([Document(content="Jaws was filmed on an island.", meta={"title": "Island"})])
    pipeline = Pipeline()
    pipeline.add_component("hops", MultiHopRetriever(agent, top_k=2))
    pipeline.add_component("words", InMemoryBM25Retriever(store))
    pipeline.add_component("join", DocumentJoiner())
    pipeline.add_component("prompt", PromptBuilder(TEMPLATE, required_variables="*"))
    pipeline.connect("hops", "join.documents")
    pipeline.connect("words", "join.documents")
    pipeline.connect("join", "prompt.documents")
    asked = {
        "hops": {"query": corpus.QUESTION},
        "words": {"query": corpus.QUESTION},
        "prompt": {"question": corpus.QUESTION},
    }
    told = pipeline.run(asked)["prompt"]["prompt"]

    assert all(f"{title}: " in told for title in ("Jaws (film)", "Steven Spielberg", "Island"))
    assert told == (await pipeline.run_async(asked))["prompt"]["prompt"]


def test_a_pipeline_is_written_down_and_read_back(home: Path, agent: Agent) -> None:
    """Only a program that allows the module loads it; its collections are opened for a run and closed with it."""
    pipeline = Pipeline()
    component = MultiHopRetriever(
        home=str(home),
        collections=["films"],
        profile="fast",
        top_k=2,
        filters=PLACES,
        filter_policy=FilterPolicy.MERGE,
    )
    pipeline.add_component("hops", component)
    text = pipeline.dumps()
    with pytest.raises(Exception, match="polyhop"):
        Pipeline.loads(text)
    again = Pipeline.loads(text, allowed_modules=["polyhop.*"])
    question = "Which river flows through Vienna?"
    expected = [one.title for one in agent.retrieve(question, 2, where="kind = 'place' and year < 1900").passages]

    assert text == again.dumps()
    assert expected == titles(again.run({"hops": {"query": question, "filters": OLD}})["hops"]["documents"])
    again.close()
    assert expected == titles(again.run({"hops": {"query": question, "filters": OLD}})["hops"]["documents"])
    again.close()


def test_an_agent_of_the_callers_is_left_open_and_not_written_down(agent: Agent) -> None:
    """Closing the component does not close it, and there is nothing to write down."""
    component = MultiHopRetriever(agent)
    component.close()

    assert component.run(corpus.QUESTION)["documents"]
    with pytest.raises(CallerError, match="home and collections"):
        component.to_dict()
    with pytest.raises(CallerError, match="not both"):
        MultiHopRetriever(agent, home="elsewhere")


async def test_mistakes_are_those_of_the_agent(agent: Agent, tmp_path: Path) -> None:
    """An empty question, a bad number, a filter that is none, and a collection that is not there."""
    component = MultiHopRetriever(agent)
    missing = MultiHopRetriever(home=str(tmp_path), collections=["none"])
    for one, asked in (
        (component, {"query": " "}),
        (component, {"query": "Who?", "top_k": 0}),
        (component, {"query": "Who?", "filters": {"year": 2020}}),
        (missing, {"query": "Who?"}),
    ):
        with pytest.raises(CallerError):
            one.run(**asked)
        with pytest.raises(CallerError):
            await one.run_async(**asked)
    with pytest.raises(CallerError):
        MultiHopRetriever(agent, filters={"year": 2020})
    with pytest.raises(ValueError, match="profile"):
        MultiHopRetriever(home=str(tmp_path), profile="best").warm_up()


KEYS = st.sampled_from(["year", "lang", "na`me.x"])
VALUES = st.sampled_from([None, 0, 3, 2.5, "de", "en", "it's *"])
NUMBERS = st.sampled_from([None, 0, 3, 2.5, -1])
FIELDS = st.builds(lambda key, bare: key if bare else f"meta.{key}", st.sampled_from(["year", "lang"]), st.booleans())
LEAVES = st.one_of(
    st.fixed_dictionaries({"field": FIELDS, "operator": st.sampled_from(["==", "!="]), "value": VALUES}),
    st.fixed_dictionaries(
        {"field": FIELDS, "operator": st.sampled_from(["in", "not in"]), "value": st.lists(VALUES, max_size=3)}
    ),
    st.fixed_dictionaries(
        {"field": st.just("meta.size"), "operator": st.sampled_from(["<", "<=", ">", ">="]), "value": NUMBERS}
    ),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(["AND", "OR", "NOT"]), "conditions": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=6,
)
METADATA = st.fixed_dictionaries(
    {},
    optional={"year": VALUES.filter(bool), "lang": VALUES.filter(bool), "size": NUMBERS.filter(bool)},
)


@given(filters=FILTERS, metadata=METADATA)
def test_filters_mean_what_haystack_says(filters: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Whatever document: ours lets it pass where Haystack's own evaluation does."""
    expected = document_matches_filter(filters, Document(content="text", meta=metadata))

    assert expected == parse(where_of(filters)).matches(metadata)


def test_lists_of_values_are_ours() -> None:
    """Of a document with several tags any may satisfy a condition; none may for its opposite."""
    law = {"field": "meta.tags", "operator": "==", "value": "law"}
    tags = {"tags": ["news", "law"]}

    assert parse(where_of(law)).matches(tags)
    assert not parse(where_of({**law, "operator": "!="})).matches(tags)
    assert ("", "") == (where_of(None), where_of({}))


@pytest.mark.parametrize("filters", [
    {"year": 2020},
    {"field": "meta.year", "operator": "~", "value": 1},
    {"field": "meta.year", "operator": "=="},
    {"field": "meta.year", "operator": ">", "value": True},
    {"field": "meta.year", "operator": "in", "value": "2020"},
    {"field": "meta.year", "operator": "==", "value": {"a": 1}},
    {"field": "content", "operator": "==", "value": "text"},
    {"operator": "AND", "conditions": []},
    {"operator": "XOR", "conditions": [PLACES]},
    {"operator": "AND", "conditions": ["year"]},
])  # fmt: skip
def test_what_cannot_be_translated_is_refused(filters: dict[str, Any]) -> None:
    """Nothing is left out silently: more would be found than was asked for."""
    with pytest.raises(CallerError):
        where_of(filters)
