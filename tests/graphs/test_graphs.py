"""The graphs: their shape, their bounds, and the same results however they are run."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from polyhop.core.llm.gateway import Gateway
from polyhop.encoders import Encoder
from polyhop.graphs.graph import question_graph
from polyhop.graphs.nodes.steps import best_query, verdict
from polyhop.retrieval.candidate import Candidate, Kind, Query
from polyhop.retrieval.config import Config
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import (
    MOST_HOPS,
    AfterSeconds,
    MaxHops,
    Progress,
    Stop,
    WhenCancelled,
    WhenDry,
    WhenHopeless,
)
from polyhop.store.collection import Collection
from tests import corpus

SNAPSHOTS = Path(__file__).with_name("snapshots")
TASKS = ("retrieve", "answer")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("graphs"), embedder) as opened:
        yield opened


def new_run(
    films: Collection,
    *hops: HopUpdater,
    stop: Stop | None = None,
    cancelled: threading.Event | None = None,
    llm: Gateway | None = None,
    **fields: Any,
) -> Run:
    """Return a new run with the link hop, one hop at the most, no deadline, no look at the outcome and no estimate."""
    parts = {"sufficiency": None, "duplicates": None, "light": (), "seconds": math.inf, **fields}
    config = Config(hops=hops or (LinkHop(),), stop=stop or MaxHops(1) | WhenDry(), **parts)
    return Run(films, config=config, cancelled=cancelled, llm=llm)


def request(question: str = corpus.QUESTION, k: int = 4, where: str = "", task: str = "retrieve") -> dict[str, Any]:
    """Return what a run starts from."""
    return {"task": task, "question": question, "k": k, "where": where}


def result(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state without what differs from run to run: times."""
    events = [{key: value for key, value in event.items() if key != "ms"} for event in state["events"]]
    return json.loads(json.dumps({**state, "events": events}))  # type: ignore[no-any-return]


def test_the_drawing_is_as_it_was_looked_at() -> None:
    """The graph drawn is the one that is kept; after a change on purpose write the new drawing into the file."""
    drawn = question_graph().get_graph().draw_mermaid()
    assert (SNAPSHOTS / "question.mmd").read_text("utf-8") == drawn


@pytest.mark.parametrize(("question", "hop"), corpus.HOPS.items(), ids=[first for first, _ in corpus.HOPS.values()])
def test_the_second_passage_is_found_through_the_first(question: str, hop: tuple[str, str], films: Collection) -> None:
    """The passage that holds the answer is among the best, with the path that led to it."""
    state = question_graph().invoke(request(question), context=new_run(films))
    ids = corpus.ids(films)
    best = {item["id"]: item for item in state["ranked"][:4]}

    assert {ids[hop[0]], ids[hop[1]]} <= set(best)
    assert ids[hop[0]] in {name for find in state["found"] if find["id"] == ids[hop[1]] for name in find["path"]}


@pytest.mark.parametrize("hop", [LinkHop(), DirectionalHop()], ids=["link", "directional"])
def test_every_run_ends_after_the_most_hops(hop: HopUpdater, films: Collection) -> None:
    """With a rule that never fires a run makes `MOST_HOPS` searches and no more."""

    class Never(Stop):
        def __call__(self, progress: Progress) -> bool:
            return False

    state = question_graph().invoke(request(), context=new_run(films, hop, stop=Never()))
    assert (MOST_HOPS + 1, f"MaxHops(limit={MOST_HOPS})") == (state["searches"], state["stopped"])


def test_a_chain_of_three_is_followed_though_the_first_search_found_its_links(films: Collection) -> None:
    """A hop that leads to passages found before is not dry while no hop has begun at them."""
    question = "Which river flows past the birthplace of the director of Jaws?"
    state = question_graph().invoke(request(question), context=new_run(films, stop=MaxHops(3) | WhenDry()))
    ids = corpus.ids(films)
    chain = [ids[title] for title in ("Jaws (film)", "Steven Spielberg", "Cincinnati")]
    first = {one["id"] for one in state["found"] if one["hop"] == 0}

    assert {*chain, ids["Ohio River"]} <= first
    assert chain == [name for name in state["expanded"] if name in chain]
    assert chain[-1] in {one["path"][-1] for one in state["found"] if one["id"] == ids["Ohio River"] and one["path"]}


def test_a_run_is_dry_once_all_that_is_led_to_was_gone_on_from(films: Collection) -> None:
    """It ends there, long before the most hops."""
    state = question_graph().invoke(request(), context=new_run(films, stop=MaxHops(MOST_HOPS) | WhenDry()))

    assert "WhenDry()" == state["stopped"]
    assert state["searches"] < MOST_HOPS
    last = {one["id"] for one in state["found"] if one["hop"] == state["searches"] - 1}
    assert 0 == state["unread"] or not state["frontier"]
    assert last <= set(state["expanded"]) or not state["frontier"]


def test_a_run_is_not_dry_while_one_of_the_best_k_is_left(films: Collection) -> None:
    """A chain may begin at a passage that the search ranks low and that nothing leads to."""
    run = new_run(films, stop=MaxHops(MOST_HOPS) | WhenDry())
    state = question_graph().invoke(request(), context=run)
    best = [one["id"] for one in state["ranked"]]
    query = Query(text="", updater="link", checkpoint="", path=best[:1], score=1.0, strength=1.0)

    def reason(*left: str) -> str:
        begun = [name for name in best if name not in left]
        return verdict({**state, "searches": 2, "unread": 0, "expanded": begun}, run, [query])

    assert "WhenDry()" == reason()
    assert "WhenDry()" == reason(best[state["k"]])
    assert "" == reason(best[state["k"] - 1])


def test_no_passage_is_gone_on_from_twice(films: Collection) -> None:
    """A long run expands each passage once."""
    bridges: list[str] = []

    @dataclass(frozen=True)
    class Notes(LinkHop):
        def propose(self, chosen: Sequence[Candidate], run: Run) -> list[Query]:
            bridges.extend(bridge["id"] for bridge in chosen)
            return super().propose(chosen, run)

    state = question_graph().invoke(request(), context=new_run(films, Notes(), stop=MaxHops(MOST_HOPS)))
    assert bridges == state["expanded"]
    assert len(set(bridges)) == len(bridges)


@pytest.mark.parametrize("name", TASKS)
def test_a_passed_deadline_still_gives_what_there_is(name: str, films: Collection) -> None:
    """With no time at all the first search is made and its result returned."""
    state = question_graph().invoke(request(task=name), context=new_run(films, stop=AfterSeconds(0)))
    assert (1, "AfterSeconds(limit=0)") == (state["searches"], state["stopped"])
    assert state["ranked"]
    assert name == "retrieve" or state["answer"]["text"]


def test_cancelling_ends_the_run_after_the_step_it_is_in(films: Collection) -> None:
    """An event set while the first hop is thought out ends the run with what the first search found."""
    cancelled = threading.Event()

    @dataclass(frozen=True)
    class Cancels(LinkHop):
        def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
            cancelled.set()
            return super().propose(bridges, run)

    stop = WhenCancelled() | MaxHops(MOST_HOPS)
    state = question_graph().invoke(
        request(task="answer"), context=new_run(films, Cancels(), stop=stop, cancelled=cancelled)
    )

    assert (1, "WhenCancelled()") == (state["searches"], state["stopped"])
    assert state["answer"]["found"]


class Nothing(LinkHop):
    """Proposes nothing."""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return no query."""
        return []


def test_a_search_for_nothing_is_not_made(films: Collection) -> None:
    """With no query to make the run ends there, and the ranking is that of the first search."""
    state = question_graph().invoke(request(), context=new_run(films, Nothing(), stop=MaxHops(3) | WhenDry()))
    first = question_graph().invoke(request(), context=new_run(films, stop=MaxHops(0)))

    assert (1, "WhenDry()") == (state["searches"], state["stopped"])
    assert first["ranked"] == state["ranked"]
    assert [] == state["frontier"]


@pytest.mark.parametrize(
    ("hop", "share", "expected"),
    [(LinkHop(), 100.0, 1), (LinkHop(), 0.01, 2), (DirectionalHop(), 100.0, 2)],
    ids=["no link is worth so much", "some link is worth so little", "nobody knows what a query is worth"],
)
def test_links_are_weighed_before_they_are_followed(
    hop: HopUpdater, share: float, expected: int, films: Collection
) -> None:
    """`WhenHopeless` ends the run before a search that can bring too little, as far as that is known."""
    stop = MaxHops(1) | WhenHopeless(share)
    state = question_graph().invoke(request(), context=new_run(films, hop, stop=stop))

    assert expected == state["searches"]


def test_a_hop_may_help_while_there_are_too_few_passages(films: Collection) -> None:
    """Where fewer than k passages were found anything is welcome, however little it is worth."""
    stop = MaxHops(1) | WhenHopeless(100.0)
    state = question_graph().invoke(request(k=100), context=new_run(films, stop=stop))

    assert 2 == state["searches"]


def test_no_find_is_worth_more_than_was_foretold(films: Collection) -> None:
    """What a link brings is at most the strength of its query times the score of its bridge."""
    foretold: list[float] = []

    @dataclass(frozen=True)
    class Notes(LinkHop):
        def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
            finds = super().search(queries, run)
            foretold.extend([best_query(queries), max(find["score"] for find in finds)])
            return finds

    question_graph().invoke(request(), context=new_run(films, Notes()))
    most, value = foretold

    assert 0 < value <= most


def test_events_arrive_while_the_run_goes_on(films: Collection) -> None:
    """Each hop's events are heard before the next hop begins."""
    heard: list[str] = []
    at_work: list[list[str]] = []

    @dataclass(frozen=True)
    class Notes(LinkHop):
        def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
            at_work.append(list(heard))
            return super().propose(bridges, run)

    for event in question_graph().stream(
        request(task="answer"), context=new_run(films, Notes(), stop=MaxHops(2)), stream_mode="custom"
    ):
        heard.append(event["event"])

    assert ["search", "hop", "search", "hop", "search", "finish", "answer"] == heard
    assert [["search"], ["search", "hop", "search"]] == at_work


def test_events_tell_what_happened(films: Collection) -> None:
    """The events of a run name its steps in order and are consistent with its result."""
    state = question_graph().invoke(request(task="answer"), context=new_run(films))
    names = [event["event"] for event in state["events"]]
    searches = [event for event in state["events"] if event["event"] == "search"]

    assert ["plan", "search", "rank", "hop", "search", "rank", "judge", "finish", "answer"] == names
    assert state["searches"] == len(searches)
    assert len({find["id"] for find in state["found"]}) == sum(event["new"] for event in searches)
    assert state["stopped"] == state["events"][-2]["reason"]


async def _ainvoke(graph: Any, films: Collection, task: str) -> dict[str, Any]:
    return await graph.ainvoke(request(task=task), context=new_run(films))  # type: ignore[no-any-return]


async def _astream(graph: Any, films: Collection, task: str) -> dict[str, Any]:
    states = graph.astream(request(task=task), context=new_run(films), stream_mode="values")
    last: dict[str, Any] = [state async for state in states][-1]
    return last


async def _invoke_in_loop(graph: Any, films: Collection, task: str) -> dict[str, Any]:
    return graph.invoke(request(task=task), context=new_run(films))  # type: ignore[no-any-return]


def _stream(graph: Any, films: Collection, task: str) -> dict[str, Any]:
    return list(graph.stream(request(task=task), context=new_run(films), stream_mode="values"))[-1]  # type: ignore[no-any-return]


WAYS = {
    "stream": _stream,
    "ainvoke": lambda *arguments: asyncio.run(_ainvoke(*arguments)),
    "astream": lambda *arguments: asyncio.run(_astream(*arguments)),
    "invoke in a running loop": lambda *arguments: asyncio.run(_invoke_in_loop(*arguments)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TASKS)
def test_every_way_of_running_gives_the_same(name: str, way: str, films: Collection) -> None:
    """`invoke`, `ainvoke`, `stream` and `astream` end in the same state, also inside a running event loop."""
    expected = result(question_graph().invoke(request(task=name), context=new_run(films)))
    assert expected == result(WAYS[way](question_graph(), films, name))


OPTIONS = {"config": {"configurable": {"thread_id": "t"}}, "durability": "sync"}


@pytest.mark.parametrize("name", TASKS)
def test_checkpoints_change_nothing(name: str, films: Collection, tmp_path: Path) -> None:
    """A run that is written down at every step ends like one that is not, and what is written is the same state."""
    expected = result(question_graph().invoke(request(task=name), context=new_run(films)))
    with SqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = question_graph(saver)
        assert expected == result(graph.invoke(request(task=name), context=new_run(films), **OPTIONS))
        assert expected == result(graph.get_state(OPTIONS["config"]).values)


@pytest.mark.parametrize("name", TASKS)
async def test_async_checkpoints_change_nothing(name: str, films: Collection, tmp_path: Path) -> None:
    """The same holds for asynchronous checkpoints."""
    expected = result(await question_graph().ainvoke(request(task=name), context=new_run(films)))
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = question_graph(saver)
        assert expected == result(await graph.ainvoke(request(task=name), context=new_run(films), **OPTIONS))
        assert expected == result((await graph.aget_state(OPTIONS["config"])).values)


@pytest.mark.slow
def test_questions_at_once_get_what_they_get_alone(films: Collection) -> None:
    """Thirty-two questions over threads have the same results as one after the other."""
    questions = [*corpus.HOPS, "Is Tokyo larger than Vienna?", "Who composed the music?"] * 7
    graph = question_graph()

    def one(question: str) -> dict[str, Any]:
        return result(graph.invoke(request(question), context=new_run(films)))

    expected = {question: one(question) for question in dict.fromkeys(questions)}
    with ThreadPoolExecutor(8) as pool:
        assert [expected[question] for question in questions[:32]] == list(pool.map(one, questions[:32]))


def test_a_filtered_run_never_leaves_the_filter(films: Collection) -> None:
    """Hops respect the filter as the first search does."""
    state = question_graph().invoke(request(where="kind != 'person'"), context=new_run(films))
    passages = films.passages([item["id"] for item in state["ranked"]])
    assert {"film", "place"} == {passage.metadata["kind"] for passage in passages.values()}


@dataclass
class Twice:
    """An updater that asks the same twice, as two that agree would."""

    name: str = "twice"
    checkpoint: str = ""
    kind: Kind = "link"
    inner: LinkHop = field(default_factory=lambda: LinkHop(name="twice"))

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return each query twice."""
        return self.inner.propose(bridges, run) * 2

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the link hop finds."""
        return self.inner.search(queries, run)


def test_updaters_work_beside_each_other(films: Collection) -> None:
    """Several updaters in one run each contribute, and what one repeats counts once."""
    state = question_graph().invoke(request(), context=new_run(films, LinkHop(), DirectionalHop(), Twice()))
    assert {"search", "named", "link", "directional", "twice"} == {find["via"] for find in state["found"]}
    ways = [(find["id"], find["via"], find["name"], *find["path"]) for find in state["found"]]
    assert len(set(ways)) == len(ways)
