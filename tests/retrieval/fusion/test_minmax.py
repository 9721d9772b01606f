"""The weighted mean of scores keeps the contract."""

from __future__ import annotations

import pytest

from polyhop.retrieval.fusion.minmax import MinMax
from polyhop.retrieval.fusion.role import Fusion

from .contract import AgreeingFusionContract, case

DENSE, LEXICAL = {"a": 0.9, "b": 0.8, "c": 0.4}, {"c": 10.0, "b": 4.0}


@pytest.mark.parametrize("weight", [0.2, MinMax().weight, 0.9])
class TestMinMax(AgreeingFusionContract):
    """Fusion by normalised scores."""

    @pytest.fixture
    def fusion(self, weight: float) -> Fusion:
        """Return the fusion with a weight."""
        return MinMax(weight)


def test_scores_are_the_weighted_mean_of_what_is_spread_over_both_rankings() -> None:
    """Each half is brought to 0 to 1; what a short lexical ranking lacks holds no word, and so has 0 there."""
    fused = case(DENSE, LEXICAL).fused(MinMax(0.25))
    expected = {"c": 0.75, "b": 0.25 * 0.4 / 0.5 + 0.75 * 0.4, "a": 0.25}

    assert {name: pytest.approx(score, abs=1e-6) for name, score in expected.items()} == {
        hit.id: hit.score for hit in fused
    }


def test_a_full_lexical_ranking_bounds_what_it_lacks() -> None:
    """Where the lexical ranking was cut, what is missing counts as its last passage does."""
    fused = {hit.id: hit.score for hit in case(DENSE, LEXICAL, depth=2).fused(MinMax(0.0))}
    assert {"c": 1.0, "b": 0.0, "a": 0.0} == fused


def test_what_the_dense_ranking_lacks_has_its_true_cosine() -> None:
    """A passage that the words alone have found is judged by its vector as any other."""
    whole, cut = (case(DENSE, LEXICAL, cut=cut).fused(MinMax()) for cut in (3, 1))
    assert [(hit.id, pytest.approx(hit.score, abs=1e-6)) for hit in whole] == [(hit.id, hit.score) for hit in cut]
