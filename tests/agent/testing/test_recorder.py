"""Recording a model, and replaying what was recorded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from polyhop.agent.testing import Recorder, ReplayServer, ScriptedModel
from polyhop.agent.testing.recording import Recording, Replies, load
from polyhop.core.errors import ModelError, OperatorError
from polyhop.core.llm import Call, Gateway, PassingError

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who directed Jaws?"}]


def complete(recorder: Recorder, question: str = "Who directed Jaws?", *, sample: int = 0) -> str:
    """Ask through a gateway, as a run does."""
    asked = [ASKED[0], {"role": "user", "content": question}]
    return asyncio.run(Gateway([recorder]).complete("test", asked, temperature=1.0 if sample else 0.0, sample=sample))


def test_what_was_recorded_is_replayed(tmp_path: Path) -> None:
    """Each conversation gets its replies, several draws of one in their order."""
    file = tmp_path / "recordings.jsonl"
    recorder = Recorder(ScriptedModel(["Spielberg", "Reed", "Lean"]), file)
    said = [complete(recorder), complete(recorder, "And Oliver?"), complete(recorder, "And Oliver?", sample=1)]
    replies = Replies(file)
    other = [ASKED[0], {"role": "user", "content": "And Oliver?"}]
    replayed = [replies.say(messages) for messages in (ASKED, other, other)]

    assert ["Spielberg", "Reed", "Lean"] == said == [one.reply for one in replayed if one]
    assert replies.say(ASKED[1:]) is None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_recording_holds_the_name_of_the_model_alone(tmp_path: Path) -> None:
    """No key and no address; the recorder hears every call, for it has no identity in the cache."""
    file = tmp_path / "recordings.jsonl"
    with ReplayServer(["Spielberg"]) as server:
        model = server.model("openai/x")
        recorder = Recorder(replace(model, options={**model.options, "api_key": "sk-secret"}), file)
        complete(recorder)

    (recording,) = load(file)
    assert Recording("Spielberg", messages=ASKED, usage=recording.usage, model="openai/x") == recording
    assert recording.usage is not None and min(recording.usage) > 0
    assert ("", []) == (recorder.identity, [secret for secret in ("sk-", "127.0.0.1") if secret in file.read_text()])


def test_what_failed_is_not_recorded(tmp_path: Path) -> None:
    """Only the try that succeeds is."""
    file = tmp_path / "recordings.jsonl"
    recorder = Recorder(ScriptedModel([PassingError("busy", retry_after=0.01), "Spielberg"]), file)
    complete(recorder)
    with pytest.raises(ModelError, match="script"):
        complete(recorder)

    assert ["Spielberg"] == [one.reply for one in load(file)]


def test_a_file_that_cannot_be_written_is_the_operators_to_see_to(tmp_path: Path) -> None:
    """A recording that is lost is no failure of the model."""
    recorder = Recorder(ScriptedModel(["Spielberg"]), tmp_path / "away" / "recordings.jsonl")
    with pytest.raises(OperatorError, match="cannot write"):
        asyncio.run(recorder.reply(Call(tuple(ASKED)), seconds=1.0))
