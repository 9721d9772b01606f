"""TreeHop's network in numpy: the formula, its forms, its batches."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.core.types import Vectors
from polyhop.retrieval.hop.treehop_network import FORMS, Parameters, TreeHopNetwork, TreeHopShape

from . import gates


def pairs(count: int = 7, dimension: int = 384) -> tuple[Vectors, Vectors]:
    """Return raw query states and unit passage vectors."""
    chance = np.random.default_rng(1)
    queries, passages = chance.normal(size=(2, count, dimension)).astype(np.float32)
    return queries, passages / np.linalg.norm(passages, axis=1, keepdims=True)


def by_hand(shape: TreeHopShape, p: Parameters, q: Vectors, c: Vectors) -> Vectors:
    """Return q' of one pair, written out feature by feature after the paper."""
    query, key, value = (
        p[f"{part}.weight"] @ x + p[f"{part}.bias"]
        for part, x in zip(("query", "key", "value"), (q, c, c), strict=True)
    )
    score = np.exp(query * key / np.sqrt(shape.width))
    o = m = score / score.sum() * value
    for block in range(shape.blocks):
        normed = (m - m.mean()) / np.sqrt(m.var() + 1e-5)
        normed = normed * p[f"blocks.{block}.norm.weight"] + p[f"blocks.{block}.norm.bias"]
        m = m + np.maximum(p[f"blocks.{block}.linear.weight"] @ normed + p[f"blocks.{block}.linear.bias"], 0)
    return q - c + p["project.weight"] @ (p["out.weight"] @ m + p["out.bias"] + o)


def test_the_network_is_the_formula() -> None:
    """The published form is q - c + G(q, c), with a softmax over features and residual blocks that norm first."""
    gate = gates.gate()
    queries, passages = pairs()
    expected = np.stack([by_hand(gate.shape, gate.parameters, q, c) for q, c in zip(queries, passages, strict=True)])

    np.testing.assert_allclose(expected, gate(queries, passages), rtol=1e-4, atol=1e-4)


def test_a_gate_of_nothing_leaves_the_difference() -> None:
    """With a projection of zero the next state is q - c, raw: it does not have unit length."""
    shape = gates.shape()
    weights = {**gates.drawn(shape), "project.weight": np.zeros((384, 32), np.float32)}
    queries, passages = pairs()

    np.testing.assert_allclose(queries - passages, TreeHopNetwork(shape, weights)(queries, passages), atol=1e-6)


@pytest.mark.parametrize("form", ["scaled", "scaled-unit"])
def test_factors_scale_query_and_passage(form: str) -> None:
    """The scaled forms compute a q - b c + G with the learned factors."""
    shape = gates.shape(form=form)
    zero = np.zeros((384, 32), np.float32)
    weights = {**gates.drawn(shape), "project.weight": zero, "keep": np.float32(2), "drop": np.float32(0.5)}
    queries, passages = pairs()
    expected = 2 * queries - 0.5 * passages
    if form == "scaled-unit":
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)

    np.testing.assert_allclose(expected, TreeHopNetwork(shape, weights)(queries, passages), atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_is_its_pairs(form: str) -> None:
    """A pair's next state does not depend on its company, and stays in 32 bits."""
    gate = gates.gate(form=form)
    queries, passages = pairs(count=40)
    alone = np.concatenate([gate(queries[n : n + 1], passages[n : n + 1]) for n in range(40)])

    np.testing.assert_allclose(alone, gate(queries, passages), rtol=1e-4, atol=1e-4)
    assert np.float32 == gate(queries, passages).dtype


def test_the_published_sizes_have_the_published_parameters() -> None:
    """With 1,024 dimensions, a gate of 2,048 and three blocks the network has the paper's 25 million weights."""
    sizes = TreeHopShape(1024, 2048, 3).parameters().values()

    assert 25_192_448 == sum(int(np.prod(size)) for size in sizes)
