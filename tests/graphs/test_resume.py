"""Resuming: a run whose process was killed between hops goes on, and repeats nothing that was finished."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.agent import Agent, CallerError, OperatorError, Retrieval
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from tests import corpus

from .hopping_child import THREAD, profile

CHILD = Path(__file__).with_name("hopping_child.py")


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Make a collection and close it."""
    corpus.collection(tmp_path, embedder).close()
    return tmp_path


@pytest.fixture
def films(home: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open the collection after the child is gone."""
    with Collection.open(home, "films", embedder=embedder) as opened:
        yield opened


def killed(home: Path, place: str) -> Counter[str]:
    """Run the child until it kills itself and return the calls it made."""
    log = home / "calls.log"
    command = [sys.executable, str(CHILD), str(home), str(home / "runs.sqlite"), str(log), corpus.QUESTION, place]
    assert -signal.SIGKILL == subprocess.run(command, stdout=subprocess.DEVNULL, timeout=100).returncode
    return Counter(log.read_text().splitlines())


def agent(films: Collection, home: Path, *, checkpoint: str = "", closer: bool = False) -> Agent:
    """Return an agent that counts into the child's log and has its checkpoints."""
    parts = profile(home / "calls.log", checkpoint=checkpoint, closer=closer)
    return Agent(films, profile=parts, checkpoints=home / "runs.sqlite")


def told(retrieval: Retrieval) -> object:
    """Return what a run found and how, without its times."""
    events = [{key: value for key, value in event.items() if key != "ms"} for event in retrieval.events]
    return retrieval.passages, retrieval.hops, retrieval.stopped, events


@pytest.mark.slow
@pytest.mark.parametrize(("place", "before", "after"), [
    ("link propose", {"search search": 1, "link propose": 1},
     {"search search": 1, "link propose": 3, "link search": 2}),
    ("link search", {"search search": 1, "link propose": 1, "link search": 1},
     {"search search": 1, "link propose": 2, "link search": 3}),
])  # fmt: skip
def test_a_killed_run_goes_on_where_it_was(
    place: str, before: dict[str, int], after: dict[str, int], home: Path, embedder: Encoder
) -> None:
    """Finished hops are not run again, the one that was interrupted is, and the result is that of a whole run."""
    assert before == killed(home, place)
    with Collection.open(home, "films", embedder=embedder) as films, agent(films, home) as resuming:
        resumed = resuming.retrieve(corpus.QUESTION, 5, thread=THREAD)
        assert after == Counter((home / "calls.log").read_text().splitlines())
        assert told(resuming.retrieve(corpus.QUESTION, 5)) == told(resumed)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["span propose", "span search"])
def test_a_run_killed_before_its_second_look_has_one(place: str, home: Path, embedder: Encoder) -> None:
    """Killed between the last ranking and the second look it searches no more, and ends like a whole run."""
    before = killed(home, place)
    assert (1, 2) == (before["span propose"], before["link search"])
    with Collection.open(home, "films", embedder=embedder) as films, agent(films, home, closer=True) as resuming:
        resumed = resuming.retrieve(corpus.QUESTION, 5, thread=THREAD)
        calls = Counter((home / "calls.log").read_text().splitlines())
        assert {**before, "span propose": 2, "span search": before["span search"] + 1} == calls
        assert 1 == sum(event["event"] == "rerank" for event in resumed.events)
        assert told(resuming.retrieve(corpus.QUESTION, 5)) == told(resumed)


@pytest.mark.slow
async def test_a_killed_run_goes_on_asynchronously(home: Path, embedder: Encoder) -> None:
    """The same holds when the run is taken up by async code."""
    killed(home, "link propose")
    with Collection.open(home, "films", embedder=embedder) as films, agent(films, home) as resuming:
        resumed = await resuming.aretrieve(corpus.QUESTION, 5, thread=THREAD)
        assert 1 == Counter((home / "calls.log").read_text().splitlines())["search search"]
        assert told(await resuming.aretrieve(corpus.QUESTION, 5)) == told(resumed)


@pytest.mark.slow
def test_a_passage_that_went_meanwhile_takes_its_branch_along(home: Path, embedder: Encoder) -> None:
    """Queries along a passage that was removed between kill and resumption are dropped, and the run says so."""
    killed(home, "link search")
    with Collection.open(home, "films", embedder=embedder) as films:
        gone = corpus.ids(films)["Jaws (film)"]
        films.remove(["Jaws (film).md"])
        with agent(films, home) as resuming:
            resumed = resuming.retrieve(corpus.QUESTION, 5, thread=THREAD)

    searches = [event for event in resumed.events if event["event"] == "search"]
    proposed = next(event["queries"] for event in resumed.events if event["event"] == "hop")
    assert [gone] == searches[1]["dropped"]
    assert 0 < searches[1]["queries"] < proposed
    assert gone not in {passage.id for passage in resumed.passages}
    assert gone not in {step.id for passage in resumed.passages for step in passage.path}
    assert 5 == len(resumed.passages)


@pytest.mark.slow
def test_a_run_of_other_weights_is_refused(home: Path, embedder: Encoder) -> None:
    """A run that was begun with one checkpoint of an updater is not finished with another."""
    killed(home, "link search")
    with Collection.open(home, "films", embedder=embedder) as films, agent(films, home, checkpoint="other") as resuming:
        with pytest.raises(OperatorError, match=r"'link', checkpoint \[''\].*another thread"):
            resuming.retrieve(corpus.QUESTION, 5, thread=THREAD)
        assert resuming.retrieve(corpus.QUESTION, 5, thread="fresh").passages


@pytest.mark.slow
def test_another_question_under_the_thread_begins_anew(home: Path, embedder: Encoder) -> None:
    """A thread that was interrupted answers another question, or another k, from the beginning."""
    killed(home, "link propose")
    with Collection.open(home, "films", embedder=embedder) as films, agent(films, home) as asked:
        question = list(corpus.HOPS)[1]
        assert told(asked.retrieve(question, 5)) == told(asked.retrieve(question, 5, thread=THREAD))


def test_a_finished_thread_begins_anew(films: Collection, home: Path) -> None:
    """Asking again under the thread of a finished run is a new run."""
    with agent(films, home) as asked:
        first = asked.retrieve(corpus.QUESTION, 5, thread="t")
        assert told(first) == told(asked.retrieve(corpus.QUESTION, 5, thread="t"))
        assert 2 == Counter((home / "calls.log").read_text().splitlines())["search search"]


def test_a_thread_needs_a_file(films: Collection) -> None:
    """A run under a thread is refused where there is nowhere to keep it."""
    with pytest.raises(CallerError, match="checkpoints=FILE"):
        Agent(films).retrieve(corpus.QUESTION, thread="t")


async def test_a_thread_needs_a_file_asynchronously(films: Collection) -> None:
    """The same holds for async code."""
    with pytest.raises(CallerError, match="checkpoints=FILE"):
        await Agent(films).aretrieve(corpus.QUESTION, thread="t")


async def test_checkpoints_that_cannot_be_opened_are_said(films: Collection, tmp_path: Path) -> None:
    """A checkpoint file in a place that is not there is the operator's matter, synchronously and not."""
    with Agent(films, checkpoints=tmp_path / "nowhere" / "runs.sqlite") as asked:
        with pytest.raises(OperatorError, match="nowhere"):
            asked.retrieve(corpus.QUESTION, thread="t")
        with pytest.raises(OperatorError, match="nowhere"):
            await asked.aretrieve(corpus.QUESTION, thread="t")
