"""`python -m polyhop.training`: question files in, a checkpoint or a reason out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from polyhop.training.__main__ import main
from polyhop.training.treehop.train import TreeHopVerdict
from tests import corpus


def questions(folder: Path) -> Path:
    """Write a question about each pair of the known passages where one names the other."""
    path = folder / "train.jsonl"
    texts = {one.title: one.text for one in corpus.DOCUMENTS}
    pairs = [(a, b) for a in texts for b in texts if a != b and b.removesuffix(" (film)") in texts[a]]
    rows = [
        {"question": f"{a} to {b}, {n}?", "ordered": True, "gold": [_numbered(texts[a], n), _numbered(texts[b], n)]}
        for a, b in pairs
        for n in range(8)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def _numbered(text: str, number: int) -> dict[str, str]:
    return {"title": f"Page {number}", "text": f"{text} This is copy {number}."}


@pytest.mark.slow
def test_question_files_are_trained_on(
    tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of questions and passages become a checkpoint; parts of the recipe are set by name."""
    monkeypatch.setattr(TreeHopVerdict, "better", True)
    out = tmp_path / "w.safetensors"
    sizes = ("--set", "width=16", "--set", "epochs=1", "--set", "loss=sigmoid", "--set", "rate=1e-3", "--hops", "20")
    code = main([str(questions(tmp_path)), "--untitled", *sizes, "--out", str(out)])
    facts = json.loads(capsys.readouterr().out)

    assert (0, str(out)) == (code, facts["file"])
    assert out.is_file()
    assert facts["checkpoint"] in (tmp_path / "w.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "arguments are required: --out"),
        (["--set", "widht=3", "--out", "w"], "no part of the recipe is called so"),
        (["--set", "width=wide", "--out", "w"], "a value of type int is expected"),
        (["none.jsonl", "--out", "w"], "cannot read 'none.jsonl'"),
        (["--out", "w"], "there are no passages to train on"),
    ],
)
def test_bad_calls_are_told(
    arguments: list[str], said: str, embedder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake of the call is one line on standard error and exit code 2."""
    assert 2 == main(arguments)
    assert said in capsys.readouterr().err
