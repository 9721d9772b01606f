"""The walk: what the graph does, without LangGraph, and gone on with after an exception."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from polyhop.graphs.retrieve import retrieve_graph
from polyhop.graphs.state import Request
from polyhop.graphs.stop import AfterHops
from polyhop.graphs.walk import Walk
from polyhop.retrieval.embed import Embedder
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import Find
from polyhop.retrieval.rerank.path import PathScore
from polyhop.retrieval.rerank.role import Ranked
from polyhop.retrieval.store.collection import Collection
from polyhop.retrieval.working import Working
from tests import corpus

from .test_graphs import context, request, result


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("walk"), embedder) as opened:
        yield opened


def walk(films: Collection, question: str, *hops: LinkHop | DirectionalHop, limit: int = 3) -> Walk:
    """Return a run that has not begun."""
    return Walk(cast(Request, request(question)), context(films, *hops, stop=AfterHops(limit)))


@pytest.mark.parametrize("question", corpus.HOPS)
@pytest.mark.parametrize("hops", [(LinkHop(),), (LinkHop(), DirectionalHop())], ids=["link", "both"])
def test_a_walk_ends_in_the_state_of_the_graph(
    question: str, hops: Sequence[LinkHop | DirectionalHop], films: Collection
) -> None:
    """State and events are the same to the last key."""
    expected = retrieve_graph().invoke(request(question), context=context(films, *hops, stop=AfterHops(3)))
    assert result(expected) == result(dict(walk(films, question, *hops).go()))


class Interrupted(PathScore):
    """A reranker that fails the first few times."""

    failures = 2

    def rank(self, finds: Sequence[Find], run: Working) -> list[Ranked]:
        """Fail, or rank."""
        type(self).failures -= 1
        if self.failures >= 0:
            raise RuntimeError("not now")
        return PathScore().rank(finds, run)


def test_an_interrupted_step_is_done_again(films: Collection) -> None:
    """A step that raised leaves no trace, and going on ends where an undisturbed run ends."""
    made = context(films, stop=AfterHops(3))
    made.reranker = Interrupted()
    interrupted = Walk(cast(Request, request()), made)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not now"):
            interrupted.go()
    assert result(dict(walk(films, corpus.QUESTION).go())) == result(dict(interrupted.go()))
