"""An agent as a LlamaIndex retriever: its nodes, in somebody's query engine and agent, and its filters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core import get_response_synthesizer
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode, NodeRelationship, QueryBundle
from llama_index.core.tools import RetrieverTool
from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.utils import build_metadata_filter_fn

from polyhop.agent import Agent, CallerError, Settings
from polyhop.agent.adapters.llama_index import NodeRetriever, where_of
from polyhop.agent.adapters.passages import metadata_of
from polyhop.encoders import Encoder
from polyhop.store.filter import parse
from tests import corpus

PLACES = MetadataFilters(filters=[MetadataFilter(key="kind", value="place")])


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Agent]:
    """Return an agent over the known passages, with default settings."""
    with corpus.collection(tmp_path_factory.mktemp("llama"), embedder) as films:
        yield Agent(films, settings=Settings())


async def test_nodes_are_the_passages_of_retrieve(agent: Agent) -> None:
    """Text, score, metadata, place in the document and the document itself, sync and async."""
    retriever = NodeRetriever(agent, 3)
    found = agent.retrieve(corpus.QUESTION, 3).passages
    nodes = retriever.retrieve(corpus.QUESTION)
    again = await retriever.aretrieve(QueryBundle(corpus.QUESTION))

    assert [one.id for one in found] == [one.node.node_id for one in nodes] == [one.node.node_id for one in again]
    for passage, scored in zip(found, nodes, strict=True):
        node: Any = scored.node
        assert (passage.text, passage.score, metadata_of(passage)) == (node.text, scored.score, node.metadata)
        assert (passage.start, passage.end) == (node.start_char_idx, node.end_char_idx)
        assert passage.document == node.relationships[NodeRelationship.SOURCE].node_id
        assert node.metadata == json.loads(json.dumps(node.metadata))


def test_a_model_reads_the_title_and_not_the_bookkeeping(agent: Agent) -> None:
    """Scores and paths are for programs; a prompt has title and text."""
    first = NodeRetriever(agent, 1).retrieve(corpus.QUESTION)[0].node
    told = first.get_content(MetadataMode.LLM)

    assert told.startswith("title: Jaws (film)\n") and told.endswith(first.get_content(MetadataMode.NONE))
    assert "score" not in told and "path" not in told


async def test_it_runs_in_the_query_engine_of_somebody_else(agent: Agent) -> None:
    """An engine with a postprocessor and a synthesizer answers from its nodes, and names them as sources.

    The model of LlamaIndex's tests repeats its prompt, so that what it was told can be seen; nothing is downloaded,
    for the tests reach this machine only.
    """
    engine = RetrieverQueryEngine(
        retriever=NodeRetriever(agent, 2),
        response_synthesizer=get_response_synthesizer(llm=MockLLM()),
        node_postprocessors=[SimilarityPostprocessor(similarity_cutoff=-100)],
    )
    expected = [one.id for one in agent.retrieve(corpus.QUESTION, 2).passages]
    for said in (engine.query(corpus.QUESTION), await engine.aquery(corpus.QUESTION)):
        assert expected == [one.node.node_id for one in said.source_nodes]
        assert "born in Cincinnati" in str(said) and "title: Steven Spielberg" in str(said)


async def test_an_agent_has_it_as_a_tool(agent: Agent) -> None:
    """The tool that LlamaIndex makes of a retriever tells a model what was found."""
    tool = RetrieverTool.from_defaults(NodeRetriever(agent, 2), name="look_up", description="Searches films.")
    said, again = tool.call(input=corpus.QUESTION), await tool.acall(input=corpus.QUESTION)

    assert "look_up" == tool.metadata.name
    assert "born in Cincinnati" in said.content and said.content == again.content


async def test_filters_of_both_kinds_hold_together(agent: Agent) -> None:
    """A filter of ours and one of LlamaIndex's let pass what both let pass."""
    question = "Which river flows through Vienna?"
    retriever = NodeRetriever(agent, 9, where="year = 0 or year = 1954", filters=PLACES)
    expected = agent.retrieve(question, 9, where="(year = 0 or year = 1954) and kind = 'place'").passages

    assert [one.id for one in expected] == [one.node.node_id for one in retriever.retrieve(question)]
    assert {"Vienna", "Danube", "Ohio River"} == {one.title for one in expected}


async def test_mistakes_are_those_of_the_agent(agent: Agent) -> None:
    """An empty question, a bad number and a bad filter are refused as `retrieve` refuses them."""
    for retriever, question in (
        (NodeRetriever(agent), " "),
        (NodeRetriever(agent, 0), "Who?"),
        (NodeRetriever(agent, where="year >> 1990"), "Who?"),
    ):
        with pytest.raises(CallerError):
            retriever.retrieve(question)
        with pytest.raises(CallerError):
            await retriever.aretrieve(question)


OP = FilterOperator
TEXTS = st.sampled_from(["de", "en", "DEN", "it's *"])
LEAVES = st.one_of(
    st.builds(
        MetadataFilter,
        key=st.just("year"),
        value=st.sampled_from([0, 3, 2.5]),
        operator=st.sampled_from([OP.EQ, OP.NE, OP.LT, OP.LTE, OP.GT, OP.GTE]),
    ),
    st.builds(
        MetadataFilter,
        key=st.just("lang"),
        value=TEXTS,
        operator=st.sampled_from([OP.EQ, OP.NE, OP.TEXT_MATCH_INSENSITIVE, OP.IS_EMPTY]),
    ),
    st.builds(
        MetadataFilter,
        key=st.just("lang"),
        value=st.lists(TEXTS, min_size=1, max_size=3),
        operator=st.sampled_from([OP.IN, OP.NIN]),
    ),
    st.builds(MetadataFilter, key=st.just("tags"), value=TEXTS, operator=st.just(OP.CONTAINS)),
    st.builds(
        MetadataFilter,
        key=st.just("tags"),
        value=st.lists(TEXTS, min_size=1, max_size=3),
        operator=st.sampled_from([OP.ANY, OP.ALL]),
    ),
)
FILTERS = st.builds(
    MetadataFilters, filters=st.lists(LEAVES, min_size=1, max_size=4), condition=st.sampled_from(list(FilterCondition))
)
METADATA = st.fixed_dictionaries(
    {},
    optional={"year": st.sampled_from([0, 3, 2.5, 7]), "lang": TEXTS, "tags": st.lists(TEXTS, min_size=1, max_size=3)},
)


@given(filters=FILTERS, metadata=METADATA)
def test_filters_mean_what_llama_index_says(filters: MetadataFilters, metadata: dict[str, Any]) -> None:
    """Whatever document: ours lets it pass where LlamaIndex's own evaluation does."""
    expected = build_metadata_filter_fn(lambda node: metadata, filters)("node")

    assert expected == parse(where_of(filters)).matches(metadata)


def test_filters_within_filters() -> None:
    """Conditions nest; LlamaIndex's own evaluation does not take that, its vector stores do."""
    young = MetadataFilters(
        filters=[MetadataFilter(key="year", value=1900, operator=OP.GT), MetadataFilter(key="kind", value="film")],
        condition=FilterCondition.OR,
    )
    both = MetadataFilters(filters=[young, MetadataFilter(key="lang", value="en", operator=OP.NE)])

    assert "(year > 1900 or kind = 'film') and not lang = 'en'" == where_of(both)
    assert ("", "") == (where_of(None), where_of(MetadataFilters(filters=[])))


@pytest.mark.parametrize("one", [
    MetadataFilter(key="text", value="Jaws", operator=OP.TEXT_MATCH),
    MetadataFilter(key="tags", value="law", operator=OP.IN),
    MetadataFilter(key="year", value=None, operator=OP.GT),
])  # fmt: skip
def test_what_cannot_be_translated_is_refused(one: MetadataFilter) -> None:
    """Nothing is left out silently: more would be found than was asked for."""
    with pytest.raises(CallerError):
        where_of(MetadataFilters(filters=[one]))
