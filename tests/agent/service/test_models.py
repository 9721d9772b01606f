"""The service with a language model: what it writes is streamed, checked, and taken back if it does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.agent.service.agui import AgUiRun
from polyhop.graphs.state import Event
from tests.corpus import QUESTION
from tests.model_server import ModelServer

from .served import Served
from .test_questions import events

GOOD, BAD = "Jaws was directed by Steven Spielberg [1].", "Jaws was filmed in Paris [1]."


@pytest.mark.slow
def test_an_answer_of_a_model_comes_in_pieces_and_is_taken_back_if_it_is_false(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pieces make the answer; a false one ends, another message takes its place, and a snapshot says which."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    settings = {"llm": "openai/replay", "split": "never", "llm_cache": "false"}
    with ModelServer([GOOD, BAD, GOOD]) as model, Served(home, **settings, llm_url=model.url) as server:
        good, bad = (events(server, "/ask", {"question": QUESTION, "k": 2}) for _ in range(2))
        asked = {"model": "polyhop/films/fast", "messages": [{"role": "user", "content": QUESTION}]}
        usage = server.client.post("/v1/chat/completions", json=asked).json()["usage"]

    pieces = [one for one in good if one["type"] == "TEXT_MESSAGE_CONTENT"]
    assert GOOD == "".join(one["delta"] for one in pieces) == good[-1]["result"]["text"]
    assert len(pieces) > 1 and 1 == len({one["messageId"] for one in pieces})
    assert ("openai/replay", False) == (good[-1]["result"]["model"], good[-1]["result"]["extractive"])
    first, second = [one["messageId"] for one in bad if one["type"] == "TEXT_MESSAGE_START"]
    (snapshot,) = [one["messages"] for one in bad if one["type"] == "MESSAGES_SNAPSHOT"]
    assert BAD == "".join(one["delta"] for one in bad if one.get("messageId") == first and "delta" in one)
    assert (second, bad[-1]["result"]["text"]) == (snapshot[-1]["id"], snapshot[-1]["content"])
    assert bad[-1]["result"]["extractive"]
    assert 0 < usage["completion_tokens"] < usage["prompt_tokens"]


def test_a_reply_that_is_begun_again_is_another_message() -> None:
    """A model that failed in the middle takes its pieces back; each message that is started is ended once."""
    run = AgUiRun("Who?")
    told = [*run.begin()]
    for event in (
        Event(event="text", text="He "),
        Event(event="text", text="", again=True),
        Event(event="text", text="She"),
    ):
        told += run.hear(event)
    told += run.fail("gone", "ModelError")
    kinds = [one["type"].removeprefix("TEXT_MESSAGE_") for one in told[3:]]
    ids = [one["messageId"] for one in told if "messageId" in one]

    assert ["START", "CONTENT", "END", "START", "CONTENT", "RUN_ERROR"] == kinds
    assert ids[0] == ids[2] != ids[3] == ids[4]
