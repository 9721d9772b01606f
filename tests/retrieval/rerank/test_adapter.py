"""The query adapter: a trained network over stored vectors as a reranker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.vectors import unit
from polyhop.core.weights_file import ForeignCheckpoint
from polyhop.retrieval.rerank.adapter import Adapter, QueryAdapter, load, shipped
from polyhop.retrieval.rerank.role import Reranker

from . import adapters
from .contract import DEPTH, RerankerContract, RerankerStructure, Scene, scene

__all__ = ["scene"]


class TestDrawn(RerankerStructure):
    """With weights that know nothing."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return an adapter with drawn weights."""
        return QueryAdapter(adapters.adapter(), depth=DEPTH)


class TestUntrained(RerankerContract):
    """With the weights that training begins with, which make it the plain cosine."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return an adapter before any training."""
        shape = adapters.shape()
        return QueryAdapter(Adapter(shape, adapters.untrained(shape)), depth=DEPTH)


class TestShipped(RerankerStructure):
    """With the weights that come with polyhop.

    They have learned to lean on the first candidates, and so cannot put right a ranking whose order says nothing.
    """

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the adapter for the default embedder."""
        return replace(QueryAdapter.of(adapters.EMBEDDER, 384), depth=DEPTH)


def test_shipped_weights_are_small_and_have_a_card() -> None:
    """They are those that the card beside them tells of, of two megabytes at most."""
    found = load(shipped(), embedder=adapters.EMBEDDER, dimension=384)

    assert f"Weights `{found.digest}`" in shipped().with_suffix(".md").read_text(encoding="utf-8")
    assert shipped().stat().st_size <= 2_000_000
    assert found.card.heldout["margin"] > 0


def rows(count: int, seed: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return unit vectors of the default embedder's dimension."""
    return unit(np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32))


def test_untrained_it_leaves_the_query_as_it_is() -> None:
    """Before training the new query is the question, whatever the candidates."""
    shape = adapters.shape()
    query, *others = rows(8)

    np.testing.assert_allclose(query, Adapter(shape, adapters.untrained(shape))(query, np.stack(others)), atol=1e-6)


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_the_query_is_what_the_formula_says(count: int) -> None:
    """The weights of the first candidates, their sum and the step beyond are those of the docstring."""
    network, query, found = adapters.adapter(), rows(1)[0], rows(count, seed=2)
    own, first = network.parameters, found[:4]
    weights = [
        own["rank"][place]
        + own["near"][0] * (row @ query - 0.5)
        + own["near"][1] * (row @ first[0] - 0.5)
        + (own["query.weight"] @ query) @ (own["key.weight"] @ row)
        for place, row in enumerate(first)
    ]
    centre = sum(weight * row for weight, row in zip(weights, first, strict=True))
    seen = np.sqrt(384) * np.array([*centre, *query])
    beyond = own["move.weight"] @ np.tanh(own["read.weight"] @ seen + own["read.bias"])

    np.testing.assert_allclose(unit(query + centre + beyond), network(query, found), atol=1e-5)


def test_without_candidates_the_query_stays() -> None:
    """Nothing to go by changes nothing."""
    query = rows(1)[0]

    np.testing.assert_allclose(query, adapters.adapter()(query, rows(0)), atol=1e-6)


def test_gains_are_cosines_with_the_new_query(scene: Scene) -> None:
    """Each passage of the head gains its cosine with the query that the network makes of the head, times the weight."""
    network, run = adapters.adapter(), scene.run()
    vectors = run.vectors([item["id"] for item in scene.ranked()[:6]])
    moved = network(run.vector, np.stack(list(vectors.values())))
    found = QueryAdapter(network, weight=3.0, depth=6).rerank(scene.ranked(), run)[:6]

    expected = {name: 3.0 * float(vector @ moved) for name, vector in vectors.items()}
    assert pytest.approx(expected, abs=1e-5) == {item["id"]: item["parts"]["adapter"] for item in found}


def test_weights_come_from_a_file_that_fits(tmp_path: Path, scene: Scene) -> None:
    """A file's weights rank as the arrays do that were written; another embedder's file is refused."""
    path = adapters.written(tmp_path / "a.safetensors")
    shape = adapters.shape()
    halves = {name: value.astype(np.float16).astype(np.float32) for name, value in adapters.drawn(shape).items()}
    found = QueryAdapter.of(adapters.EMBEDDER, 384, path=path)

    expected = QueryAdapter(Adapter(shape, halves)).rerank(scene.ranked(), scene.run())
    assert expected == found.rerank(scene.ranked(), scene.run())
    assert found.digest in repr(found)
    with pytest.raises(ForeignCheckpoint):
        QueryAdapter.of("letters", 384, path=path)
