"""The retriever that remembers: the same answers, each asked for once, at the cost that it had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from polyhop.agent import Agent
from polyhop.agent.evaluate import compare
from polyhop.agent.evaluate.compare import Memory, cached
from polyhop.encoders import Encoder
from polyhop.retrieval.retriever import Retriever
from polyhop.store.collection import Collection
from tests import corpus
from tests.clock import Clock
from tests.retrieval.contract import RetrieverContract


class Counting:
    """A retriever that counts the calls that reach it."""

    def __init__(self, inner: Collection) -> None:
        self.inner = inner
        self.calls: Counter[str] = Counter()

    @property
    def embedder(self) -> Any:
        """Return this as the embedder too."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name in ("name", "dimension", "max_tokens", "encode_queries", "encode_passages", "count_tokens"):
            return self._counted(name, getattr(self.inner.embedder, name))
        return self._counted(name, getattr(self.inner, name))

    def _counted(self, name: str, found: Any) -> Any:
        if not callable(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            self.calls[name] += 1
            return found(*arguments, **options)

        return call


@pytest.fixture(scope="module")
def linking(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages and a page that links to some of them."""
    documents = [*corpus.DOCUMENTS, corpus.LINKING]
    with corpus.collection(tmp_path_factory.mktemp("cached"), embedder, documents=documents) as opened:
        yield opened


class TestCached(RetrieverContract):
    """A collection that remembers, asked everything twice."""

    @pytest.fixture
    def retriever(self, linking: Collection) -> Retriever:
        """Return a retriever whose memory is filled."""
        made = cached(linking, Memory())
        Agent(made).retrieve(corpus.QUESTION)
        return made


def test_the_second_run_asks_nothing(films: Collection) -> None:
    """A question asked again is answered alike, and no look-up is made."""
    counting = Counting(films)
    agent = Agent(cached(counting, Memory()))
    first = agent.retrieve(corpus.QUESTION)
    before = counting.calls.copy()
    second = agent.retrieve(corpus.QUESTION)

    assert {"encode_queries", "dense", "lexical", "bearers", "linked", "background"} <= set(before)
    assert Counter() == counting.calls - before
    assert [one.id for one in first.passages] == [one.id for one in second.passages]
    assert [one.id for one in Agent(films).retrieve(corpus.QUESTION).passages] == [one.id for one in first.passages]


def test_a_filter_and_a_depth_belong_to_what_is_asked(films: Collection) -> None:
    """Calls that differ in k or filter are different calls."""
    remembering = cached(films, Memory())
    everything = remembering.lexical("film director", 10)
    people = remembering.lexical("film director", 10, where="kind = 'person'")

    assert everything[:2] == remembering.lexical("film director", 2)
    assert len(people) < len(everything)


def test_results_are_copies(films: Collection) -> None:
    """Who changes what it was given does not change what the next one gets."""
    remembering = cached(films, Memory())
    remembering.lexical("film director", 5).clear()
    remembering.embedder.encode_passages(["film"])[:] = 0

    assert remembering.lexical("film director", 5)
    np.testing.assert_allclose(1, np.linalg.norm(remembering.embedder.encode_passages(["film"])), atol=1e-3)


def test_remembered_calls_are_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time spent and time saved are together what the work costs, and forgetting makes it cost anew."""
    clock, memory = Clock(monkeypatch, compare), Memory()

    def slow() -> str:
        clock.forward(2.0)
        return "done"

    def cost(work: Callable[[], str]) -> float:
        began, saved = clock.now, memory.saved
        assert "done" == memory.once(work, "work")
        return clock.now - began + memory.saved - saved

    assert 2.0 == cost(slow)
    assert 0.0 == memory.saved
    assert 2.0 == cost(pytest.fail)
    assert (2.0, 2.0) == (clock.now, memory.saved)
    memory.forget()
    with pytest.raises(pytest.fail.Exception):
        cost(pytest.fail)
