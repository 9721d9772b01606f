"""The count of what a small model's replies were good for."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness import run
from benchmarks.small_llm import COMMAND, Tally, used_in
from polyhop.agent import Agent, Settings
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder
from tests import corpus

QUESTION = "Where was the director of Jaws born?"
SPLIT = '{"questions": ["Who directed Jaws?", "Where was #1 born?"]}'
ANSWER = "Jaws was directed by Steven Spielberg [1], who was born in Cincinnati [2]."


def test_each_step_is_counted_with_what_it_was_good_for(tmp_path: Path, embedder: Encoder) -> None:
    """A reply that is used counts, one that is dropped only costs."""
    tally, settings = Tally(), Settings(split="always", rerankers="learned,choice=5")
    with corpus.collection(tmp_path, embedder) as films:
        for replies in ([SPLIT, '{"passages": [2, 1]}', ANSWER], ["no JSON"] * 5):
            said = Agent(films, llm=ScriptedModel(replies), settings=settings).ask(QUESTION)
            tally.add(said.retrieval.spent, used_in(said))
    rows = {row["step"]: (row["asked"], row["used"], row["calls"]) for row in tally.rows()}

    assert {"escalate": (2, 1, 3), "choose": (2, 1, 3), "answer": (2, 1, 2)} == rows


def test_a_model_is_needed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one the message names the setting."""
    monkeypatch.delenv("POLYHOP_LLM", raising=False)
    assert 2 == run(lambda: COMMAND.main([]))
    assert "POLYHOP_LLM" in capsys.readouterr().err
