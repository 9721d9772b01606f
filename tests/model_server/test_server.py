"""The server as a client meets it: what it says, and what each fault is on the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.model_server import FAULTS, Fault, ModelServer, faults
from tests.model_server.faults import STATUSES

REPLY = "Steven Spielberg  directed it,\nin 1975. "
CONTENT = {"schema": '{"unexpected": [1, 2, 3]}', "empty": "", "null": None, "length": REPLY[: len(REPLY) // 2]}
#: seconds, beyond those of a test, which end a hang
PATIENCE = 100.0
BODY = {"model": "any", "messages": [{"role": "user", "content": "Who?"}]}


@contextmanager
def client(server: ModelServer) -> Iterator[Any]:
    """Lend a function that asks the server a question and returns the response."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        yield lambda **more: http.post("/chat/completions", json={**BODY, **more})


def events(response: httpx.Response) -> list[Any]:
    """Return the data of the events of a stream."""
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def written(chunks: list[Any]) -> str:
    """Return the text of a stream."""
    choices = [chunk["choices"][0] for chunk in chunks if chunk != "[DONE]" and chunk["choices"]]
    return "".join(choice["delta"].get("content", "") for choice in choices)


def test_a_stream_says_the_same_as_one_piece() -> None:
    """Word by word, on the same connection; the tokens come last, where they are wanted."""
    with ModelServer(lambda messages: REPLY) as server, client(server) as ask:
        whole, streamed, short = ask(), ask(stream=True, stream_options={"include_usage": True}), ask(stream=True)
        connections = {id(one.extensions["network_stream"]) for one in (whole, streamed, short)}

    *chunks, done = events(streamed)
    assert REPLY == whole.json()["choices"][0]["message"]["content"] == written(chunks)
    assert ("[DONE]", whole.json()["usage"]) == (done, chunks[-1]["usage"])
    assert not any("usage" in chunk for chunk in events(short)[:-1])
    assert (1, 3) == (len(connections), server.calls)


def test_each_reply_is_given_once() -> None:
    """To the requests in their order; then there is none."""
    with ModelServer(["one", "two"], faults=[Fault("500", first=1)]) as server, client(server) as ask:
        first, *given, last = [ask() for _ in range(4)]

    assert ["one", "two"] == [one.json()["choices"][0]["message"]["content"] for one in given]
    assert [500, 404] == [first.status_code, last.status_code]
    assert ["500", "", "", ""] == [request.fault for request in server.requests]


@pytest.mark.parametrize("kind", STATUSES)
def test_a_status_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a body as OpenAI's, streamed or not, and the time to come back, in seconds or as a date."""
    monkeypatch.setattr(faults, "time", SimpleNamespace(time=lambda: 43_200.0))
    played = [Fault(kind, first=1, retry_after=1.5), Fault(kind, first=1, retry_after=100, dated=True)]
    with ModelServer(["x"], faults=played) as server, client(server) as ask:
        first, second, third = ask(), ask(stream=True), ask()

    assert [int(kind), int(kind), 200] == [one.status_code for one in (first, second, third)]
    assert (kind, "1.5") == (first.json()["error"]["code"], first.headers["retry-after"])
    assert "Thu, 01 Jan 1970 12:01:40 GMT" == second.headers["retry-after"]


@pytest.mark.parametrize("kind", CONTENT)
def test_a_reply_may_be_another(kind: str) -> None:
    """The completion is whole, but what it says is not what was to be said."""
    with ModelServer(lambda messages: REPLY, faults=[kind]) as server, client(server) as ask:
        said, streamed = ask().json()["choices"][0], written(events(ask(stream=True)))

    assert (CONTENT[kind], CONTENT[kind] or "") == (said["message"]["content"], streamed)
    assert ("length" if kind == "length" else "stop") == said["finish_reason"]


@pytest.mark.parametrize("stream", [False, True])
def test_half_a_reply_may_come(*, stream: bool) -> None:
    """Cut off by the connection, or ended as if that were all, without a reason and without an end mark."""
    played: list[Fault | str] = [Fault("cut", first=1), "unfinished"]
    with ModelServer(lambda messages: REPLY, faults=played) as server, client(server) as ask:
        with pytest.raises(httpx.RemoteProtocolError):
            ask(stream=stream)
        response = ask(stream=stream)

    chunks = events(response) if stream else []
    text = written(chunks) if stream else response.json()["choices"][0]["message"]["content"]
    assert text and text != REPLY and REPLY.startswith(text)
    assert "[DONE]" not in chunks and '"finish_reason": "' not in response.text


@pytest.mark.parametrize(("kind", "error"), [("reset", httpx.ReadError), ("refused", httpx.ConnectError)])
def test_a_connection_may_fail(kind: str, error: type[Exception]) -> None:
    """Reset once it is made, or refused."""
    with ModelServer(faults=[kind]) as server, client(server) as ask, pytest.raises(error):
        ask()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["drip", "endless"])
def test_a_reply_may_never_end(kind: str, *, stream: bool) -> None:
    """Bytes keep coming, so that no time-out of a read strikes: empty ones, or the reply again and again."""
    seen = b""
    with ModelServer(lambda messages: "and so on", faults=[Fault(kind, seconds=0.01)]) as server:
        body = {**BODY, "stream": stream}
        with (
            httpx.stream("POST", server.url + "/chat/completions", json=body) as response,
            closing(response.iter_raw()) as pieces,
        ):
            while len(seen) < 400 and seen.count(b" ") < 40:
                seen += next(pieces)

    assert (kind == "endless") == (b"and" in seen)


def test_faults_strike_by_chance() -> None:
    """The same requests meet the same faults in every server."""
    drawn = []
    for _ in range(2):
        with ModelServer(lambda messages: "x", faults=[Fault("500", share=0.5)]) as server, client(server) as ask:
            drawn.append([ask().status_code for _ in range(24)])

    assert drawn[0] == drawn[1]
    assert {200, 500} == set(drawn[0])


def test_the_end_ends_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that would take a minute is broken off, and nobody listens any more."""
    failed: list[Exception] = []

    def wait(url: str) -> None:
        try:
            httpx.post(url, json=BODY, timeout=PATIENCE)
        except httpx.HTTPError as error:
            failed.append(error)

    asked = threading.Event()
    with ModelServer(["x"], faults=[Fault("slow", seconds=PATIENCE)]) as server:
        begin = server.begin
        monkeypatch.setattr(server, "begin", lambda body: (begin(body), asked.set())[0])
        url = server.url + "/chat/completions"
        thread = threading.Thread(target=wait, args=(url,))
        thread.start()
        asked.wait()
    thread.join()

    assert [httpx.RemoteProtocolError] == [type(error) for error in failed]
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, json=BODY)


def test_an_unknown_fault_is_refused() -> None:
    """A test that misspells one would test nothing."""
    with pytest.raises(ValueError, match="unknown fault 'late'; choose among 400,"):
        Fault("late")
    assert len(FAULTS) == len(set(FAULTS)) == 31
