"""Recording a model, and replaying what was recorded."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from polyhop.agent.testing import Recorder, ScriptedModel
from polyhop.core.errors import CallerError, ModelError, OperatorError
from polyhop.core.llm.gateway import Gateway
from polyhop.core.llm.role import Call, LanguageModel, PassingError
from tests.model_server import ModelServer

ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who directed Jaws?"}]


def complete(model: LanguageModel, *, sample: int = 0) -> str:
    """Ask through a gateway, as a run does."""
    return asyncio.run(Gateway([model]).complete("test", ASKED, temperature=1.0 if sample else 0.0, sample=sample))


def test_what_was_recorded_is_replayed(tmp_path: Path) -> None:
    """In its order, after what the file had before."""
    file = tmp_path / "recorded.jsonl"
    for replies in (["Spielberg"], ["Reed", "Lean"]):
        recorder = Recorder(ScriptedModel(replies), file)
        assert replies == [complete(recorder, sample=draw) for draw in range(len(replies))]
    replayed = ScriptedModel.recorded(file)

    assert ["Spielberg", "Reed", "Lean"] == [complete(replayed, sample=draw) for draw in range(3)]
    with pytest.raises(ModelError, match="ended after 3 replies"):
        complete(replayed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_recording_holds_the_name_of_the_model_alone(tmp_path: Path) -> None:
    """No key and no address; the recorder hears every call, for it has no identity in the cache."""
    file = tmp_path / "recorded.jsonl"
    with ModelServer(["Spielberg"]) as server:
        model = server.model("openai/x")
        recorder = Recorder(replace(model, options={**model.options, "api_key": "sk-secret"}), file)
        complete(recorder)

    row = json.loads(file.read_text())
    assert {"reply": "Spielberg", "messages": ASKED, "usage": row["usage"], "model": "openai/x"} == row
    assert min(row["usage"]) > 0
    assert ("", []) == (recorder.identity, [secret for secret in ("sk-", "127.0.0.1") if secret in file.read_text()])


def test_what_failed_is_not_recorded(tmp_path: Path) -> None:
    """Only the try that succeeds is."""
    file = tmp_path / "recorded.jsonl"
    recorder = Recorder(ScriptedModel([PassingError("busy", retry_after=0.01), "Spielberg"]), file)
    complete(recorder)
    with pytest.raises(ModelError, match="script"):
        complete(recorder)

    assert ["Spielberg"] == list(ScriptedModel.recorded(file).replies)


def test_a_file_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    """One that cannot be written is the operator's to see to, for a recording that is lost is no failure of the model;
    one that is no recording is the caller's.
    """
    recorder = Recorder(ScriptedModel(["Spielberg"]), tmp_path / "away" / "recorded.jsonl")
    with pytest.raises(OperatorError, match="cannot write"):
        asyncio.run(recorder.reply(Call(tuple(ASKED)), seconds=1.0))
    other = tmp_path / "other.jsonl"
    other.write_text('{"reply": "Spielberg"}\n{"text": "Reed"}\n', encoding="utf-8")
    with pytest.raises(CallerError, match=r"2: reply must be a text, not None"):
        ScriptedModel.recorded(other)
