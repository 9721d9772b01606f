"""Feedback on a ranking."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.retrieval.rerank.rocchio import Rocchio
from polyhop.retrieval.rerank.role import Reranker

from .contract import DEPTH, RerankerContract, Scene, scene

__all__ = ["scene"]


class TestRocchio(RerankerContract):
    """Feedback with its defaults."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return feedback with a head of the contract's depth."""
        return Rocchio(depth=DEPTH)


def gains(reranker: Rocchio, scene: Scene) -> dict[str, float]:
    """Return what each passage of the head gains."""
    found = reranker.rerank(scene.ranked(), scene.run())[: reranker.depth]
    return {item["id"]: item["parts"]["rocchio"] for item in found}


def test_gains_are_cosines_with_the_moved_question(scene: Scene) -> None:
    """Each passage of the head gains as much as Rocchio's formula says."""
    ids = [item["id"] for item in scene.ranked()[:6]]
    run = scene.run()
    rows = run.vectors(ids)
    moved = run.vector + 0.25 * (rows[ids[0]] + rows[ids[1]]) / 2
    expected = {name: 3.0 * float(rows[name] @ moved / np.linalg.norm(moved)) for name in ids}

    assert pytest.approx(expected, abs=1e-5) == gains(Rocchio(nearest=2, beta=0.25, weight=3.0, depth=6), scene)


def test_without_feedback_the_question_itself_is_compared(scene: Scene) -> None:
    """No nearest passages, or no weight for them, leave the question as it is."""
    ids = [item["id"] for item in scene.ranked()[:6]]
    run = scene.run()
    expected = {name: float(vector @ run.vector) for name, vector in run.vectors(ids).items()}

    assert pytest.approx(expected, abs=1e-5) == gains(Rocchio(nearest=0, depth=6), scene)
    assert pytest.approx(expected, abs=1e-5) == gains(Rocchio(beta=0.0, depth=6), scene)


def test_without_depth_nothing_changes(scene: Scene) -> None:
    """A head of no passages leaves the ranking as it is."""
    assert scene.ranked() == Rocchio(depth=0).rerank(scene.ranked(), scene.run())
