"""Faults as a client meets them."""

from __future__ import annotations

import time
from contextlib import closing
from email.utils import parsedate_to_datetime

import httpx
import pytest

from polyhop.agent.testing import FAULTS, Fault, ReplayServer
from polyhop.core.errors import CallerError

from .asking import REPLY, client, events, written

CONTENT = {"schema": '{"unexpected": [1, 2, 3]}', "empty": "", "null": None, "length": REPLY[: len(REPLY) // 2]}


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind.isdigit()])
def test_a_status_is_an_error(kind: str) -> None:
    """With a body as OpenAI's, streamed or not, and the same connection goes on."""
    with ReplayServer(["x"], faults=[f"{kind}:first=2"]) as server, client(server) as ask:
        responses = [ask(), ask(stream=True), ask()]

    assert [int(kind), int(kind), 200] == [response.status_code for response in responses]
    assert kind == responses[0].json()["error"]["code"]


def test_when_to_come_back_is_told() -> None:
    """In seconds, or as a date, which is that of now and the seconds."""
    faults = [Fault("429", retry_after=1.5, first=1), Fault("503", retry_after=100, dated=True)]
    with ReplayServer(faults=faults) as server, client(server) as ask:
        assert "1.5" == ask().headers["retry-after"]
        date = parsedate_to_datetime(ask().headers["retry-after"])

    assert 97 < date.timestamp() - time.time() <= 101


@pytest.mark.parametrize("kind", CONTENT)
def test_a_reply_may_be_another(kind: str) -> None:
    """The completion is whole, but what it says is not what was to be said."""
    with ReplayServer(lambda messages: REPLY, faults=[kind]) as server, client(server) as ask:
        said, streamed = ask().json()["choices"][0], written(events(ask(stream=True)))

    assert (CONTENT[kind], CONTENT[kind] or "") == (said["message"]["content"], streamed)
    assert ("length" if kind == "length" else "stop") == said["finish_reason"]


def test_a_model_may_refuse() -> None:
    """By a content filter, or in words of its own."""
    with ReplayServer(faults=["filtered:first=1", "refusal"]) as server, client(server) as ask:
        filtered, refused = ask().json()["choices"][0], ask().json()["choices"][0]["message"]

    assert ("content_filter", "") == (filtered["finish_reason"], filtered["message"]["content"])
    assert (None, True) == (refused["content"], "sorry" in refused["refusal"])


def test_tokens_may_be_missing_or_absurd() -> None:
    """The reply is as ever."""
    with ReplayServer(lambda messages: REPLY, faults=["nousage:first=1", "badusage"]) as server, client(server) as ask:
        without, absurd = ask().json(), ask().json()

    assert [REPLY] * 2 == [body["choices"][0]["message"]["content"] for body in (without, absurd)]
    assert (False, True) == ("usage" in without, absurd["usage"]["completion_tokens"] < 0)


@pytest.mark.parametrize(("fault", "body"), [
    ("garbage", None), ("garbage:text=null", "null"), ("html", None), ("envelope", "{}"), ('envelope:text=[]', "[]"),
])  # fmt: skip
def test_a_body_may_be_none_of_a_completion(fault: str, body: str | None) -> None:
    """With status 200: no JSON, a page, or JSON of another kind."""
    with ReplayServer(["x"], faults=[fault]) as server, client(server) as ask:
        response = ask()

    assert (200, True) == (response.status_code, "choices" not in response.text or not response.text.endswith("}"))
    assert body in (None, response.text)


@pytest.mark.parametrize("stream", [False, True])
def test_half_a_reply_may_come(*, stream: bool) -> None:
    """Cut off by the connection, or ended as if that were all, without a reason and without an end mark."""
    with ReplayServer(lambda messages: REPLY, faults=["cut:first=1", "unfinished"]) as server, client(server) as ask:
        with pytest.raises(httpx.RemoteProtocolError):
            ask(stream=stream)
        response = ask(stream=stream)

    chunks = events(response) if stream else []
    text = written(chunks) if stream else response.json()["choices"][0]["message"]["content"]
    assert text and text != REPLY and REPLY.startswith(text)
    assert "[DONE]" not in chunks and '"finish_reason": "' not in response.text


def test_a_connection_may_fail() -> None:
    """Reset once it is made, or refused, for a while or for good."""
    with ReplayServer(["x"], faults=["reset:first=1"]) as server, client(server) as ask:
        with pytest.raises(httpx.ReadError):
            ask()
        assert 200 == ask().status_code
    with ReplayServer(faults=["refused"]) as server, client(server) as ask, pytest.raises(httpx.ConnectError):
        ask()
    with ReplayServer(["x"], faults=["refused:seconds=0.3"]) as server, client(server) as ask:
        with pytest.raises(httpx.ConnectError):
            ask()
        time.sleep(0.5)
        assert 200 == ask().status_code


def test_a_reply_may_be_slow() -> None:
    """Whoever waits gets it; whoever does not leaves it for the next."""
    with ReplayServer(["one", "two"], faults=["slow:seconds=0.3"]) as server:
        with client(server, timeout=0.1) as ask, pytest.raises(httpx.ReadTimeout):
            ask()
        with client(server) as ask:
            began = time.monotonic()
            assert "one" == ask().json()["choices"][0]["message"]["content"]
            assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["drip", "endless"])
def test_a_reply_may_never_end(kind: str, *, stream: bool) -> None:
    """Bytes keep coming, so that no time-out of a read strikes: empty ones, or the reply again and again."""
    seen = b""
    with ReplayServer(lambda messages: "and so on", faults=[f"{kind}:seconds=0.01"]) as server:
        body = {"messages": [{"role": "user", "content": "x"}], "stream": stream}
        with (
            httpx.stream("POST", server.url + "/chat/completions", json=body) as response,
            closing(response.iter_raw()) as pieces,
        ):
            while len(seen.split()) < 40 and len(seen) < 40:
                seen += next(pieces)

    assert (kind == "endless") == (b"and" in seen or b"assistant" in seen or b"chatcmpl" in seen)


def test_faults_strike_when_they_are_said_to() -> None:
    """The first times, at a text, or by chance: the same chance with the same seed."""
    with ReplayServer(lambda messages: "x", faults=["500:first=1", "429:match=jaws"]) as server, client(server) as ask:
        assert [500, 429, 200, 429] == [ask(text).status_code for text in ("Jaws", "Jaws", "Who?", "JAWS!")]

    drawn = []
    for seed in (1, 1, 2):
        with ReplayServer(lambda m: "x", faults=["500:share=0.5"], seed=seed) as server, client(server) as ask:
            drawn.append([ask().status_code for _ in range(24)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert {200, 500} == set(drawn[0])


@pytest.mark.parametrize(("text", "wrong"), [
    ("late", "unknown fault 'late'; choose among refused,"),
    ("429:frist=1", "unknown part 'frist'; choose among"),
    ("429:first=x", "first cannot be 'x'"),
    ("429:first=-1", "first cannot be -1"),
    ("429:share=2", "share cannot be 2"),
    ("429:dated=perhaps", "dated cannot be 'perhaps'"),
    ("refused:first=1", "use 'reset'"),
])  # fmt: skip
def test_an_impossible_fault_is_refused(text: str, wrong: str) -> None:
    """What cannot be played says what can."""
    with pytest.raises(CallerError, match=wrong):
        Fault.parse(text)
