"""`python -m polyhop.training.rerank`: question files to candidate lists, and these to weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent import Agent, Settings
from polyhop.encoders import Encoder
from polyhop.retrieval.config import Config
from polyhop.retrieval.rerank.cross import CrossEncoder
from polyhop.retrieval.rerank.listwise import Estimate, Listwise
from polyhop.training.harness import write
from polyhop.training.rerank.__main__ import main
from polyhop.training.rerank.lists import SHARE, divide, read
from tests import corpus

from .questions import TEXTS, passage, passages, rivers, rows, written


def questions(folder: Path) -> Path:
    """Write a question about each pair of the known passages where one names the other, in several wordings."""
    pairs = [(a, b) for a in TEXTS for b in TEXTS if a != b and b.removesuffix(" (film)") in TEXTS[a]]
    asked = ("What has {} to do with {}?", "How does {} lead to {}?", "Tell me of {} and {}.")
    given = [{"question": form.format(a, b), "gold": [passage(a), passage(b)]} for a, b in pairs for form in asked]
    return written(folder / "questions.jsonl", given)


def step(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """Take a step that has to succeed and return its facts."""
    assert 0 == main([str(one) for one in arguments])
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.mark.slow
def test_question_files_become_weights(tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str]) -> None:
    """The three steps, one after the other, end in files that a second look can use."""
    lists, cross, listwise = (tmp_path / name for name in ("lists.jsonl", "cross.safetensors", "listwise.json"))
    known = passages(tmp_path / "corpus.jsonl")
    told = step(capsys, "lists", questions(tmp_path), "--corpus", known, "--home", tmp_path, "--out", lists)
    learned, apart = divide(read([lists]), SHARE)
    assert (len(learned) + len(apart), str(lists)) == (told["lists"], told["file"])

    parts = [part for one in ("layers=0", "pairs=60", "lists=2", "wrong=4") for part in ("--set", one)]
    told = step(capsys, "cross", lists, *parts, "--out", cross)
    assert (len(learned), len(apart)) == (told["lists"], told["apart"])
    assert 60 <= told["pairs"] < 60 + 2 * (2 + 4)
    assert not cross.with_name("cross.safetensors.state").exists()

    halves = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for half, path in enumerate(halves):
        write(path, read([lists])[half::2])
    told = step(capsys, "listwise", halves[0], "--unseen", halves[1], "--cross", cross, "--out", listwise)
    assert all(
        0 <= recall <= 1 for kind in ("plain", "cross") for row in told["recall"][kind].values() for recall in row
    )
    chain = (Listwise(listwise), CrossEncoder(file=cross), Listwise(listwise))
    with corpus.collection(tmp_path / "films", embedder) as films:
        found = Agent(
            films, settings=Settings(), config=Config(rerankers=chain, sufficiency=Estimate(listwise))
        ).retrieve(corpus.QUESTION)
    assert (0, 5) == (len(found.notices), len(found.passages))
    assert found.sufficiency is not None and 0 < found.sufficiency < 1
    assert {"cross", "listwise"} <= set(found.passages[0].parts)


def call(folder: Path, name: str) -> list[str]:
    """Return the arguments of a bad call."""
    few, lists, asked = folder / "few.jsonl", folder / "lists.jsonl", written(folder / "q.jsonl", rows())
    write(few, rivers(2))
    write(lists, rivers(8))
    out = ["--out", str(folder / "out")]
    return {
        "no step": [],
        "another step": ["train"],
        "no file": ["lists", *out],
        "no place": ["lists", str(asked)],
        "no cross-encoder": ["listwise", str(lists), *out],
        "a missing file of questions": ["lists", str(folder / "none.jsonl"), *out],
        "a missing file of lists": ["cross", str(folder / "none.jsonl"), *out],
        "questions instead of lists": ["cross", str(asked), *out],
        "all kept apart": ["lists", str(asked), "--apart", str(asked), *out],
        "an unknown part": ["cross", str(lists), "--set", "leyers=1", *out],
        "no numbers": ["cross", str(lists), "--set", "layers=one", *out],
        "no layers": ["cross", str(lists), "--set", "layers=9", *out],
        "too few lists": ["cross", str(few), *out],
        "one domain": ["listwise", str(few), "--cross", str(folder / "none"), *out],
    }[name]


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "no step": "arguments are required: step",
        "another step": "invalid choice: 'train'",
        "no file": "arguments are required: questions",
        "no place": "arguments are required: --out",
        "no cross-encoder": "arguments are required: --cross",
        "a missing file of questions": "cannot read",
        "a missing file of lists": "cannot read",
        "questions instead of lists": "q.jsonl:1: no candidate list",
        "all kept apart": "no question is left",
        "an unknown part": "no part of the recipe is called so",
        "no numbers": "whole numbers with commas",
        "no layers": "layers=(9,)",
        "too few lists": "too few; give more questions",
        "one domain": "two at least are needed",
    }.items(),
)
def test_bad_calls_are_told(name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake of the call is one line on standard error and exit code 2, and nothing is written."""
    assert 2 == main(call(tmp_path, name))
    told = capsys.readouterr().err

    assert said in told
    assert 1 == told.count("\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_missing_weights_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last step needs a cross-encoder, and names the path at which there is none."""
    write(tmp_path / "lists.jsonl", rivers(40))
    both = [str(tmp_path / "lists.jsonl")] * 2
    given = ["listwise", *both, "--cross", str(tmp_path / "none"), "--out", str(tmp_path / "w")]

    assert 2 == main(given)
    assert "no cross-encoder weights at" in capsys.readouterr().err
