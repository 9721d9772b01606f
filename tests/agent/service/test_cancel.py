"""A client that leaves takes his question along: counted, not timed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import QUESTION

from .served import Served, until

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many
HOPS = 4


@pytest.fixture
def gated(home: Path, tmp_path: Path) -> Iterator[Served]:
    """Return a server whose hops wait at a gate."""
    updaters = f"link,tests.agent.service.gate:GatedHop={tmp_path / 'gate'}"
    with Served(home, "--most", "2", updaters=updaters, max_hops=str(HOPS)) as server:
        yield server


def hops(tmp_path: Path) -> int:
    """Return how many hops have begun."""
    gate = tmp_path / "gate"
    return len(gate.read_text().splitlines()) if gate.exists() else 0


def body(**more: Any) -> dict[str, Any]:
    """Return a question of several hops."""
    return {"collections": ["films"], "question": QUESTION, **more}


@pytest.mark.parametrize(("path", "stream"), [("/retrieve", False), ("/ask", False), ("/ask", True)])
def test_a_question_ends_within_the_hop_in_which_its_client_leaves(
    gated: Served,
    tmp_path: Path,
    path: str,
    stream: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    """No further hop begins, the place is free again, and the next question has all its hops."""
    client = sent(gated, path, body(stream=True) if stream else body())
    until(lambda: hops(tmp_path) == 1, "the first hop begins")
    inside = gated.metric("polyhop_requests_inside")
    client.close()
    until(lambda: gated.metric("polyhop_cancelled_total") == 1, "the server notices")
    (tmp_path / "gate.open").touch()
    until(lambda: gated.metric("polyhop_requests_inside") == 0, "the place is free")

    assert 1.0 == inside
    assert 200 == gated.client.post("/retrieve", json=body()).status_code
    assert hops(tmp_path) >= 1 + 3


def sent(server: Served, path: str, asked: dict[str, Any]) -> socket.socket:
    """Send a question and return the connection, which nobody reads."""
    host, port = server.url.removeprefix("http://").split(":")
    data = json.dumps(asked).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    connection = socket.create_connection((host, int(port)))
    connection.sendall(head.encode() + data)
    return connection


def test_the_first_search_is_told_while_the_run_goes_on(gated: Served, tmp_path: Path) -> None:
    """At a shut gate, before the first hop, the events of the first search are there already."""
    told: list[dict[str, Any]] = []
    with gated.client.stream("POST", "/ask", json=body(stream=True)) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                told.append(json.loads(line[5:]))
                if told[-1]["type"] == "STATE_DELTA":
                    (tmp_path / "gate.open").touch()

    first = next(place for place, one in enumerate(told) if one["type"] == "STATE_DELTA")
    assert "search" == told[first]["delta"][0]["value"]["event"]
    assert "RUN_FINISHED" == told[-1]["type"]


def test_no_more_come_in_than_there_is_room_for(gated: Served, tmp_path: Path) -> None:
    """While two wait at the gate a third is told to come back; the two are answered."""
    answers: list[int] = []
    asking = [
        threading.Thread(target=lambda: answers.append(gated.client.post("/retrieve", json=body()).status_code))
        for _ in range(2)
    ]
    for one in asking:
        one.start()
    until(lambda: hops(tmp_path) == 2, "both are inside")
    third = gated.client.post("/retrieve", json=body())
    health = gated.client.get("/health")
    (tmp_path / "gate.open").touch()
    for one in asking:
        one.join()

    assert (503, "1") == (third.status_code, third.headers["retry-after"])
    assert 200 == health.status_code
    assert [200, 200] == answers


def test_a_deadline_ends_a_question(home: Path, tmp_path: Path) -> None:
    """Whoever waits is told, and the runs go no further than the hops that they are in; they could take four each."""
    updaters = f"link,tests.agent.service.gate:GatedHop={tmp_path / 'gate'}"
    with Served(home, "--deadline", "1", updaters=updaters, max_hops=str(HOPS)) as server:
        late = server.client.post("/retrieve", json=body())
        streamed = server.client.post("/ask", json=body(stream=True)).text
        (tmp_path / "gate.open").touch()
        server.stop()

    assert 504 == late.status_code
    assert "RUN_ERROR" in streamed and "deadline" in streamed
    assert hops(tmp_path) <= 2
