"""The server of replies, asked over HTTP as any client would."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import httpx
import pytest

from polyhop.agent.testing import ReplayServer
from polyhop.core.errors import CallerError, OperatorError

from .asking import REPLY, client, events, written


def test_a_completion_is_whole() -> None:
    """It has the reply, a reason to end, the name of the model that was asked for, and its tokens."""
    with ReplayServer([REPLY]) as server, client(server) as ask:
        body = ask().json()

    (choice,) = body["choices"]
    assert (REPLY, "assistant", "stop") == (*map(choice["message"].get, ("content", "role")), choice["finish_reason"])
    assert ("chat.completion", "any") == (body["object"], body["model"])
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    assert 8 <= body["usage"]["completion_tokens"] <= 16


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_says_the_same_word_by_word(*, usage: bool) -> None:
    """It ends with a reason and the end mark; the tokens come last, where they are wanted."""
    with ReplayServer(lambda messages: REPLY) as server, client(server) as ask:
        response = ask(stream=True, stream_options={"include_usage": usage})
        whole = ask().json()["usage"]

    *chunks, done = events(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert ("[DONE]", REPLY) == (done, written(chunks))
    assert ["stop"] == [one["finish_reason"] for chunk in chunks for one in chunk["choices"] if one["finish_reason"]]
    assert [whole] * usage == [chunk["usage"] for chunk in chunks if "usage" in chunk]
    assert {"chat.completion.chunk"} == {chunk["object"] for chunk in chunks}


def test_a_reply_is_no_longer_than_was_asked() -> None:
    """The bound of tokens holds, and is the reason to end; a recording with tokens of its own is left whole."""
    with ReplayServer([REPLY, {"reply": REPLY, "usage": [7, 99]}]) as server, client(server) as ask:
        short, own = ask(max_tokens=4).json(), ask(max_tokens=4).json()

    (choice,) = short["choices"]
    assert ("length", 4) == (choice["finish_reason"], short["usage"]["completion_tokens"])
    assert choice["message"]["content"] and REPLY.startswith(choice["message"]["content"])
    assert (REPLY, 7, 99) == (own["choices"][0]["message"]["content"], *list(own["usage"].values())[:2])


def test_what_nobody_recorded_is_told() -> None:
    """It is a bad request, not to be tried again, and names what was asked and what could have been."""
    with ReplayServer([{"match": "jaws", "reply": "shark"}]) as server, client(server) as ask:
        response = ask("Where is Vienna?")

    assert (404, "no_recording") == (response.status_code, response.json()["error"]["code"])
    assert "'Where is Vienna?'" in response.json()["error"]["message"]
    assert '"match": "jaws"' in response.json()["error"]["message"]


def test_a_function_that_raises_is_told() -> None:
    """What a function of replies raises arrives where it can be read."""
    with ReplayServer(lambda messages: str(1 / 0)) as server, client(server) as ask:
        assert "ZeroDivisionError" in ask().json()["error"]["message"]


@pytest.mark.parametrize(("body", "wrong"), [
    (b"{", "no JSON"), (b"[]", "no messages"), (b"{}", "no messages"), (b'{"messages": [1]}', "no messages"),
])  # fmt: skip
def test_what_is_no_request_is_refused(body: bytes, wrong: str) -> None:
    """A body that asks nothing gets status 400 and is not counted."""
    with ReplayServer(["x"]) as server:
        response = httpx.post(server.url + "/chat/completions", content=body)

        assert (400, True, 0) == (response.status_code, wrong in response.json()["error"]["message"], server.calls)


def test_other_addresses_are_few() -> None:
    """There is a list of one model, and everything else is told what there is."""
    with ReplayServer() as server, httpx.Client(base_url=server.url) as http:
        assert ["replay"] == [one["id"] for one in http.get("/models").json()["data"]]
        for response in (http.get("/elsewhere"), http.post("/embeddings", json={})):
            assert (404, True) == (response.status_code, "/chat/completions" in response.text)


def test_requests_are_remembered() -> None:
    """With their messages, their time and the fault that they met; nothing of their headers."""
    with ReplayServer(["x", "y"], faults=["500:first=1"]) as server, client(server) as ask:
        ask("one", temperature=0.5), ask("two")

    assert (["one", "two"], ["500", ""]) == ([r.prompt for r in server.requests], [r.fault for r in server.requests])
    assert 0.5 == server.requests[0].body["temperature"]
    assert server.requests[0].at <= server.requests[1].at <= time.monotonic()


async def test_calls_at_once_are_counted() -> None:
    """All of them, and how many were under way together at the most."""
    together = threading.Barrier(8)

    def reply(messages: Any) -> str:
        together.wait(4)
        return "x"

    body = {"messages": [{"role": "user", "content": "x"}]}
    with ReplayServer(reply) as server:
        async with httpx.AsyncClient(base_url=server.url) as http:
            await asyncio.gather(*(http.post("/chat/completions", json=body) for _ in range(24)))

        assert 24 == server.calls
        assert 8 <= server.most <= 24


def test_connections_are_kept() -> None:
    """As real servers do, so that what goes wrong with old connections goes wrong here."""
    with ReplayServer(lambda messages: "x") as server, httpx.Client(base_url=server.url) as http:
        responses = [http.post("/chat/completions", json={"messages": [{"role": "user"}]}) for _ in range(3)]
        streams = {id(response.extensions["network_stream"]) for response in responses}

        assert 1 == len(streams)


def test_the_end_ends_everything() -> None:
    """Leaving the server ends connections under way at once, and nobody listens any more."""
    with ReplayServer(["x"], faults=["slow"]) as server:
        url, body = server.url + "/chat/completions", {"messages": [{"role": "user", "content": "x"}]}
        failed: list[Exception] = []

        def wait() -> None:
            try:
                httpx.post(url, json=body, timeout=30)
            except httpx.HTTPError as error:
                failed.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        while not server.calls:
            time.sleep(0.01)
        began = time.monotonic()
    thread.join(2)

    assert 1 == len(failed)
    assert time.monotonic() - began < 2
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, json=body)


def test_a_port_may_be_chosen() -> None:
    """One that is taken is the operator's to see to; without a server there is no address."""
    with ReplayServer() as server, pytest.raises(OperatorError, match="choose another"):
        ReplayServer(port=int(server.url.split(":")[2].split("/")[0])).__enter__()
    with pytest.raises(CallerError, match="context manager"):
        _ = ReplayServer().url
