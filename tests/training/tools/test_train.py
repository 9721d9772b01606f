"""Training of tool selection on a handful of requests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.encoders import Encoder
from polyhop.tools.select.features import NAMES
from polyhop.tools.select.model import load
from polyhop.training.tools import train
from tests.tools.catalogues import lines
from tests.tools.select.shops import TOOLS

REQUESTS = [
    {"query": "Tell me the weather in Oslo", "gold": ["get_forecast"]},
    {"query": "Send a mail and book a room", "gold": ["send_mail", "book_room"]},
    {"query": "How clean is the air, and what are the words of the song?", "gold": ["get_air_quality", "get_lyrics"]},
]


def folder(path: Path, place: slice) -> Path:
    """Write a folder with some of the tools and their requests."""
    path.mkdir()
    rows = [{"name": tool.name, "description": tool.description, "server": tool.server} for tool in TOOLS[place]]
    names = {row["name"] for row in rows}
    lines(path / "corpus.jsonl", rows)
    lines(path / "train.jsonl", [one for one in REQUESTS if names >= set(one["gold"])])
    return path


def test_training_makes_a_file_that_loads(tmp_path: Path, embedder: Encoder) -> None:
    """What no training catalogue has (here inputs) keeps no weight; requests of either are strange to the other."""
    folders = [folder(tmp_path / "one", slice(0, 10)), folder(tmp_path / "two", slice(3, 5))]
    weights, facts = train(folders, embedder)
    (tmp_path / "out.json").write_text(json.dumps(weights))
    model = load(tmp_path / "out.json")

    assert {"requests": 4, "tools": 12} == {name: facts[name] for name in ("requests", "tools")}
    assert 0.0 == model.whole.weights[NAMES.index("inputs_recall")]
    assert model.whole.weights[NAMES.index("cosine")] != 0.0
    assert 0.0 < model.threshold < 1.0


def test_a_request_whose_tools_are_not_there_is_refused(tmp_path: Path, embedder: Encoder) -> None:
    """The message names the line."""
    made = folder(tmp_path / "one", slice(0, 2))
    lines(made / "train.jsonl", [{"query": "Fly", "gold": ["fly"]}])
    with pytest.raises(CallerError, match=r"none of its gold tools \['fly'\]"):
        train([made], embedder)
