"""The walk: what the graph does, without LangGraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from polyhop.encoders import Encoder
from polyhop.graphs.executor import walk
from polyhop.graphs.retrieve import retrieve_graph
from polyhop.graphs.state import Request
from polyhop.graphs.stop import MAX_HOPS, AfterHops
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.store.collection import Collection
from tests import corpus

from .test_graphs import context, request, result


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("walk"), embedder) as opened:
        yield opened


@pytest.mark.parametrize("question", corpus.HOPS)
@pytest.mark.parametrize("hops", [(LinkHop(),), (LinkHop(), DirectionalHop())], ids=["link", "both"])
def test_a_walk_ends_in_the_state_of_the_graph(
    question: str, hops: Sequence[LinkHop | DirectionalHop], films: Collection
) -> None:
    """State and events are the same to the last key."""
    stop = AfterHops(3)
    expected = retrieve_graph().invoke(request(question), context=context(films, *hops, stop=stop))
    walked = walk(cast(Request, request(question)), context(films, *hops, stop=stop))
    assert result(expected) == result(dict(walked))


def test_a_walk_is_bounded(films: Collection) -> None:
    """Whatever the stop rule says, a walk ends after as many searches as the graph."""
    walked = walk(cast(Request, request()), context(films, stop=AfterHops(100)))
    assert MAX_HOPS == walked["hops"]
