"""Weights by the rarity of the query's words keep the contract and are the published ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from polyhop.retrieval.fusion.adaptive import Adaptive
from polyhop.retrieval.fusion.role import Fusion, FusionInput

from .contract import AgreeingFusionContract, case

PASSAGES = 1_000
COUNTS = {"the": 900, "of": 800, "river": 30, "zwettl": 1}


@pytest.mark.parametrize("fusing", [Adaptive(), Adaptive(unknown="rare", cutoff=1.3225)], ids=["default", "published"])
class TestAdaptive(AgreeingFusionContract):
    """Reciprocal ranks, weighted."""

    @pytest.fixture
    def fusion(self, fusing: Adaptive) -> Fusion:
        """Return the fusion."""
        return fusing


def asked(total: int = PASSAGES) -> FusionInput:
    """Return what is known of a query in a collection of so many passages."""
    return replace(case({}, {}).asked, frequency=lambda words: ({word: COUNTS.get(word, 0) for word in words}, total))


def weight(words: str, total: int = PASSAGES, fusion: Adaptive | None = None) -> float:
    """Return the weight of the lexical half for these words."""
    return (fusion or Adaptive()).lexical_weight(words.split(), asked(total))


def published(rarities: Sequence[float]) -> float:
    """Return the published weight for words of these inverse document frequencies."""
    mean = sum(rarities) / len(rarities)
    return round(0.1 + 0.5 / (1 + math.exp(-2 * (mean - math.log(PASSAGES) / 2))), 3)


def idf(word: str) -> float:
    """Return the inverse document frequency of a word."""
    return math.log(PASSAGES / (COUNTS[word] + 1))


@pytest.mark.parametrize("words", ["the", "zwettl", "the river", "the the river of zwettl"])
def test_the_weight_is_the_published_one(words: str) -> None:
    """Rarity is averaged over all words, repeats included, and goes through the published curve."""
    assert published([idf(word) for word in words.split()]) == weight(words)


def test_rare_words_pull_towards_the_lexical_half() -> None:
    """The rarer the words, the more BM25 has to say, within its bounds."""
    weights = [weight(words) for words in ("the of", "the river", "river", "river zwettl", "zwettl")]
    assert sorted(weights) == weights
    assert 0.1 <= weights[0] < weights[-1] <= 0.6


def test_a_word_that_no_passage_holds_has_no_vote() -> None:
    """A slip of the pen changes nothing, unless it is to be taken for the rarest word there is, as published."""
    assert weight("the river") == weight("the rivver river")
    rare = Adaptive(unknown="rare")
    assert published([idf("the"), math.log(PASSAGES), idf("river")]) == weight("the rivver river", fusion=rare)


@pytest.mark.parametrize(("words", "total"), [("", PASSAGES), ("rivver", PASSAGES), ("river", 1), ("river", 0)])
def test_where_nothing_can_be_said_the_weight_is_fixed(words: str, total: int) -> None:
    """Without known words, or without word statistics, the lexical half has 0.4."""
    assert 0.4 == weight(words, total)


def test_a_long_query_is_left_to_the_dense_half() -> None:
    """More than fifty words say little each."""
    assert 0.1 == weight("zwettl " * 51)
    assert 0.1 < weight("zwettl " * 50)


def test_the_cutoff_moves_back_what_is_far_from_the_nearest() -> None:
    """What lies farther than the allowed multiple of the nearest has next to no dense vote, but is not lost."""
    one = case({"a": 0.8, "b": 0.78, "c": 0.4}, {"d": 1.0})
    by_cut = {cut: [hit.id for hit in one.fused(Adaptive(cutoff=cut))] for cut in (0.0, 1.3225)}
    scores = {hit.id: hit.score for hit in one.fused(Adaptive(cutoff=1.3225))}

    assert {0.0: ["a", "b", "c"], 1.3225: ["a", "b", "c"]} == by_cut
    assert scores["b"] > 10 * scores["c"] > 0
