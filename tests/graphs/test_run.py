"""A run: its clock, its memory, and that it is for one question."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import CallerError
from polyhop.core.llm.gateway import Gateway
from polyhop.encoders import Encoder
from polyhop.graphs.graph import question_graph
from polyhop.graphs.loop import ask
from polyhop.graphs.state import Request
from polyhop.retrieval import run as runs
from polyhop.store.collection import Collection
from tests import corpus

from .test_graphs import new_run, request

OTHER = "Which river flows through Vienna?"
HISTORY = [{"role": "user", "content": "Who directed Jaws?"}, {"role": "assistant", "content": "Steven Spielberg."}]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("context"), embedder) as opened:
        yield opened


def test_a_second_run_is_refused(films: Collection) -> None:
    """A run that has had its question answers no other question out of the memory of the first."""
    used = new_run(films)
    ask(cast(Request, request()), used)
    with pytest.raises(CallerError, match="make a new one"):
        ask(cast(Request, request(OTHER)), used)
    with pytest.raises(CallerError, match="make a new one"):
        question_graph().invoke(request(OTHER), context=used)


def test_a_conversation_is_one_run(films: Collection) -> None:
    """The clock starts once where the question has to be made first, and a second run is refused there too."""
    used = new_run(films)
    asked = cast(Request, {"turn": "Where was he born?", "history": HISTORY, "k": 4, "where": ""})
    assert ask(asked, used)["ranked"]
    with pytest.raises(CallerError, match="make a new one"):
        ask(asked, used)


def test_the_memory_is_that_of_what_is_asked(films: Collection) -> None:
    """Where question, filter or depth are others the memory is made anew; otherwise it is kept."""
    made = new_run(films)
    made.about(corpus.QUESTION, "", 4)
    made.gone.add("gone")
    made.about(corpus.QUESTION, "", 4)
    assert {"gone"} == made.gone
    for other in [(OTHER, "", 4), (OTHER, "kind == 'film'", 4), (OTHER, "kind == 'film'", 5)]:
        made.about(*other)
        assert (other, set()) == ((made.question, made.where, made.k), made.gone)
        made.gone.add("gone")


def test_a_gateway_ends_with_the_run_that_it_is_for(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its deadline counts from the beginning of the run, not from the making of the run."""
    model = Gateway([ScriptedModel([])])
    made = new_run(films, llm=model, seconds=30.0)
    monkeypatch.setattr(runs, "time", SimpleNamespace(monotonic=lambda: 1e9, perf_counter=time.perf_counter))
    ask(cast(Request, request()), made)
    assert 1e9 + 30.0 == model.deadline


def test_what_a_run_waits_for_others_is_not_its_time(films: Collection) -> None:
    """A pause moves the beginning and the deadline of the gateway."""
    model = Gateway([ScriptedModel([])], deadline=100.0)
    made = new_run(films, llm=model)
    made.started = 70.0
    made.pause(5.0)
    assert (75.0, 105.0) == (made.started, model.deadline)
