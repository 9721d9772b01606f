"""Figures against examples worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.agent.evaluate.metrics import DEPTHS, METRICS, estimates, intervals, scores, scores_of_places


def ranking(*wanted: int, length: int = 20) -> list[str]:
    """Return passages in which the gold ones, `g0`, `g1`, ..., stand at the ranks given, from 1."""
    places = {rank: f"g{number}" for number, rank in enumerate(wanted)}
    return [places.get(rank, f"other{rank}") for rank in range(1, length + 1)]


def score(found: list[str], gold: set[str]) -> dict[str, float]:
    """Return the figures of one question by name."""
    return dict(zip(METRICS, scores([found], [frozenset(gold)])[0].tolist(), strict=True))


def test_recall_counts_the_gold_passages_in_the_first_k() -> None:
    """Recall at k is the share of the gold passages that stand at rank k or before."""
    found = score(ranking(1, 5, 11), {"g0", "g1", "g2"})

    assert {"recall@2": 1 / 3, "recall@5": 2 / 3, "recall@10": 2 / 3, "recall@20": 3 / 3} == pytest.approx(
        {f"recall@{k}": found[f"recall@{k}"] for k in DEPTHS}
    )


def test_all_gold_asks_for_every_gold_passage() -> None:
    """All-gold at k is 1 from the rank of the last gold passage on, and 0 before."""
    found = score(ranking(2, 6), {"g0", "g1"})

    assert [0.0, 0.0, 1.0, 1.0] == [found[f"all@{k}"] for k in DEPTHS]


def test_what_is_missing_or_beyond_the_ranking_is_not_found() -> None:
    """A gold passage that the corpus lacks counts as missed, and a short ranking is judged as it is."""
    found = score(ranking(1, length=3), {"g0", "nowhere"})

    assert [1 / 2] * 4 + [0.0] * 4 == [found[metric] for metric in METRICS]


def test_an_empty_ranking_finds_nothing() -> None:
    """A system that returns nothing has recall 0 at every depth."""
    assert [0.0] * len(METRICS) == list(score([], {"g0"}).values())


def test_intervals_are_the_same_for_the_same_seed() -> None:
    """The bootstrap depends on nothing but values and seed."""
    values = np.random.default_rng(3).random((50, 2))

    assert intervals(values, seed=1).tolist() == intervals(values, seed=1).tolist()
    assert intervals(values, seed=1).tolist() != intervals(values, seed=2).tolist()


def test_the_interval_of_a_share_is_the_normal_one_for_many_questions() -> None:
    """With 400 questions, half of them answered, the bounds lie 1.96 standard errors from the mean."""
    values = np.repeat([0.0, 1.0], 200)[:, None]
    error = (0.5 * 0.5 / 400) ** 0.5

    assert [0.5 - 1.96 * error, 0.5 + 1.96 * error] == pytest.approx(intervals(values)[0].tolist(), abs=0.004)


def test_columns_share_their_resamples() -> None:
    """A constant difference has an interval of no width: the two columns were resampled together."""
    column = np.random.default_rng(5).random(40)
    low, high = intervals(np.column_stack([column, column + 0.25])).T

    assert [0.25, 0.25] == pytest.approx([low[1] - low[0], high[1] - high[0]])


def test_one_question_has_an_interval_without_width() -> None:
    """A single question says nothing about the spread."""
    assert [[0.5, 0.5]] == intervals(np.array([[0.5]])).tolist()


def test_the_number_of_resamples_is_exact() -> None:
    """Blocks cover any number of resamples, also one that they do not divide."""
    values = np.array([[0.0], [1.0]])

    assert (1, 2) == intervals(values, resamples=501).shape
    assert intervals(values, resamples=1)[0, 0] == intervals(values, resamples=1)[0, 1]


def test_ranks_give_the_same_figures_as_rankings() -> None:
    """A rank of each gold passage says all that the figures need; one that was missed has none."""
    found = scores([ranking(2, 6)], [frozenset({"g0", "g1", "g2"})], (5, 10))

    assert [[1 / 3, 2 / 3, 0.0, 0.0]] == pytest.approx(found)
    assert found.tolist() == scores_of_places([[2, None, 6]], (5, 10)).tolist()


def test_estimates_carry_names_and_hold_the_mean() -> None:
    """Each name has [mean, low, high] of each metric, and equal values have equal intervals: they are paired."""
    values = scores([ranking(1), ranking(20)], [frozenset({"g0"})] * 2)
    found = estimates({"a": values, "b": values, "none": values - values}, seed=3)

    assert list(METRICS) == list(found["a"])
    assert [0.5, 0.0, 1.0] == found["a"]["recall@5"]
    assert found["a"] == found["b"]
    assert [0.0, 0.0, 0.0] == found["none"]["all@2"]
    assert {} == estimates({})
