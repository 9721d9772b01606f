"""Guided query refinement keeps the contract, and refines."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.retrieval.fusion.guided import Guided
from polyhop.retrieval.fusion.role import Fusion, Values

from .contract import FusionContract, case

DENSE = {"a": 0.6, "b": 0.55, "c": 0.5, "d": 0.1}
LEXICAL = {"c": 20.0, "d": 3.0}


class TestGuided(FusionContract):
    """Fusion by a refined query."""

    @pytest.fixture
    def fusion(self) -> Fusion:
        """Return the fusion with its defaults."""
        return Guided()


def softmax(values: Values) -> Values:
    """Return the shares of exponentials."""
    return np.exp(values) / np.exp(values).sum()


def scene() -> tuple[Values, Values, Values]:
    """Return a query, passages around it and their lexical scores."""
    chance = np.random.default_rng(5)
    rows = chance.normal(size=(12, 16)) + 2 * np.eye(1, 16)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return np.eye(1, 16)[0], rows, chance.exponential(size=12) * 10


def divergence(query: Values, consensus: Values, rows: Values, warmth: float) -> float:
    """Return the Kullback-Leibler divergence of the query's distribution over passages from the consensus."""
    return float((consensus * np.log(consensus / softmax(rows @ query / warmth))).sum())


def test_the_step_goes_against_the_gradient() -> None:
    """The closed form is the derivative of the divergence, as finite differences see it."""
    query, rows, goal = scene()
    warmth = 0.5 * (rows @ query).std()
    consensus = 0.5 * softmax(rows @ query / warmth) + 0.5 * softmax(goal / (0.5 * goal.std()))
    closed = (softmax(rows @ query / warmth) - consensus) @ rows / warmth
    steps = 1e-5 * np.eye(len(query))
    seen = [
        (divergence(query + step, consensus, rows, warmth) - divergence(query - step, consensus, rows, warmth)) / 2e-5
        for step in steps
    ]
    np.testing.assert_allclose(closed, seen, atol=1e-5)

    refined = Guided(temperature=0.5, mixture=0.5, steps=1, rate=1e-4).refine(query, rows, rows @ query, goal)
    step = refined - query
    along = closed - (closed @ query) * query
    assert -1 == pytest.approx(step @ along / np.linalg.norm(step) / np.linalg.norm(along), abs=1e-3)


def test_each_step_comes_nearer_to_the_consensus() -> None:
    """The divergence falls with the number of steps, and the query keeps its length."""
    query, rows, goal = scene()
    fusion = Guided(temperature=0.5, mixture=0.5)
    warmth = 0.5 * (rows @ query).std()
    consensus = 0.5 * softmax(rows @ query / warmth) + 0.5 * softmax(goal / (0.5 * goal.std()))
    left = []
    for steps in (0, 5, 20, 80):
        refined = Guided(0.5, 0.5, fusion.rate, steps).refine(query, rows, rows @ query, goal)
        assert 1 == pytest.approx(np.linalg.norm(refined))
        left.append(divergence(refined, consensus, rows, warmth))

    assert sorted(left, reverse=True) == left
    assert left[-1] < 0.7 * left[0]


def test_words_lift_a_passage_over_nearer_ones() -> None:
    """What fits the words best comes first although two passages are nearer to the question."""
    assert "c" == case(DENSE, LEXICAL).fused(Guided())[0].id
    assert ["a", "b"] == [hit.id for hit in case(DENSE, LEXICAL).fused(Guided(steps=0))][:2]


def test_a_lexical_half_without_differences_changes_nothing() -> None:
    """Where all passages fit the words alike the order is that of the cosines."""
    same = case(DENSE, dict.fromkeys(DENSE, 3.0))
    assert ["a", "b", "c", "d"] == [hit.id for hit in same.fused(Guided())]
