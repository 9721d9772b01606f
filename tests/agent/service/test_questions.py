"""Questions over HTTP: the answers are those of the agent, whole or as events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from polyhop.agent import Agent, Settings
from tests.corpus import QUESTION

from .served import Served, until

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many

FILMS = {"collections": ["films"]}


def timeless(found: Any) -> Any:
    """Return a result without what differs from run to run."""
    if isinstance(found, dict):
        return {key: timeless(value) for key, value in found.items() if key not in ("ms", "seconds", "run")}
    return [timeless(one) for one in found] if isinstance(found, list | tuple) else found


def events(server: Served, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events that a stream brings."""
    answer = server.client.post(path, json={**FILMS, "stream": True, **body})
    assert "text/event-stream" == answer.headers["content-type"].partition(";")[0], answer.text
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line.startswith("data:")]


def test_the_service_finds_what_the_agent_finds(films: Served) -> None:
    """Passages, paths, parts of the scores and events are the same."""
    found = films.client.post("/retrieve", json={**FILMS, "question": QUESTION, "k": 3, "where": "year > 0"})
    with Agent.open(films.home, "films") as agent:
        expected = agent.retrieve(QUESTION, 3, where="year > 0").to_dict()

    assert 200 == found.status_code
    assert json.loads(json.dumps(timeless(expected))) == timeless(found.json())


def test_a_request_may_say_how_far_it_goes(films: Served) -> None:
    """Hops, stop rules and profile are those of the request; two that stand beside each other differ in them alone."""
    asked = {**FILMS, "question": QUESTION, "k": 3}
    found = {
        name: films.client.post("/retrieve", json={**asked, **wish}).json()
        for name, wish in {
            "none": {"hops": 0},
            "two": {"hops": 2, "profile": "quality"},
            "sufficient": {"hops": 3, "stop": "settled,sufficient=0"},
        }.items()
    }
    with Agent.open(films.home, "films", settings=Settings(max_hops=2, profile="quality")) as agent:
        expected = agent.retrieve(QUESTION, 3).to_dict()

    assert (0, "MaxHops(limit=0)") == (found["none"]["hops"], found["none"]["stopped"])
    assert json.loads(json.dumps(timeless(expected))) == timeless(found["two"])
    assert (0, "WhenSufficient(least=0.0)") == (found["sufficient"]["hops"], found["sufficient"]["stopped"])


@pytest.mark.parametrize("path", ["/retrieve", "/ask", "/chat", "stream"])
def test_the_hops_are_drawn_where_that_is_asked(films: Served, path: str) -> None:
    """As one SVG that names what was found; nobody else gets one."""
    asked = {"messages": [{"role": "user", "content": QUESTION}]} if path == "/chat" else {"question": QUESTION}
    if path == "stream":
        drawn = events(films, "/ask", {**asked, "svg": True})[-1]["result"]
        plain = events(films, "/ask", asked)[-1]["result"]
    else:
        drawn, plain = (films.client.post(path, json={**FILMS, **asked, "svg": svg}).json() for svg in (True, False))
    root = ElementTree.fromstring(drawn["svg"])

    assert "{http://www.w3.org/2000/svg}svg" == root.tag
    assert "Steven Spielberg" in "".join(root.itertext())
    assert "svg" not in plain


def test_kept_runs_are_listed_shown_and_drawn(home: Path) -> None:
    """Where the settings keep runs; what comes back is what was answered."""
    with Served(home, runs="5") as server:
        asked = server.client.post("/retrieve", json={**FILMS, "question": QUESTION}).json()
        (listed,) = server.client.get("/runs").json()["runs"]
        known = server.client.get(f"/runs/{asked['run']}").json()
        drawn = server.client.get(f"/runs/{asked['run']}/svg")
        none = server.client.get(f"/runs/{'0' * 16}")

    assert (asked["run"], QUESTION, ["films"]) == (listed["id"], listed["question"], listed["collections"])
    assert asked == known["result"]
    assert ("image/svg+xml", "nosniff") == (drawn.headers["content-type"], drawn.headers["x-content-type-options"])
    assert "Steven Spielberg" in drawn.text
    assert 404 == none.status_code and str(home) not in none.text


@pytest.mark.parametrize("rule", ["os:system", "dry,", "sufficient=2", "gate=/etc/passwd", "Dry", "settled=1"])
def test_a_request_names_no_class_to_stop_it(films: Served, rule: str) -> None:
    """Settings may, a stranger may not."""
    assert 422 == films.client.post("/retrieve", json={**FILMS, "question": QUESTION, "stop": rule}).status_code


def test_an_answer_cites_its_passages(films: Served) -> None:
    """The answer comes with the sentences that it cites and where they stand."""
    said = films.client.post("/ask", json={**FILMS, "question": QUESTION}).json()

    assert "Cincinnati" in said["text"]
    assert "Steven Spielberg.md" in [place["key"] for one in said["citations"] for place in one["places"]]


def test_a_turn_is_understood_by_those_before(films: Served) -> None:
    """The turns that come back are what the next request begins with."""
    first = films.client.post(
        "/chat", json={**FILMS, "messages": [{"role": "user", "content": "Who directed Jaws?"}]}
    ).json()
    follow = {"role": "user", "content": "Where was he born?"}
    second = films.client.post("/chat", json={**FILMS, "messages": [*first["messages"], follow]}).json()

    assert "Where was Steven Spielberg born?" == second["question"]
    assert ["user", "assistant"] * 2 == [one["role"] for one in second["messages"]]


def test_a_stream_has_the_events_of_the_protocol_in_their_order(films: Served) -> None:
    """A step for each hop, a patch of the state for each node, one message, and the outcome at the end."""
    told = events(films, "/ask", {"question": QUESTION})
    whole = films.client.post("/ask", json={**FILMS, "question": QUESTION}).json()
    kinds = [one["type"] for one in told]
    steps = [(one["type"], one["stepName"]) for one in told if "stepName" in one]
    state = told[1]["snapshot"]
    for one in told:
        for patch in one.get("delta", ()) if one["type"] == "STATE_DELTA" else ():
            if patch["path"] == "/events/-":
                state["events"].append(patch["value"])

    assert ["RUN_STARTED", "STATE_SNAPSHOT", "STEP_STARTED", "STATE_DELTA"] == kinds[:4]
    assert [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "MESSAGES_SNAPSHOT",
        "STEP_FINISHED",
        "RUN_FINISHED",
    ] == kinds[-6:]
    started, finished = "STEP_STARTED", "STEP_FINISHED"
    assert [(started, "search"), (finished, "search"), (started, "hop 1"), (finished, "hop 1")] == steps
    assert {"search", "hop", "rerank", "finish", "answer"} <= {one["event"] for one in state["events"]}
    assert timeless(whole) == timeless(told[-1]["result"])
    assert whole["text"] == next(one["delta"] for one in told if one["type"] == "TEXT_MESSAGE_CONTENT")
    assert told[0]["runId"] == told[-1]["runId"]


@pytest.mark.parametrize(("path", "body", "status", "said"), [
    ("/retrieve", {"question": "  "}, 400, "the question is empty"),
    ("/retrieve", {"question": "x", "where": "year >="}, 400, "year >="),
    ("/retrieve", {"question": "x", "collections": ["none"]}, 404, "there is no collection 'none'"),
    ("/retrieve", {"question": "x", "wher": "y"}, 422, "#/wher"),
    ("/retrieve", {"question": "x", "k": 0}, 422, "#/k"),
    ("/ask", {"question": "x", "stream": True, "where": "("}, 400, "("),
    ("/chat", {"messages": [{"role": "assistant", "content": "x"}]}, 400, "the last turn"),
    ("/select_tools", {"request": "x", "collection": "films", "collections": None}, 422, "#/collections"),
    ("/nothing", {}, 404, "Not Found"),
])  # fmt: skip
def test_a_mistake_is_told_as_problem_details(
    films: Served, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    """The status says whose mistake it is, the detail what is wrong, before any stream begins."""
    answer = films.client.post(path, json={**FILMS, **body})
    problem = answer.json()

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (status, "about:blank") == (problem["status"], problem["type"])
    assert said in problem["detail"]
    assert str(films.home) not in answer.text


def test_a_body_that_is_too_large_is_refused(films: Served) -> None:
    """A question has two megabytes of room, with all that was said before."""
    answer = films.client.post("/retrieve", json={**FILMS, "question": "x" * 2_100_000})

    assert (413, 413) == (answer.status_code, answer.json()["status"])


def test_a_foreign_page_may_not_ask(films: Served) -> None:
    """Neither a page of another origin, nor one whose name was made to point here; no answer allows CORS."""
    page = films.client.post("/retrieve", json={**FILMS, "question": "x"}, headers={"Origin": "http://evil.example"})
    bound = films.client.get("/collections", headers={"Host": "evil.example"})
    own = films.client.get("/collections", headers={"Origin": films.url})

    assert [403, 403, 200] == [one.status_code for one in (page, bound, own)]
    assert not [name for one in (page, bound, own) for name in one.headers if name.startswith("access-control")]


def test_health_readiness_and_counters(films: Served) -> None:
    """The counters name routes, not what was asked."""
    films.client.post("/retrieve", json={**FILMS, "question": QUESTION})
    films.client.get("/collections/films/documents/Vienna.md")
    text = films.client.get("/metrics").text

    assert [200, 200] == [films.client.get(path).status_code for path in ("/health", "/ready")]
    assert films.metric("polyhop_requests_total", route="/retrieve", method="POST", status="200") > 0
    assert "Vienna" not in text and "films" not in text
    assert until(lambda: films.metric("polyhop_requests_inside") == 0.0, "nobody is inside")
