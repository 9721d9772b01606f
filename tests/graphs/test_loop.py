"""The walk: what the graph does, without LangGraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from polyhop.encoders import Encoder
from polyhop.graphs.graph import question_graph
from polyhop.graphs.loop import ask
from polyhop.graphs.state import Request
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.stop import MOST_HOPS, MaxHops
from polyhop.store.collection import Collection
from tests import corpus

from .test_graphs import new_run, request, result


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
    stop = MaxHops(2)
    expected = question_graph().invoke(request(question), context=new_run(films, *hops, stop=stop))
    walked = ask(cast(Request, request(question)), new_run(films, *hops, stop=stop))
    assert result(expected) == result(dict(walked))


def test_a_walk_is_bounded(films: Collection) -> None:
    """Whatever the stop rule says, a walk ends after as many searches as the graph."""
    walked = ask(cast(Request, request()), new_run(films, stop=MaxHops(99)))
    assert MOST_HOPS == walked["searches"]
