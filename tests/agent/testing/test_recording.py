"""Recordings: which of them is said to what, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent.testing.recording import Recording, Replies, load
from polyhop.core.errors import CallerError

FORMAT = {"type": "json_schema", "json_schema": {"name": "reply", "schema": {}}}


def user(text: str, *before: str) -> list[dict[str, Any]]:
    """Return a conversation that ends with what the user says; what came before is said by the system."""
    return [*({"role": "system", "content": said} for said in before), {"role": "user", "content": text}]


def said(replies: Replies, text: str, *before: str, response_format: Any = None) -> str | None:
    """Return what is said to a conversation."""
    recording = replies.say(user(text, *before), response_format)
    return recording.reply if recording else None


def test_a_match_is_a_text_that_the_user_said_last() -> None:
    """Whatever the case of its letters; what was said before does not count, unless any message may hold it."""
    near = Replies([{"match": "jaws", "reply": "shark"}])
    anywhere = Replies([{"match": "jaws", "reply": "shark", "anywhere": True}])

    assert ["shark", None, None] == [
        said(near, "Who made JAWS?"),
        said(near, "Who?"),
        said(near, "Who?", "Jaws is a film"),
    ]
    assert ["shark", "shark", None] == [
        said(anywhere, "Jaws?"),
        said(anywhere, "Who?", "Jaws is a film"),
        said(anywhere, "Who?"),
    ]


def test_a_regular_expression_is_searched() -> None:
    """Together with a match both must hold, in the same message."""
    replies = Replies([{"regex": r"born in \d{4}\?$", "match": "who", "reply": "Spielberg"}])

    assert ["Spielberg", None, None] == [
        said(replies, "Who was born in 1946?"),
        said(replies, "born in 1946?"),
        said(replies, "Who was born in May?"),
    ]


def test_the_first_that_fits_is_said() -> None:
    """Recordings of the same conditions are said in their order, and the last of them from then on."""
    replies = Replies([
        {"match": "film", "reply": "one"},
        {"match": "a film", "reply": "never, for the other comes first"},
        {"match": "film", "reply": "two"},
    ])  # fmt: skip

    assert ["one", "two", "two"] == [said(replies, "a film") for _ in range(3)]


def test_a_script_is_said_once() -> None:
    """Replies without conditions are said in their order where nothing else fits, and then there is nothing."""
    replies = Replies(["one", {"match": "jaws", "reply": "shark"}, "two"])

    assert ["one", "shark", "two", None] == [said(replies, text) for text in ("a", "jaws", "b", "c")]


def test_what_is_kept_is_said_again() -> None:
    """A request that meets a fault does not use up its reply."""
    replies = Replies(["one", "two"])
    replies.say(user("a"), keep=True)

    assert ["one", "two"] == [said(replies, "a") for _ in range(2)]


def test_a_whole_conversation_may_be_asked_for() -> None:
    """Contents may come as lists of parts; a word more and it is another conversation."""
    replies = Replies([{"messages": user("Who?", "Answer."), "reply": "Spielberg"}])
    parts = [{"role": "system", "content": "Answer."}, {"role": "user", "content": [{"type": "text", "text": "Who?"}]}]

    assert ["Spielberg", None] == [said(replies, "Who?", "Answer."), said(replies, "Who?")]
    assert replies.say(parts) is not None


@pytest.mark.parametrize("wanted", ["json_schema", FORMAT])
def test_a_response_format_may_be_asked_for(wanted: Any) -> None:
    """By its type alone or in whole; a request without one, or with another, gets something else."""
    replies = Replies([{"response_format": wanted, "reply": "{}"}, "text"])

    assert "{}" == said(replies, "x", response_format=FORMAT)
    assert "text" == said(replies, "x")
    assert said(replies, "x", response_format={"type": "json_object"}) is None


def test_a_function_replies() -> None:
    """It gets the messages, and None is no reply."""
    replies = Replies(lambda messages: messages[-1]["content"].upper() or None)

    assert ["WHO?", None] == [said(replies, "Who?"), said(replies, "")]


def test_a_file_holds_a_recording_a_line(tmp_path: Path) -> None:
    """What is written comes back the same, without what is as always."""
    recordings = [
        Recording("Ünïcode", match="a"),
        Recording("", regex="b+", anywhere=True, usage=[3, 4]),
        Recording("c"),
    ]
    file = tmp_path / "recordings.jsonl"
    file.write_text("".join(one.line() for one in recordings), encoding="utf-8")

    assert recordings == load(file)
    assert {"reply": "c"} == json.loads(recordings[2].line())


@pytest.mark.parametrize(("line", "wrong"), [
    ("{broken", "not JSON"),
    ('["reply"]', "not an object"),
    ("{}", "reply must be a text, not None"),
    ('{"reply": 1}', "reply must be a text, not 1"),
    ('{"reply": "a", "matches": "b"}', r"unknown keys \['matches'\]; a recording has .*'match'"),
    ('{"reply": "a", "match": 1}', "match cannot be 1; expected a text"),
    ('{"reply": "a", "regex": "("}', r"'\(' is no regular expression"),
    ('{"reply": "a", "usage": [1]}', r"usage cannot be \[1\]"),
    ('{"reply": "a", "usage": [1, -2]}', r"usage cannot be \[1, -2\]"),
    ('{"reply": "a", "messages": "b"}', "messages cannot be 'b'"),
])  # fmt: skip
def test_a_bad_line_is_told_with_its_place(line: str, wrong: str, tmp_path: Path) -> None:
    """What is no recording says where it stands, and what was expected."""
    file = tmp_path / "recordings.jsonl"
    file.write_text('{"reply": "fine"}\n' + line + "\n", encoding="utf-8")

    with pytest.raises(CallerError, match=f"recordings.jsonl:2: .*{wrong}"):
        load(file)
