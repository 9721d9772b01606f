"""The learned ranking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import OperatorError
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.evidence import NAMES
from polyhop.retrieval.rerank.learned import SHIPPED, Learned, load, parts_of
from polyhop.retrieval.rerank.role import Reranker
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from polyhop.training.questions import walked
from tests import corpus

from .contract import WholeRerankerContract, scene

__all__ = ["scene"]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the example corpus."""
    with corpus.collection(tmp_path_factory.mktemp("films"), embedder) as opened:
        yield opened


class TestLearned(WholeRerankerContract):
    """The network over what is known of all ways."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the learned ranking with the weights that come along."""
        return Learned()


def test_the_parts_of_a_score_are_its_sum() -> None:
    """What each way adds, in turn, comes to what the network makes of all."""
    rows = np.random.default_rng(0).normal(size=(7, len(NAMES)))
    parts = parts_of(rows, load())

    assert np.allclose(sum(parts.values()), load()(rows))
    rows[:, [name.startswith("hyperlink: ") for name in NAMES]] = 0.0
    assert not parts_of(rows, load())["hyperlink"].any()


def test_a_passage_that_is_gone_goes_last(films: Collection) -> None:
    """It keeps its place behind those that can be judged."""
    state, run = walked(corpus.QUESTION, films, 10, light=())
    run.ways = {}
    gone = Candidate(id="0" * 32, score=9.0, kind="question", via="search", path=[], name="")
    ranked = Learned().rerank([gone, *state["ranked"]], run)

    assert "0" * 32 == ranked[-1]["id"]
    assert sorted((one["score"] for one in ranked), reverse=True) == [one["score"] for one in ranked]


def test_all_ways_to_a_passage_count(films: Collection) -> None:
    """A passage that was found and reached is judged by both, where the run knows of both."""
    state, run = walked(corpus.QUESTION, films, 10, light=())
    run.ways = {}
    alone = {one["id"]: one["score"] for one in Learned().rerank(state["ranked"], run)}
    for one in state["found"]:
        run.ways = {**run.ways, one["id"]: [*run.ways.get(one["id"], ()), one]}
    both = {one["id"]: one["score"] for one in Learned().rerank(state["ranked"], run)}

    assert alone.keys() == both.keys()
    assert alone != both


def broken(folder: Path, **changes: Any) -> Path:
    """Write the weights with some parts changed."""
    held = json.loads(SHIPPED.read_text())
    (folder / "weights.json").write_text(json.dumps({**held, **changes}))
    return folder / "weights.json"


@pytest.mark.parametrize(
    "changes", [{"features": ["cosine"]}, {"out": [1.0]}, {"format": 9}, {"shift": [float("nan")] * 24}]
)
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Other features, shapes, formats or numbers that are none."""
    with pytest.raises(OperatorError, match=r"training\.rerank"):
        load(broken(tmp_path, **changes))


def test_a_run_without_the_memory_of_ways_is_ranked_all_the_same(films: Collection) -> None:
    """Each passage stands for its own way."""
    state, _ = walked(corpus.QUESTION, films, 10, light=())
    fresh = Run(films, corpus.QUESTION)

    assert {one["id"] for one in state["ranked"]} == {one["id"] for one in Learned().rerank(state["ranked"], fresh)}
