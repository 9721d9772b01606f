"""What the user sees of each fault that a model's server can have: real HTTP, real litellm, real retries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from polyhop.agent import Agent, Answer, Collection, Settings
from polyhop.core.llm import gateway as gateways
from polyhop.core.llm import litellm_model
from polyhop.core.llm.gateway import ATTEMPTS, Gateway
from polyhop.encoders import Encoder
from polyhop.graphs import loop
from polyhop.graphs.nodes import steps
from polyhop.retrieval import run as runs
from tests import corpus
from tests.clock import Clock
from tests.model_server import FAULTS, Fault, ModelServer, faults

#: enough for every fault that ends by itself, on the busiest of machines
PATIENCE = 500.0
#: for those that do not, by a clock that goes on by `LOOK` with each look at it: time-out of a try, and deadline
TIMEOUT, SECONDS, LOOK = 1.0, 3.0, 0.1
GOOD = "The director of Jaws, Steven Spielberg, was born in Cincinnati [1][2]."

#: faults that end it at once, and what the notice then says
LASTING = {
    **dict.fromkeys(("400", "401", "403", "404", "422"), "failed: "),
    **dict.fromkeys(("empty", "null", "refusal", "filtered"), "returned nothing"),
    **dict.fromkeys(("schema", "nonsense", "length"), "borne out"),
}
#: faults that may pass, and so are met again until the tries are used up
PASSING = ("429", "500", "502", "503", "504", "529", "reset", "cut")
#: faults that last until somebody gives up
HANGING = ("slow", "drip", "endless")
#: faults that nobody needs to see
HARMLESS = ("nousage", "badusage")
#: faults of the whole body, which litellm tells in its own way
RUBBISH = ("garbage", "html", "envelope", "nochoices")

pytestmark = [
    pytest.mark.slow,
    # litellm leaves its connections and its logging task to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Lend a collection of films."""
    with corpus.collection(tmp_path_factory.mktemp("films"), embedder) as opened:
        yield opened


def ask(agent: Agent) -> Answer:
    """Return the answer in one piece."""
    return agent.ask(corpus.QUESTION, 4)


def stream(agent: Agent) -> Answer:
    """Return the answer that a stream ends with, once the words before it were those of the answer."""
    words: list[str] = []
    for part in agent.stream(corpus.QUESTION, 4):
        if isinstance(part, Answer):
            assert part.extractive or "".join(words) == part.text
            return part
        if part["event"] == "text":
            words = [] if part["again"] else [*words, part["text"]]
    raise AssertionError("the stream ended without an answer")


def met(
    films: Collection, fault: Fault | str, way: Callable[[Agent], Answer], **settings: float
) -> tuple[Answer, ModelServer]:
    """Return the answer to a question while the fault is played, and the server."""
    chosen = {"seconds": PATIENCE, "llm_timeout": PATIENCE, **settings}
    with ModelServer(lambda messages: GOOD, faults=[fault]) as server:
        return way(
            Agent(films, llm=server.model(), settings=Settings(llm_cache=False, split="never", **chosen))
        ), server  # type: ignore[arg-type]


def both(films: Collection, fault: Fault | str, **settings: float) -> list[tuple[Answer, ModelServer]]:
    """Return what is met in both ways, side by side to save time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda way: met(films, fault, way, **settings), (ask, stream)))


def test_every_fault_is_tested() -> None:
    """No fault that the server can play is left out."""
    assert sorted(FAULTS) == sorted([*LASTING, *PASSING, *HANGING, *HARMLESS, *RUBBISH, "refused", "unfinished"])


@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_is_asked_once(fault: str, films: Collection) -> None:
    """A bad request, or a model that does not do what it is told, is not asked again; the passages answer."""
    for answer, server in both(films, fault):
        (notice,) = answer.notices
        assert (True, True, 1) == (answer.extractive, answer.found, server.calls)
        assert LASTING[fault] in notice


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_tried_again(fault: str, films: Collection) -> None:
    """Tries end with their number, and the passages answer."""
    for answer, server in both(films, Fault(fault, retry_after=0.05)):
        (notice,) = answer.notices
        assert (True, True, ATTEMPTS) == (answer.extractive, answer.found, server.calls)
        assert server.calls == answer.retrieval.cost.calls == answer.retrieval.cost.failed
        assert "failed: " in notice


def ticking(patch: pytest.MonkeyPatch, asked: Callable[[], object]) -> None:
    """Let time pass only by looking at the clock, and only once the model was asked."""
    Clock(patch, gateways, loop, runs, steps, tick=lambda: LOOK if asked() else 0.0)


@pytest.mark.parametrize("way", [ask, stream])
@pytest.mark.parametrize("fault", HANGING)
def test_the_deadline_ends_what_hangs(
    fault: str, way: Callable[[Agent], Answer], films: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither silence nor bytes without end keep a question waiting, and the passages answer."""
    settings = Settings(llm_cache=False, split="never", seconds=SECONDS, llm_timeout=TIMEOUT)
    played = Fault(fault, seconds=PATIENCE if fault == "slow" else None)
    with ModelServer(lambda messages: GOOD, faults=[played]) as server:
        ticking(monkeypatch, lambda: server.calls)
        answer = way(Agent(films, llm=server.model(), settings=settings))

    assert (True, True, 1) == (answer.extractive, answer.found, len(answer.notices))
    assert 1 <= server.calls <= ATTEMPTS


def test_a_stream_that_ends_without_a_reason_is_tried_again(films: Collection) -> None:
    """In one piece nobody can tell, but half an answer is not borne out."""
    whole, streamed = both(films, "unfinished")
    assert [True, True] == [whole[0].extractive, streamed[0].extractive]
    assert (1, ATTEMPTS) == (whole[1].calls, streamed[1].calls)
    assert ("borne out" in whole[0].notices[0], "broke off" in streamed[0].notices[0]) == (True, True)


@pytest.mark.parametrize("fault", RUBBISH)
def test_rubbish_gives_way_to_the_passages(fault: str, films: Collection) -> None:
    """Whatever the body is, it costs the written answer and no more."""
    for answer, server in both(films, fault):
        assert (True, True, 1) == (answer.extractive, answer.found, len(answer.notices))
        assert 1 <= server.calls <= ATTEMPTS


@pytest.mark.parametrize("fault", HARMLESS)
def test_tokens_are_estimated_where_they_are_not_told(fault: str, films: Collection) -> None:
    """A reply without usage, or with one that cannot be true, is as good, and its cost is not nothing."""
    for answer, _ in both(films, fault):
        assert (GOOD, ()) == (answer.text, tuple(answer.notices))
        assert answer.retrieval.cost.tokens_in > 100
        assert answer.retrieval.cost.tokens_out > 10


def test_a_server_that_is_away_costs_no_request(films: Collection) -> None:
    """Nobody listening is told with what to check."""
    for answer, server in both(films, "refused"):
        (notice,) = answer.notices
        assert (True, 0) == (answer.extractive, server.calls)
        assert "its server" in notice


@pytest.mark.parametrize("fault", ["429", "500", "reset", "cut"])
def test_the_second_try_is_used(fault: str, films: Collection) -> None:
    """A fault that passes leaves nothing behind: no notice, no doubled text in the stream."""
    for answer, server in both(films, Fault(fault, first=1)):
        assert (GOOD, "openai/replay", ()) == (answer.text, answer.model, tuple(answer.notices))
        assert 2 == server.calls == answer.retrieval.cost.calls


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that the gateway waits between tries, which it notes instead; for dates it is always noon."""
    noted: list[float] = []

    async def wait(self: Gateway, seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr(Gateway, "_sleep", wait)
    monkeypatch.setattr(faults, "time", SimpleNamespace(time=lambda: 43_200.0))
    monkeypatch.setattr(litellm_model, "time", lambda: 43_200.0)
    return noted


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("fault", ["429", "503"])
def test_it_comes_back_when_the_server_says(fault: str, *, dated: bool, films: Collection, waits: list[float]) -> None:
    """Not before the time that the server asks for, in seconds or as a date, where that fits the deadline."""
    answer, server = met(films, Fault(fault, retry_after=20, dated=dated, first=1), ask)

    assert (GOOD, 2, [20.0]) == (answer.text, server.calls, waits)


@pytest.mark.parametrize("dated", [False, True])
def test_it_gives_up_at_once_where_the_server_asks_for_longer(
    *, dated: bool, films: Collection, waits: list[float]
) -> None:
    """Waiting in vain is no use to anybody."""
    answer, server = met(films, Fault("429", retry_after=2 * PATIENCE, dated=dated), ask)

    assert (True, 1, []) == (answer.extractive, server.calls, waits)
    assert "429" in answer.notices[0] or "RateLimit" in answer.notices[0]


def test_another_model_takes_over(films: Collection) -> None:
    """Where one fails, the next one is asked, and the answer says who wrote it."""
    settings = Settings(llm_cache=False, split="never", seconds=PATIENCE)
    with ModelServer(faults=["401"]) as away, ModelServer([GOOD]) as there:
        agent = Agent(films, llm=[away.model("openai/first"), there.model("openai/second")], settings=settings)
        answer = ask(agent)

    assert (GOOD, 1, 1) == (answer.text, away.calls, there.calls)
    assert "openai/second" == answer.model


def test_no_model_is_asked_after_the_deadline(films: Collection) -> None:
    """A run whose seconds are used up by then says so."""
    with ModelServer([GOOD]) as server:
        answer = ask(Agent(films, llm=server.model(), settings=Settings(seconds=0.001, llm_cache=False, split="never")))

    assert (0, True) == (server.calls, answer.extractive)
    assert "no time left" in answer.notices[0]


def test_a_function_that_hangs_is_given_up(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of the user's own is held to the deadline as well, also where it blocks its thread."""
    settings = Settings(seconds=SECONDS, llm_cache=False, split="never")
    asked, gate, said = threading.Event(), threading.Event(), list[str]()

    def hanging(messages: object) -> str:
        asked.set()
        gate.wait()
        said.append(GOOD)
        return GOOD

    ticking(monkeypatch, asked.is_set)
    try:
        answer = ask(Agent(films, llm=hanging, settings=settings))
        assert (True, 1, []) == (answer.extractive, len(answer.notices), said)
    finally:
        gate.set()
