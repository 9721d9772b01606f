"""The second look: when it is due, what it asks and orders, and that a run is never lost by it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.encoders import Encoder
from polyhop.graphs.graph import question_graph
from polyhop.graphs.loop import ask
from polyhop.graphs.state import Request
from polyhop.retrieval.candidate import Candidate, Kind, Query
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.rerank.duplicates import Duplicates
from polyhop.retrieval.rerank.learned import Learned
from polyhop.retrieval.rerank.role import ALWAYS, Reranker, reordered
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import MaxHops, Stop, WhenDry, WhenSufficient
from polyhop.store.collection import Collection
from tests import corpus

from .test_graphs import new_run, request, result


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("second"), embedder) as opened:
        yield opened


@dataclass(frozen=True)
class Turned:
    """Puts the first four passages in the opposite order."""

    name: str = "turned"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its head turned around."""
        return reordered(ranked, [place + 10.0 for place in range(min(4, len(ranked)))], self.name)


@dataclass(frozen=True)
class Fails(Turned):
    """Raises what it is told to."""

    error: Exception = field(default_factory=lambda: RuntimeError("out of memory"))

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Raise."""
        raise self.error


@dataclass(frozen=True)
class Fixed:
    """Estimates the same for every ranking."""

    value: float

    def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
        """Return the value."""
        return self.value


def looking(films: Collection, *hops: HopUpdater, further: Sequence[HopUpdater] = (), **fields: Any) -> Run:
    """Return a run with a second look, by default one that turns the head around."""
    return new_run(films, *hops, **{"rerankers": (Turned(),), "further": tuple(further), **fields})


def run(made: Run) -> dict[str, Any]:
    """Return the state that a run ends in."""
    return dict(ask(cast(Request, request()), made))


def events(state: dict[str, Any]) -> list[str]:
    """Return the names of the events of a run."""
    return [event["event"] for event in state["events"]]


def ids(state: dict[str, Any]) -> list[str]:
    """Return the ids of a ranking."""
    return [item["id"] for item in state["ranked"]]


def test_without_rerankers_there_is_no_second_look(films: Collection) -> None:
    """However little is sure, a run without further updaters and rerankers has one ranking, and the estimate of it."""
    state = run(new_run(films, sufficiency=Fixed(0.0)))

    assert "rerank" not in events(state)
    assert 0.0 == state["sufficiency"]


LIGHT = Turned(name="light")


@pytest.mark.parametrize(("estimate", "again"), [(0.9, False), (0.89, True), (None, True)])
def test_the_light_look_comes_first(estimate: float | None, again: bool, films: Collection) -> None:  # noqa: FBT001
    """Where it is sure, nobody else is asked; where it is not, or nobody knows, the others order all there is."""
    known = None if estimate is None else Fixed(estimate)
    parts = {"light": (LIGHT,), "further": (SpanHop(),), "sufficiency": known, "sure": 0.9}
    found = run(looking(films, **parts))
    plain = run(looking(films, further=(SpanHop(),)) if again else new_run(films))
    event = found["events"][-2]

    assert ids(plain)[:4] == (ids(found)[:4] if again else ids(found)[:4][::-1])
    assert ("turned" if again else "light") in found["ranked"][0]["parts"]
    assert (again, again, not again) == (event["found"] > 0, event["again"], event["sure"])
    assert estimate == found["sufficiency"]


def test_the_light_look_is_all_where_there_is_no_other(films: Collection) -> None:
    """Without further updaters and rerankers its order stays, however little is sure."""
    plain, light = run(new_run(films)), run(new_run(films, light=(LIGHT,), sufficiency=Fixed(0.0)))

    assert ids(plain)[:4] == ids(light)[:4][::-1]
    event = light["events"][-2]
    assert (False, False, 0, 0.0) == (event["again"], event["sure"], event["found"], light["sufficiency"])


def test_what_failed_in_the_light_look_stays_told(films: Collection) -> None:
    """Also where the others were asked after it."""
    state = run(looking(films, light=(Fails(name="light"),), rerankers=(Turned(), Fails(name="heavy"))))
    assert ["light", "heavy"] == [one.split("'")[1] for one in state["events"][-2]["notices"]]


def test_rerankers_know_of_all_ways(films: Collection) -> None:
    """A run remembers every way to every passage when it is looked at, also those that were found last."""
    seen: list[dict[str, int]] = []

    class Counts(Turned):
        def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
            seen.append({name: len(ways) for name, ways in run.ways.items()})
            return super().rerank(ranked, run)

    state = run(looking(films, light=(Counts(),), further=(SpanHop(),), rerankers=(Counts(),)))
    counts = Counter(one["id"] for one in state["found"])
    earlier = Counter(one["id"] for one in state["found"] if one["via"] != "span")

    assert [dict(earlier), dict(counts)] == seen
    assert max(counts.values()) > 1


@pytest.mark.parametrize(("stop", "asked"), [(MaxHops(1), 1), (MaxHops(1) | WhenSufficient(0.9), 3)])
def test_the_estimate_is_made_where_somebody_asks(stop: Stop, asked: int, films: Collection) -> None:
    """After each search only for a stop rule that may look at it; after the last one always."""
    calls: list[int] = []

    @dataclass(frozen=True)
    class Counted:
        """Counts what it is asked."""

        def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
            calls.append(len(ranked))
            return 0.5

    state = run(new_run(films, light=(LIGHT,), sufficiency=Counted(), stop=stop))
    assert (asked, 0.5) == (len(calls), state["sufficiency"])


def test_a_second_look_orders_the_ranking_again(films: Collection) -> None:
    """The rerankers order what the search ended with, once, and the event tells what is new among the best."""
    first, second = run(new_run(films)), run(looking(films))

    assert ids(first)[:4] == ids(second)[:4][::-1]
    assert ids(first)[4:] == ids(second)[4:]
    assert ["rerank", "finish"] == events(second)[-2:]
    assert (0, 0) == (second["events"][-2]["found"], second["events"][-2]["new"])


@pytest.mark.parametrize(
    ("estimate", "sure", "looked"),
    [
        (None, 0.0, True),
        (0.0, 0.0, False),
        (0.89, 0.9, True),
        (0.9, 0.9, False),
        (0.999999, 1.0, True),
        (1.0, 1.0, False),
        (1.0, ALWAYS, True),
    ],
)
def test_a_ranking_that_is_sure_is_left_alone(
    estimate: float | None,
    sure: float,
    looked: bool,  # noqa: FBT001
    films: Collection,
) -> None:
    """The second look is due below `sure`, or where nobody estimates."""
    known = None if estimate is None else Fixed(estimate)
    assert looked == ("rerank" in events(run(looking(films, sufficiency=known, sure=sure))))


def test_what_is_estimated_is_the_last_ranking(films: Collection) -> None:
    """After the second look the sufficiency is that of what it made of the ranking."""

    @dataclass(frozen=True)
    class First:
        """Knows only what is first."""

        def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
            return int(ranked[0]["id"][:6], 16) / 16**6

    state = run(looking(films, sufficiency=First()))
    assert int(ids(state)[0][:6], 16) / 16**6 == state["sufficiency"]


@dataclass
class Noting:
    """A hop that writes down what it is to go on from."""

    inner: HopUpdater
    asked: list[list[str]] = field(default_factory=list)
    found: list[frozenset[str]] = field(default_factory=list)
    checkpoint: str = ""

    @property
    def kind(self) -> Kind:
        """Return the kind of the hop inside."""
        return self.inner.kind

    @property
    def name(self) -> str:
        """Return the name of the hop inside."""
        return self.inner.name

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return what the hop inside proposes."""
        self.asked.append([bridge["id"] for bridge in bridges])
        self.found.append(run.found)
        return self.inner.propose(bridges, run)

    def search(self, queries: Sequence[Query], run: Run) -> Any:
        """Return what the hop inside finds."""
        return self.inner.search(queries, run)


def test_further_updaters_go_on_from_where_the_first_hop_did(films: Collection) -> None:
    """However many hops there were since, they are given the same bridges, and what the run has found."""
    link, span = Noting(LinkHop()), Noting(SpanHop())
    state = run(looking(films, link, further=(span,), stop=MaxHops(2)))

    assert 3 == state["searches"]
    assert [link.asked[0]] == span.asked
    assert {find["id"] for find in state["found"] if find["via"] != "span"} == span.found[0]


def test_what_further_updaters_find_is_ranked(films: Collection) -> None:
    """Their finds are in the state, with the hop after the last search, and their ways raise scores."""
    first, second = run(new_run(films)), run(looking(films, further=(SpanHop(),), rerankers=()))
    new = [find for find in second["found"] if find["via"] == "span"]

    assert first["found"] == [find for find in second["found"] if find["via"] != "span"]
    assert {second["searches"]} == {find["hop"] for find in new}
    assert len(new) == second["events"][-2]["found"] > 0
    best = {item["id"]: item["score"] for item in first["ranked"]}
    assert any(item["score"] > best.get(item["id"], 9.0) for item in second["ranked"])


def test_a_further_updater_that_proposes_nothing_changes_nothing(films: Collection) -> None:
    """Without a query there is no search and no other ranking."""

    class Silent(SpanHop):
        def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
            return []

        def search(self, queries: Sequence[Query], run: Run) -> Any:
            raise AssertionError("asked without queries")

    assert run(new_run(films))["ranked"] == run(looking(films, further=(Silent(),), rerankers=()))["ranked"]


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), OperatorError("no such disk"), ValueError()])
def test_a_run_is_not_lost_by_a_reranker(error: Exception, films: Collection) -> None:
    """One that fails is passed over: the others order the ranking, and the event says what went wrong."""
    alone = run(looking(films, rerankers=(Fails(name="broken", error=error),)))
    among = run(looking(films, rerankers=(Fails(name="broken", error=error), Turned(), Fails(name="next"))))
    told = among["events"][-2]["notices"]

    assert run(new_run(films))["ranked"] == alone["ranked"]
    assert run(looking(films))["ranked"] == among["ranked"]
    assert ["reranker 'broken' failed and was passed over", "reranker 'next' failed and was passed over"] == [
        one.split(" (")[0] for one in told
    ]
    assert f"{type(error).__name__}: {error}" in told[0]
    assert "notices" not in run(looking(films))["events"][-2]


def test_a_mistake_of_the_caller_is_raised(films: Collection) -> None:
    """A reranker whose model does not exist fails for every question, and the call has to be changed."""
    with pytest.raises(CallerError, match="no such model"):
        run(looking(films, rerankers=(Fails(error=CallerError("no such model")),)))


def test_a_passed_deadline_leaves_no_time_for_a_second_look(films: Collection) -> None:
    """A run that is late returns the ranking that it has."""
    late = run(looking(films, seconds=0.0))

    assert "rerank" not in events(late)
    assert run(new_run(films, stop=MaxHops(0)))["ranked"] == late["ranked"]


def test_a_cancelled_run_has_no_second_look(films: Collection) -> None:
    """An event that is set in the last search ends the run with its ranking."""
    cancelled = threading.Event()

    class Cancels(LinkHop):
        def search(self, queries: Sequence[Query], run: Run) -> Any:
            cancelled.set()
            return super().search(queries, run)

    state = run(looking(films, Cancels(), cancelled=cancelled))
    assert (2, False) == (state["searches"], "rerank" in events(state))


def test_the_second_look_is_streamed(films: Collection) -> None:
    """Its event is heard after the last search and before the answer."""
    heard = [
        event["event"]
        for event in question_graph().stream(request(task="answer"), context=looking(films), stream_mode="custom")
    ]
    assert ["search", "hop", "search", "rerank", "finish", "answer"] == heard


@pytest.mark.parametrize("light", [(), (Learned(),)], ids=["", "learned"])
@pytest.mark.parametrize("rerankers", [(), (Turned(),), (Fails(), Turned())], ids=["none", "one", "a broken one"])
@pytest.mark.slow
def test_a_walk_ends_in_the_state_of_the_graph(
    rerankers: tuple[Reranker, ...], light: tuple[Reranker, ...], films: Collection
) -> None:
    """With a second look too, state and events are the same to the last key, also asynchronously."""

    def made() -> Run:
        parts = {"rerankers": rerankers, "light": light, "sufficiency": Fixed(0.5), "duplicates": Duplicates()}
        return looking(films, further=(SpanHop(),), **parts)

    async def ran() -> Any:
        return await question_graph().ainvoke(request(), context=made())

    walked = result(run(made()))
    assert walked == result(question_graph().invoke(request(), context=made()))
    assert walked == result(asyncio.run(ran()))
    assert "rerank" in events(walked)


@pytest.mark.parametrize(("estimate", "hops"), [(0.95, 1), (0.5, 2)])
def test_a_run_ends_when_its_ranking_suffices(estimate: float, hops: int, films: Collection) -> None:
    """`WhenSufficient` looks at what was estimated for the last ranking."""
    stop = MaxHops(1) | WhenDry() | WhenSufficient(0.9)
    state = run(new_run(films, sufficiency=Fixed(estimate), stop=stop))

    assert hops == state["searches"]
    assert (hops == 1) == (state["stopped"] == "WhenSufficient(least=0.9)")


def test_where_nobody_estimates_nothing_suffices(films: Collection) -> None:
    """Without an estimate the rule never fires."""
    state = run(new_run(films, stop=MaxHops(1) | WhenSufficient(0.0)))
    assert (2, None) == (state["searches"], state["sufficiency"])
