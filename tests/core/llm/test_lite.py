"""The language model gateway against a real server: what is tried again, what is not, and what becomes of failures."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from polyhop.agent import Agent, Answer, Settings
from polyhop.core.errors import ModelError
from polyhop.core.llm import gateway as gateways
from polyhop.core.llm.gateway import ATTEMPTS, Gateway
from polyhop.core.llm.role import Price
from polyhop.encoders import Encoder
from tests import corpus
from tests.clock import Clock
from tests.model_server import Fault, ModelServer

MESSAGES = [{"role": "user", "content": "Who directed Jaws?"}]
#: seconds that end a hang; the first call of a process imports litellm
PATIENCE = 500.0

pytestmark = [
    pytest.mark.slow,
    # litellm leaves its connections and its logging task to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def gateway(server: ModelServer, timeout: float = PATIENCE) -> Gateway:
    """Return the way that a run takes to the server's model."""
    return Gateway([server.model("openai/test")], timeout=timeout)


def complete(server: ModelServer, timeout: float = PATIENCE) -> str:
    """Return what the model replies to the known messages, asked in an event loop of its own."""
    return asyncio.run(gateway(server, timeout).complete("test", MESSAGES))


def test_a_reply_is_the_text_of_the_message() -> None:
    """One request with the messages as they are, one reply."""
    with ModelServer(["Steven Spielberg did."]) as server:
        assert "Steven Spielberg did." == complete(server)
        (request,) = server.requests
        assert (MESSAGES, "test", 0) == (request.messages, request.body["model"], request.body["temperature"])


def test_one_model_serves_many_event_loops() -> None:
    """Each synchronous question runs in a loop of its own; the second must not meet the first one's connections."""
    with ModelServer(lambda messages: "yes") as server:
        one = gateway(server)
        assert ["yes"] * 3 == [asyncio.run(one.complete("test", MESSAGES)) for _ in range(3)]
        assert 3 == server.calls


@pytest.mark.parametrize("fault", ["429", "500", "502", "503", "504", "529", "reset", "cut"])
def test_passing_failures_are_tried_again(fault: str) -> None:
    """A rate limit, a server error or a lost connection is followed by another try, whose reply is used."""
    with ModelServer(["at last"], faults=[Fault(fault, first=1)]) as server:
        assert "at last" == complete(server)
        assert 2 == server.calls


@pytest.mark.parametrize("fault", ["429", "500"])
def test_tries_are_bounded(fault: str) -> None:
    """A failure that stays is tried three times in all: no library below tries again on its own account."""
    with ModelServer(faults=[fault]) as server:
        with pytest.raises(ModelError, match=r"'openai/test' failed.*POLYHOP_LLM"):
            complete(server)
        assert ATTEMPTS == server.calls == 3


@pytest.mark.parametrize("fault", ["400", "401", "403", "404", "422"])
def test_lasting_failures_are_not_tried_again(fault: str) -> None:
    """A bad request, a refused key or an unknown model would fail again and is reported at once."""
    with ModelServer(faults=[fault]) as server:
        with pytest.raises(ModelError, match="failed"):
            complete(server)
        assert 1 == server.calls


def test_a_slow_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try waits no longer than the time-out, ten looks at the clock once the server was asked."""
    with ModelServer(["too late"], faults=[Fault("slow", seconds=PATIENCE)]) as server:
        Clock(monkeypatch, gateways, tick=lambda: 0.1 * bool(server.calls))
        with pytest.raises(ModelError, match="Timeout"):
            complete(server, timeout=1.0)
        assert 1 <= server.calls <= ATTEMPTS


@pytest.mark.parametrize("fault", [
    "garbage", "html", "envelope", *(Fault("envelope", text=text) for text in ('{"choices": []}', "[]", "null")),
    "nochoices", "null", "refusal", "filtered",
])  # fmt: skip
def test_rubbish_is_a_model_error(fault: Fault | str) -> None:
    """A response that is no completion, or one without a text, is the model's error, whatever it is."""
    with ModelServer(faults=[fault]) as server, pytest.raises(ModelError):
        complete(server)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_reply_is_a_model_error(text: str) -> None:
    """A completion without text is said to be one."""
    with ModelServer(lambda messages: text) as server, pytest.raises(ModelError, match=r"returned nothing|failed"):
        complete(server)


def test_a_server_that_is_away_is_a_model_error() -> None:
    """Nobody listening is the model's error with what to check."""
    with ModelServer(faults=["refused"]) as server, pytest.raises(ModelError, match="its server"):
        complete(server)


GOOD = "The director of Jaws, Steven Spielberg, was born in Cincinnati [1][2]."


def ask(home: Path, embedder: Encoder, reply: str) -> tuple[Answer, ModelServer]:
    """Ask the known question of an agent with the server's model; return the answer and the server."""
    with corpus.collection(home, embedder) as films, ModelServer([reply]) as server:
        agent = Agent(films, llm=server.model("openai/test"), settings=Settings(llm_cache=False, split="never"))
        return agent.ask(corpus.QUESTION, 4), server


def test_a_good_answer_is_used(tmp_path: Path, embedder: Encoder) -> None:
    """An answer whose citations bear it out is the answer, with the model's name and no notice."""
    answer, server = ask(tmp_path, embedder, GOOD)
    assert (GOOD, "openai/test", False, True) == (answer.text, answer.model, answer.extractive, answer.found)
    assert ([True], ()) == ([one["supported"] for one in answer.citations], tuple(answer.notices))
    assert "<passage number=1>" in server.requests[-1].messages[-1]["content"]


@pytest.mark.parametrize("reply", [
    "He was born in Vienna in 1811 [1].",
    "Steven Spielberg was born in Cincinnati.",
    "Steven Spielberg was born in Cincinnati [97].",
])  # fmt: skip
def test_a_bad_answer_gives_way_to_the_passages(reply: str, tmp_path: Path, embedder: Encoder) -> None:
    """Without support the answer is extractive and a notice says why."""
    answer, _ = ask(tmp_path, embedder, reply)
    assert (True, "") == (answer.extractive, answer.model)
    assert answer.found and answer.citations
    (notice,) = answer.notices
    assert "borne out" in notice


def test_not_found_is_an_answer(tmp_path: Path, embedder: Encoder) -> None:
    """A model that says it could not find it is believed."""
    answer, _ = ask(tmp_path, embedder, "I could not find it.")
    assert (False, False, "openai/test") == (answer.found, answer.extractive, answer.model)


CONFIGURED = """
import sys
from polyhop.agent import Agent
from polyhop.store.collection import Collection
with Collection.open(sys.argv[1], "films") as films:
    answer = Agent(films).ask("In which city was the director of Jaws born?")
    print(answer.extractive, "litellm" in sys.modules, "openai" in sys.modules)
"""


@pytest.mark.parametrize(("llm", "expected"), [("", "True False False"), ("openai/none", "True True True")])
def test_litellm_is_imported_for_a_model_only(llm: str, expected: str, tmp_path: Path, embedder: Encoder) -> None:
    """Without a configured model a whole question never imports litellm; with one it does."""
    corpus.collection(tmp_path, embedder).close()
    environment = {**__import__("os").environ, "POLYHOP_LLM": llm, "OPENAI_API_KEY": "none"}
    environment["OPENAI_API_BASE"] = environment["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
    command = [sys.executable, "-c", CONFIGURED, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert [expected] == done.stdout.splitlines()[-1:], done.stderr


def test_the_models_come_from_the_settings(embedder: Encoder) -> None:
    """Models, their time-out, address and price are settings; an empty name is no model."""
    settings = Settings(llm="openai/x, ollama/y", llm_timeout=3, llm_url="http://127.0.0.1:9", llm_price="1/2.5")
    models = Agent.around(lambda question, k: [], embedder=embedder, settings=settings).models
    assert (["openai/x", "ollama/y"], 3.0) == ([one.name for one in models.models], models.timeout)
    assert Price(1e-6, 2.5e-6) == asyncio.run(models.models[1].price())
    assert "127.0.0.1:9" in models.models[0].identity
    assert () == Agent.around(lambda question, k: [], embedder=embedder, settings=Settings(llm="")).models.models
