"""The measure of the set choice: what is replayed, and what it gains and costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.choosing import figures, model_of, replayed
from benchmarks.harness import BenchmarkError
from benchmarks.systems import Answers
from polyhop.agent import OwnModel, Settings
from polyhop.agent.testing import Recorder
from polyhop.core.files import read_rows
from polyhop.core.llm.gateway import Gateway
from polyhop.graphs.loop import run_sync

GOLD = [frozenset({"a", "b"}), frozenset({"c"})]
ASKED = [{"role": "user", "content": "Question: Who?"}]


def test_the_gain_is_paired_and_the_cost_is_told() -> None:
    """A passage that moves into the first five gains, and calls and tokens are those of all questions."""
    before = Answers([["a", "1", "2", "3", "4", "b"], ["c"]], [10.0, 30.0], calls=[0, 0], tokens=[0, 0])
    after = Answers([["a", "b", "1", "2", "3"], ["c"]], [100.0, 300.0], calls=[1, 2], tokens=[50, 70])
    found = figures({"the ranking": before, "chosen": after}, GOLD, seed=0)

    assert [0.75, 1.0] == [found[name]["recall@5"][0] for name in ("the ranking", "chosen")]
    assert (0.25, 0.5) == (found["chosen"]["recall@5 gain"][0], found["chosen"]["all@5 gain"][0])
    assert (3, 120, 200.0) == tuple(found["chosen"][name] for name in ("calls", "tokens", "p50_ms"))


def test_what_a_model_said_is_replayed_by_what_it_was_asked(tmp_path: Path) -> None:
    """The file of a recorder gives the same replies again, in any order, and fails for what was never asked."""
    file = tmp_path / "said.jsonl"
    for text in ("one", "two"):
        model = Recorder(OwnModel(lambda messages, said=text: said), file)  # type: ignore[misc]
        run_sync(Gateway([model]).complete("test", [{**ASKED[0], "content": text}]))
    again = model_of(file, Settings())

    assert ["two", "one"] == [again([{"content": text, "role": "user"}]) for text in ("two", "one")]
    assert 2 == len(list(read_rows(file)))
    with pytest.raises(KeyError):
        replayed([])(ASKED)


def test_without_replies_a_model_is_needed(tmp_path: Path) -> None:
    """Where there is neither, the message names the setting."""
    with pytest.raises(BenchmarkError, match="POLYHOP_LLM"):
        model_of(tmp_path / "none.jsonl", Settings(llm=""))
    assert "openai/some" == model_of(tmp_path / "none.jsonl", Settings(llm="openai/some")).name
