"""`python -m polyhop.training.tool_queries`: from requests and tools to what a selection can use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.core.llm.gateway import Gateway
from polyhop.core.llm.transformers_model import LocalModel
from polyhop.encoders import Encoder
from polyhop.graphs.select import Selector, Wanted, select
from polyhop.tools.select.prompt import QueryPrompt
from polyhop.training.tool_queries.__main__ import main
from tests.tools.catalogues import lines
from tests.tools.select.shops import TOOLS, engine

from .worlds import ASKED, PROMPT, model


def files(folder: Path) -> list[str]:
    """Write tools, requests and a wording, and return the arguments for them."""
    corpus = lines(folder / "corpus.jsonl", [{"name": tool.name, "description": tool.description} for tool in TOOLS])
    data = lines(folder / "train.jsonl", [{"query": text, "gold": [name]} for text, name in ASKED.items()])
    (folder / "wording.md").write_text(PROMPT.system)
    return ["--data", str(data), "--corpus", str(corpus), "--prompt", str(folder / "wording.md")]


def done(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run a command that has to succeed and return its facts."""
    assert 0 == main(arguments)
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.mark.slow
def test_a_generator_is_trained_and_asked(
    tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fine-tuned on the descriptions it says them, and the request finds its tool; done twice, it is trained once."""
    known, out = files(tmp_path), tmp_path / "out"
    parts = [part for one in ("epochs=40", "rate=0.005", "apart=0", "k=2", "tokens=40") for part in ("--set", one)]
    command = ["sft", *known, "--model", model(tmp_path / "random"), "--out", str(out), *parts]
    facts = done(capsys, *command)

    assert facts["losses"]["last"] < facts["losses"]["first"] / 4
    assert facts["after"] > facts["before"] == facts["alone"]
    written = (out / "model" / "model.safetensors").stat().st_mtime_ns
    assert facts == done(capsys, *command)
    assert written == (out / "model" / "model.safetensors").stat().st_mtime_ns
    prompt = QueryPrompt.load(out / "model" / "tool_queries.json")
    with engine(tmp_path / "home", embedder) as shop:
        llm = Gateway([LocalModel(out / "model")], timeout=100)
        state = select(Wanted(request=next(iter(ASKED)), k=2), Selector(shop, llm=llm, prompt=prompt))
    assert ["Send a message by electronic mail."] == state["intents"]
    assert any(name.endswith("send_mail") for name in state["chosen"])


@pytest.mark.slow
def test_a_model_that_cannot_reply_is_neither_aligned_nor_in_the_way(
    tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of random weights is worth learning from; a selection that asks them goes on with the request."""
    name = model(tmp_path / "random")
    parts = [part for one in ("draws=2", "apart=0", "k=2", "tokens=10") for part in ("--set", one)]
    assert 0 != main(["align", *files(tmp_path), "--model", name, "--out", str(tmp_path / "out"), *parts])
    assert "nothing is kept" in capsys.readouterr().err
    with engine(tmp_path / "home", embedder) as shop:
        llm = Gateway([LocalModel(name)], timeout=100, most=10)
        asked = select(Wanted(request="Tell the weather", k=2), Selector(shop, llm=llm, prompt=PROMPT))
        plain = select(Wanted(request="Tell the weather", k=2), Selector(shop))
    assert asked["chosen"] == plain["chosen"]
    assert "no queries of a language model" in asked["events"][0]["notices"][0]


@pytest.mark.slow
def test_a_budget_that_measures_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A budget that is met ends it early, and the same command with a larger one goes on."""
    out = tmp_path / "out"
    command = [
        "prompt",
        *files(tmp_path),
        "--model",
        model(tmp_path / "random"),
        "--out",
        str(out),
        "--set",
        "tokens=9",
    ]
    assert 0 != main([*command, "--calls", "1"])
    assert "the budget of 1 calls is met" in capsys.readouterr().err
    assert (out / "replies.sqlite").is_file()


def test_a_folder_of_another_training_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is read."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "training").write_text("another")
    assert 0 != main(["sft", *files(tmp_path), "--model", "none", "--out", str(tmp_path / "out")])
    assert "holds another training" in capsys.readouterr().err


def test_a_part_that_no_recipe_has_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the parts there are."""
    assert 0 != main(["sft", *files(tmp_path), "--model", "none", "--out", str(tmp_path), "--set", "speed=3"])
    assert "temperature" in capsys.readouterr().err
