"""The language model gateway against a real server: what is tried again, what is not, and what becomes of failures."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polyhop.agent import Agent, Settings
from polyhop.core.errors import ModelError
from polyhop.core.llm import Price
from polyhop.core.llm.gateway import ATTEMPTS
from polyhop.core.llm.lite import _load
from polyhop.retrieval.embed import Embedder
from tests import corpus

from ..llm_server import Reply, serving

MESSAGES = [{"role": "user", "content": "Who directed Jaws?"}]

pytestmark = [
    pytest.mark.slow,
    # litellm leaves its connections and its logging task to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def litellm() -> None:
    """Import litellm once, before any test's time is taken."""
    _load().result()


def test_a_reply_is_the_text_of_the_message() -> None:
    """One request with the messages as they are, one reply."""
    with serving([Reply("Steven Spielberg did.")]) as server:
        assert "Steven Spielberg did." == asyncio.run(server.gateway().complete("test", MESSAGES))
        (request,) = server.requests
        assert (MESSAGES, "test", 0) == (request["messages"], request["model"], request["temperature"])


def test_one_model_serves_many_event_loops() -> None:
    """Each synchronous question runs in a loop of its own; the second must not meet the first one's connections."""
    with serving([Reply("yes")]) as server:
        gateway = server.gateway()
        assert ["yes"] * 3 == [asyncio.run(gateway.complete("test", MESSAGES)) for _ in range(3)]
        assert 3 == len(server.requests)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_passing_failures_are_tried_again(status: int) -> None:
    """A rate limit or a server error is followed by another try, whose reply is used."""
    with serving([Reply(status=status), Reply("at last")]) as server:
        assert "at last" == asyncio.run(server.gateway().complete("test", MESSAGES))
        assert 2 == len(server.requests)


@pytest.mark.parametrize("status", [429, 500])
def test_tries_are_bounded(status: int) -> None:
    """A failure that stays is tried three times in all: no library below tries again on its own account."""
    with serving([Reply(status=status)]) as server:
        with pytest.raises(ModelError, match=r"'openai/test' failed.*POLYHOP_LLM"):
            asyncio.run(server.gateway().complete("test", MESSAGES))
        assert ATTEMPTS == len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_lasting_failures_are_not_tried_again(status: int) -> None:
    """A bad request, a refused key or an unknown model would fail again and is reported at once."""
    with serving([Reply(status=status)]) as server:
        with pytest.raises(ModelError, match="failed"):
            asyncio.run(server.gateway().complete("test", MESSAGES))
        assert 1 == len(server.requests)


def test_a_slow_server_is_given_up() -> None:
    """Each try waits no longer than the time-out."""
    with serving([Reply("too late", seconds=3.0)]) as server:
        began = time.monotonic()
        with pytest.raises(ModelError, match="Timeout"):
            asyncio.run(server.gateway(0.2).complete("test", MESSAGES))
        assert time.monotonic() - began < 20
        assert len(server.requests) <= ATTEMPTS


@pytest.mark.parametrize("raw", [b"{broken", b"<html>busy</html>", b"{}", b'{"choices": []}', b"[]", b"null"])
def test_rubbish_is_a_model_error(raw: bytes) -> None:
    """A response that is no completion is the model's error, whatever it is."""
    with serving([Reply(raw=raw)]) as server, pytest.raises(ModelError):
        asyncio.run(server.gateway().complete("test", MESSAGES))


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_reply_is_a_model_error(text: str) -> None:
    """A completion without text is said to be one."""
    with serving([Reply(text)]) as server, pytest.raises(ModelError, match=r"returned nothing|failed"):
        asyncio.run(server.gateway().complete("test", MESSAGES))


def test_a_server_that_is_away_is_a_model_error() -> None:
    """Nobody listening is the model's error with what to check."""
    with serving([Reply("x")]) as server:
        gateway = server.gateway()
    with pytest.raises(ModelError, match="its server"):
        asyncio.run(gateway.complete("test", MESSAGES))


GOOD = "The director of Jaws, Steven Spielberg, was born in Cincinnati [1][2]."


def ask(tmp_path: Path, embedder: Embedder, *replies: Reply, timeout: float = 10.0) -> tuple[object, object]:
    """Ask the known question of an agent with the server's model; return the answer and the server."""
    with corpus.collection(tmp_path, embedder) as films, serving(replies) as server:
        answer = Agent(films, llm=server.model(), settings=Settings(llm_timeout=timeout, llm_cache=False)).ask(
            corpus.QUESTION, 4
        )
        return answer, server


def test_a_good_answer_is_used(tmp_path: Path, embedder: Embedder) -> None:
    """An answer whose citations bear it out is the answer, with the model's name and no notice."""
    answer, server = ask(tmp_path, embedder, Reply(GOOD))
    assert (GOOD, "openai/test", False, True) == (answer.text, answer.model, answer.extractive, answer.found)  # type: ignore[attr-defined]
    assert ([True], ()) == ([one["supported"] for one in answer.citations], tuple(answer.notices))  # type: ignore[attr-defined]
    assert "<passage number=1>" in server.prompt()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("reply", "said"), [
    (Reply("He was born in Vienna in 1811 [1]."), "borne out"),
    (Reply("Steven Spielberg was born in Cincinnati."), "borne out"),
    (Reply("Steven Spielberg was born in Cincinnati [97]."), "borne out"),
    (Reply(status=400), "failed"),
    (Reply(raw=b"nonsense"), "failed"),
])  # fmt: skip
def test_a_bad_answer_gives_way_to_the_passages(reply: Reply, said: str, tmp_path: Path, embedder: Embedder) -> None:
    """Without support, or when the model fails, the answer is extractive and a notice says why."""
    answer, _ = ask(tmp_path, embedder, reply)
    assert (True, "") == (answer.extractive, answer.model)  # type: ignore[attr-defined]
    assert answer.found and answer.citations  # type: ignore[attr-defined]
    (notice,) = answer.notices  # type: ignore[attr-defined]
    assert said in notice


def test_a_time_out_gives_way_to_the_passages(tmp_path: Path, embedder: Embedder) -> None:
    """A model that does not answer in time costs its tries and no more."""
    answer, server = ask(tmp_path, embedder, Reply(GOOD, seconds=2.0), timeout=0.1)
    assert answer.extractive and "Timeout" in answer.notices[0]  # type: ignore[attr-defined]
    assert len(server.requests) <= ATTEMPTS  # type: ignore[attr-defined]


def test_not_found_is_an_answer(tmp_path: Path, embedder: Embedder) -> None:
    """A model that says it could not find it is believed."""
    answer, _ = ask(tmp_path, embedder, Reply("I could not find it."))
    assert (False, False, "openai/test") == (answer.found, answer.extractive, answer.model)  # type: ignore[attr-defined]


CONFIGURED = """
import sys
from polyhop.agent import Agent
from polyhop.retrieval.store.collection import Collection
with Collection.open(sys.argv[1], "films") as films:
    answer = Agent(films).ask("In which city was the director of Jaws born?")
    print(answer.extractive, "litellm" in sys.modules, "openai" in sys.modules)
"""


@pytest.mark.parametrize(("llm", "expected"), [("", "True False False"), ("openai/none", "True True True")])
def test_litellm_is_imported_for_a_model_only(llm: str, expected: str, tmp_path: Path, embedder: Embedder) -> None:
    """Without a configured model a whole question never imports litellm; with one it does."""
    corpus.collection(tmp_path, embedder).close()
    environment = {**__import__("os").environ, "POLYHOP_LLM": llm, "OPENAI_API_KEY": "none"}
    environment["OPENAI_API_BASE"] = environment["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
    command = [sys.executable, "-c", CONFIGURED, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110)
    assert [expected] == done.stdout.splitlines()[-1:], done.stderr


def test_the_models_come_from_the_settings(embedder: Embedder) -> None:
    """Models, their time-out, address and price are settings; an empty name is no model."""
    settings = Settings(llm="openai/x, ollama/y", llm_timeout=3, llm_url="http://127.0.0.1:9", llm_price="1/2.5")
    models = Agent.around(lambda question, k: [], embedder=embedder, settings=settings).models
    assert (["openai/x", "ollama/y"], 3.0) == ([one.name for one in models.models], models.timeout)
    assert Price(1e-6, 2.5e-6) == asyncio.run(models.models[1].price())
    assert "127.0.0.1:9" in models.models[0].identity
    assert () == Agent.around(lambda question, k: [], embedder=embedder, settings=Settings(llm="")).models.models
