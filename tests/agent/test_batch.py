"""Batches: the same results as one question at a time, whatever becomes of one of them."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent import Agent, CallerError, Document, OperatorError, Retrieval, Settings
from polyhop.agent import batch as batches
from polyhop.core.types import Vectors
from polyhop.encoders import Encoder
from polyhop.graphs import loop
from polyhop.graphs.nodes import steps
from polyhop.retrieval import run as runs
from polyhop.retrieval.candidate import Candidate, Query
from polyhop.retrieval.config import Config
from polyhop.retrieval.fusion.guided import Guided
from polyhop.retrieval.fusion.minmax import MinMax
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.shared import SharedNameHop
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.reformulations import Feedback
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import MaxHops, WhenDry
from polyhop.store.collection import Collection
from tests import corpus
from tests.clock import Clock

TEMPLATES = (
    "Where was the director of {} born?",
    "Which river flows through {}?",
    "Who made {}, and when?",
    "What is known about {} and about the country in which it lies, if it is a city at all?",
    "{}",
    "Is {} older than The Third Man?",
)
TITLES = [document.title for document in corpus.DOCUMENTS]
QUESTIONS = [template.format(title) for template, title in product(TEMPLATES, TITLES)][:64]
PROFILES = {
    "default": Config(),
    "everything": Config(
        hops=(LinkHop(), SharedNameHop(), DirectionalHop()), augment=Feedback(), stop=MaxHops(2) | WhenDry()
    ),
    # Ranks hide the last digits of a score, other fusions magnify them.
    "minmax": Config(first=FirstSearch(fusion=MinMax())),
    "guided": Config(first=FirstSearch(fusion=Guided())),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("batch"), embedder) as opened:
        yield opened


def asking(films: Any, *, config: Config | None = None) -> Agent:
    """Return an agent over the known passages."""
    return Agent(films, settings=Settings(), config=config)


def told(retrieval: Retrieval | Exception) -> Any:
    """Return a retrieval without its times, or the error."""
    if isinstance(retrieval, Exception):
        return retrieval
    found = [(one.id, one.score, one.via, one.name, one.path) for one in retrieval.passages]
    return retrieval.question, found, retrieval.hops, retrieval.stopped


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILES)
def test_sixty_four_questions_have_the_results_they_have_alone(name: str, films: Collection) -> None:
    """Ids, their order, scores, ways and paths do not depend on the company, in plain and in async code."""
    agent = asking(films, config=PROFILES[name])
    alone = [told(agent.retrieve(question, 6)) for question in QUESTIONS]

    assert 64 == len(set(QUESTIONS))
    assert alone == [told(one) for one in agent.batch(QUESTIONS, 6)]
    assert alone == [told(one) for one in asyncio.run(agent.abatch(QUESTIONS, 6))]


def test_a_question_may_come_twice(films: Collection) -> None:
    """Equal questions have equal results, each at its place."""
    agent = asking(films)
    first, other = QUESTIONS[0], QUESTIONS[-1]
    expected = [told(agent.retrieve(question)) for question in (first, other, first)]
    assert expected == [told(one) for one in agent.batch([first, other, first])]


def test_a_filter_holds_for_all_questions(films: Collection) -> None:
    """Every passage of a filtered batch passes, and the results are those of the filtered questions alone."""
    agent, where = asking(films), "kind in ('film', 'person')"
    found = agent.batch(QUESTIONS[:8], 6, where=where)

    assert {"film", "person"} == {passage.metadata["kind"] for one in found for passage in one.passages}
    assert [told(agent.retrieve(question, 6, where=where)) for question in QUESTIONS[:8]] == list(map(told, found))


class Failing:
    """The embedder, which fails for a text; `calls` are the numbers of texts it was asked for at once."""

    def __init__(self, embedder: Encoder, text: str = "") -> None:
        self._embedder = embedder
        self._text = text
        self.calls: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed, or fail."""
        self.calls.append(len(texts))
        if self._text in texts:
            raise OperatorError(f"cannot embed {self._text!r}")
        return self._embedder.encode_passages(texts)

    encode_queries = encode_passages


def test_a_question_that_fails_costs_the_others_nothing(films: Collection, embedder: Encoder) -> None:
    """The error stands in the place of its question, whether the question is bad or the embedder fails at it."""
    bad = "Who is too much for the embedder?"
    with Collection.open(films.folder.parent, films.name, embedder=Failing(embedder, bad)) as opened:
        questions = [QUESTIONS[0], bad, "", QUESTIONS[1]]
        first, failed, empty, last = asking(opened).batch(questions, errors="return")
        again = asyncio.run(asking(opened).abatch(questions, errors="return"))
    alone = asking(films)

    assert (OperatorError, CallerError) == (type(failed), type(empty))
    assert [told(alone.retrieve(QUESTIONS[place])) for place in (0, 1)] == [told(first), told(last)]
    assert [told(first), told(last)] == [told(again[0]), told(again[-1])]


def test_the_first_error_is_raised_once_all_are_asked(films: Collection, embedder: Encoder) -> None:
    """Without another wish an error is raised, with a note that says which question it belongs to."""
    with pytest.raises(CallerError, match="empty") as caught:
        asking(films).batch([QUESTIONS[0], "", QUESTIONS[1], " "])
    assert ["question 1 of the batch; 2 of 4 failed"] == caught.value.__notes__


def test_what_is_wrong_with_all_is_said_at_once(films: Collection) -> None:
    """A bad filter, k, option or way with errors is an error of the call, also where errors are to be returned."""
    agent = asking(films)
    options: list[dict[str, Any]] = [{"where": "year >> 1"}, {"k": 0}, {"wehre": ""}, {"errors": "ignore"}]
    for option in options:
        with pytest.raises(CallerError):
            agent.batch(QUESTIONS[:2], **{"errors": "return", **option})


def test_embeddings_are_computed_together(films: Collection, embedder: Encoder) -> None:
    """A batch asks the embedder for many texts at a time."""
    counting = Failing(embedder, "nothing")
    with Collection.open(films.folder.parent, films.name, embedder=counting) as opened:
        asking(opened).batch(QUESTIONS[:32])
    assert sum(counting.calls) / len(counting.calls) > 4


def test_a_set_event_ends_all_runs_after_their_first_search(films: Collection) -> None:
    """A batch that is cancelled returns what it has, and leaves the caller's event as it is."""
    cancel = threading.Event()
    agent = asking(films)
    agent.batch(QUESTIONS[:3], cancel=cancel)
    assert not cancel.is_set()
    cancel.set()
    assert [(0, "WhenCancelled()")] * 3 == [
        (one.hops, one.stopped) for one in agent.batch(QUESTIONS[:3], cancel=cancel)
    ]


class SlowSearch:
    """A first search that tells when it has begun and waits to be let go on."""

    name, checkpoint = "search", ""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.asked: set[str] = set()

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return nothing."""
        return []

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Wait, then search."""
        self.asked.add(run.question)
        self.begun.set()
        self.go_on.wait(60)
        return FirstSearch().search(queries, run)


def test_cancelling_the_task_begins_no_more_questions(films: Collection) -> None:
    """After `abatch` was cancelled the runs under way end, and the agent goes on working."""
    first = SlowSearch()
    agent = asking(films, config=Config(first=first))

    async def leave() -> None:
        task = asyncio.create_task(agent.abatch(QUESTIONS))
        await asyncio.to_thread(first.begun.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        first.go_on.set()

    asyncio.run(leave())
    assert len(first.asked) < len(QUESTIONS)
    assert agent.batch(QUESTIONS[:1])[0].passages


def test_a_batch_goes_around_a_search_of_ones_own(embedder: Encoder) -> None:
    """A search that fails for one question leaves the others alone."""

    def search(question: str, k: int) -> list[dict[str, Any]]:
        if "Danube" in question:
            raise ValueError("no rivers")
        return [{"id": one.key, "text": one.text, "title": one.title} for one in corpus.DOCUMENTS[:k]]

    with Agent.around(search, embedder=embedder) as agent:
        questions = ["Who directed Jaws?", "Where does the Danube end?", "Where was Carol Reed born?"]
        found = agent.batch(questions, 2, errors="return")
        assert isinstance(found[1], ValueError)
        assert [told(agent.retrieve(questions[place], 2)) for place in (0, 2)] == [told(found[0]), told(found[2])]


def test_a_batch_sees_what_was_written_before_it(tmp_path: Path, embedder: Encoder) -> None:
    """A passage that was replaced between two batches is not remembered."""
    with corpus.collection(tmp_path, embedder) as opened:
        agent = asking(opened)
        agent.batch(QUESTIONS[:4])
        opened.add([Document("Jaws (film).md", "Jaws is a film directed by Carol Reed.", "Jaws (film)")])
        (found,) = agent.batch(["Who directed Jaws?"], 3)
    assert "Jaws is a film directed by Carol Reed." in [passage.text for passage in found.passages]


class Watching:
    """A first search that does something before it searches."""

    name, checkpoint = "search", ""

    def __init__(self, before: Any) -> None:
        self._before = before

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return nothing."""
        return []

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Do it, then search."""
        self._before(run)
        return FirstSearch().search(queries, run)


@pytest.mark.parametrize("active", [1, 8])
def test_each_question_has_its_whole_time(active: int, films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the questions before nor those that have a turn meanwhile take from the time of one."""
    clock = Clock(monkeypatch, runs, steps, batches)
    monkeypatch.setattr(batches, "ACTIVE", active)
    monkeypatch.setattr(batches, "TURNS", 1)
    slow = Watching(lambda run: clock.forward(20.0))
    agent = asking(films, config=Config(first=slow, seconds=30.0))
    alone = [told(agent.retrieve(question)) for question in QUESTIONS[:8]]

    assert {1} == {hops for _, _, hops, _ in alone}
    assert alone == [told(one) for one in agent.batch(QUESTIONS[:8])]


def test_the_memory_of_a_run_ends_with_it(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more runs are in memory than are under way, however many have been made, and failed."""
    monkeypatch.setattr(batches, "ACTIVE", 4)
    alive: weakref.WeakSet[Run] = weakref.WeakSet()
    most: list[int] = []

    def count(run: Run) -> None:
        alive.add(run)
        most.append(len(alive))
        if len(most) % 3 == 0:
            raise ValueError("one of three fails")

    agent = asking(films, config=Config(first=Watching(count)))
    gc.disable()
    try:
        outcomes = agent.batch(QUESTIONS[:32], errors="return")
    finally:
        gc.enable()
    assert 10 == sum(isinstance(one, ValueError) for one in outcomes)
    assert 4 >= max(most)


def test_a_batch_leaves_the_garbage_collector_alone(films: Collection) -> None:
    """What the program has put aside stays aside, and nothing else is."""
    before = gc.get_freeze_count()
    seen: set[int] = set()
    asking(films, config=Config(first=Watching(lambda run: seen.add(gc.get_freeze_count())))).batch(QUESTIONS[:2])
    assert {before} == seen | {gc.get_freeze_count()}


def test_stopping_a_batch_ends_the_runs_under_way(films: Collection) -> None:
    """A run that has begun returns what its first search found, and those behind it are not begun."""
    agent = asking(films)
    batch = agent._batch(QUESTIONS[:70], None, "return", {})
    agent.config = Config(first=Watching(lambda run: batch.stop()))
    outcomes = batch.run()

    begun = [one.stopped for one in outcomes if isinstance(one, Retrieval)]
    assert {"WhenCancelled()"} == set(begun)
    assert any(isinstance(one, OperatorError) for one in outcomes)


def test_a_run_that_waits_for_a_thread_has_its_whole_time(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """In async code the clock begins with the work, not when it is put in the queue."""
    clock, at_once = Clock(monkeypatch, runs, steps, loop), asyncio.to_thread

    async def queued(work: Any, *arguments: Any) -> Any:
        clock.forward(60.0)
        return await at_once(work, *arguments)

    monkeypatch.setattr(asyncio, "to_thread", queued)
    agent = asking(films)
    assert told(agent.retrieve(QUESTIONS[0])) == told(asyncio.run(agent.aretrieve(QUESTIONS[0])))
