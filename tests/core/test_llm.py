"""The litellm gateway, through real HTTP to a local server."""

from __future__ import annotations

import asyncio
import re

import pytest

from polyhop.core.errors import ModelError
from polyhop.core.llm import ATTEMPTS, LiteLLM

from .llm_server import Reply, Script, llm_server

# The first call imports litellm, which takes seconds.
pytestmark = pytest.mark.slow


def build_model(server: Script, timeout: float = 5.0) -> LiteLLM:
    """Return a model that asks the server."""
    return LiteLLM("openai/test", timeout, {"api_base": server.url, "api_key": "none"})


def complete(model: LiteLLM, text: str = "Which river?") -> str:
    """Ask one question."""
    return asyncio.run(model.complete([{"role": "user", "content": text}]))


def test_a_reply_comes_back_as_text() -> None:
    """The messages reach the server as they were given, and its text comes back."""
    with llm_server(Reply("The Aare [1].")) as server:
        assert "The Aare [1]." == complete(build_model(server))
        assert [{"role": "user", "content": "Which river?"}] == server.asked[0]["messages"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(status: int) -> None:
    """Rate limits and server errors pass; the second try is what counts."""
    with llm_server(Reply(status=status), Reply("Aare")) as server:
        assert "Aare" == complete(build_model(server))
        assert 2 == len(server.asked)


def test_a_lasting_fault_is_tried_a_few_times_and_no_more() -> None:
    """Retries are bounded and not doubled by the client library below."""
    with llm_server(Reply(status=500)) as server:
        with pytest.raises(ModelError, match=re.escape("'openai/test' failed")):
            complete(build_model(server))
        assert ATTEMPTS == len(server.asked)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_bad_request_is_not_repeated(status: int) -> None:
    """What would fail again is asked once."""
    with llm_server(Reply(status=status)) as server:
        with pytest.raises(ModelError, match="POLYHOP_LLM"):
            complete(build_model(server))
        assert 1 == len(server.asked)


@pytest.mark.parametrize("reply", [Reply(""), Reply("  \n"), Reply(body="{ no json"), Reply(body="{}")])
def test_a_reply_without_text_is_an_error_of_the_model(reply: Reply) -> None:
    """Empty completions and garbage never come back as an answer."""
    with llm_server(reply) as server, pytest.raises(ModelError):
        complete(build_model(server))


def test_a_slow_server_runs_into_the_time_out() -> None:
    """A call takes no longer than it may, tries included."""
    with llm_server(Reply("late", seconds=1.5)) as server, pytest.raises(ModelError, match="[Tt]ime"):
        complete(build_model(server, timeout=0.2))


def test_nobody_listening_is_an_error_that_says_what_to_check() -> None:
    """Without a server the message names the model and the setting."""
    with llm_server(Reply("")) as server:
        pass
    with pytest.raises(ModelError, match="its key and its server"):
        complete(build_model(server))
