"""A run's context: its clock, its memory, and that it is for one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import CallerError
from polyhop.core.llm import Gateway
from polyhop.encoders import Encoder
from polyhop.graphs import context as contexts
from polyhop.graphs.executor import walk
from polyhop.graphs.retrieve import retrieve_graph
from polyhop.graphs.state import Request, State
from polyhop.store.collection import Collection
from tests import corpus

from .test_graphs import context, request

OTHER = "Which river flows through Vienna?"
HISTORY = [{"role": "user", "content": "Who directed Jaws?"}, {"role": "assistant", "content": "Steven Spielberg."}]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("context"), embedder) as opened:
        yield opened


def test_a_second_run_is_refused(films: Collection) -> None:
    """A context that has had a run answers no other question out of the memory of the first."""
    used = context(films)
    walk(cast(Request, request()), used)
    with pytest.raises(CallerError, match="make a new one"):
        walk(cast(Request, request(OTHER)), used)
    with pytest.raises(CallerError, match="make a new one"):
        retrieve_graph().invoke(request(OTHER), context=used)


def test_a_conversation_is_one_run(films: Collection) -> None:
    """The clock starts once where the question has to be made first, and a second run is refused there too."""
    used = context(films)
    asked = cast(Request, {"turn": "Where was he born?", "history": HISTORY, "k": 4, "where": ""})
    assert walk(asked, used)["ranked"]
    with pytest.raises(CallerError, match="make a new one"):
        walk(asked, used)


def test_the_memory_is_that_of_what_is_asked(films: Collection) -> None:
    """Where question, filter or depth are others the memory is made anew; otherwise it is kept."""
    made = context(films)
    first = made.working(State(question=corpus.QUESTION, k=4, where=""))
    assert first is made.working(State(question=corpus.QUESTION, k=4, where=""))
    others = [
        State(question=OTHER, k=4, where=""),
        State(question=OTHER, k=4, where="kind == 'film'"),
        State(question=OTHER, k=5, where="kind == 'film'"),
    ]
    expected = [(other["question"], other["where"], other["k"]) for other in others]
    assert expected == [(run.question, run.where, run.k) for run in map(made.working, others)]


def test_a_gateway_ends_with_the_run_that_it_is_for(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its deadline counts from the beginning of the run, not from the making of the context."""
    model = Gateway([ScriptedModel([])])
    made = context(films, llm=model, seconds=30.0)
    monkeypatch.setattr(contexts, "time", SimpleNamespace(monotonic=lambda: 1e9, perf_counter=time.perf_counter))
    walk(cast(Request, request()), made)
    assert 1e9 + 30.0 == model.deadline


def test_what_a_run_waits_for_others_is_not_its_time(films: Collection) -> None:
    """A pause moves the beginning and the deadline of the gateway."""
    model = Gateway([ScriptedModel([])], deadline=100.0)
    made = context(films, llm=model, started=70.0)
    made.pause(5.0)
    assert (75.0, 105.0) == (made.started, model.deadline)
