"""Set-wise choice: what a passage adds counts, and saying the same again adds nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.role import Reranker

from .contract import DEPTH, RerankerStructure, Scene, scene
from .rankings import item, told

__all__ = ["scene"]

QUESTION = "Which river runs through the capital of Austria?"
BRIDGE = "Vienna is the capital of Austria."
BRIDGES = {f"bridge {n}": BRIDGE for n in range(5)}
REST = {"river": "A river runs.", "through": "Through and through.", "noise": "Nothing of it."}


class TestCover(RerankerStructure):
    """It knows words and scores, not what answers a question."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the choice among a head of the contract's depth."""
        return Cover(depth=DEPTH)


def names(ranked: Sequence[Candidate]) -> list[str]:
    """Return the ids of a ranking."""
    return [one["id"] for one in ranked]


def covering(ranked: Sequence[Candidate], **fields: float) -> list[Candidate]:
    """Return what becomes of a ranking of the passages above."""
    return Cover(**fields).rerank(ranked, told(QUESTION, {**BRIDGES, **REST}))  # type: ignore[arg-type]


def test_a_set_that_covers_beats_the_same_bridge_five_times() -> None:
    """Of five passages that say the same one is chosen before what adds something, the others after it."""
    ranked = [item(name, 3.0 - n / 100) for n, name in enumerate(BRIDGES)]
    ranked += [item(name, 2.8 - n / 100) for n, name in enumerate(REST)]

    assert ["bridge 0", "river"] == names(covering(ranked))[:2]
    assert ["bridge 0", "bridge 1"] == names(covering(ranked, gain=0.1))[:2]


def test_gains_fall_as_the_set_grows() -> None:
    """Each passage chosen adds no more than the one before, and all of them together not more than the whole."""
    ranked = [item(name, 1.0) for name in sorted({**BRIDGES, **REST})]
    gains = [one["parts"]["cover"] for one in covering(ranked, gain=2.0)[:5]]

    assert sorted(gains, reverse=True) == gains
    assert 0 < sum(gains) <= 2.0 + 1e-9


def test_the_choice_is_greedy() -> None:
    """Step by step the passage is taken whose score and gain together are the most."""
    chance = np.random.default_rng(7)
    words = [letter * 4 for letter in "abcdefghijkl"]
    texts = {f"{n:02}": " ".join(chance.choice(words, 4, replace=False)) for n in range(9)}
    ranked = [item(name, float(score)) for name, score in zip(texts, sorted(chance.random(9))[::-1], strict=True)]
    run = told(" ".join(words), texts)
    found = names(Cover(gain=1.0, depth=9).rerank(ranked, run))

    scores, left, covered = {one["id"]: one["score"] for one in ranked}, set(texts), frozenset[str]()
    held = {name: one.words for name in texts if (one := run.known(name)) is not None}
    for name in found[:5]:
        values = {one: scores[one] + len((held[one] & run.weights.keys()) - covered) / len(run.weights) for one in left}
        assert max(values.values()) == pytest.approx(values[name])
        left.remove(name)
        covered |= held[name]


def test_without_a_gain_nothing_changes(scene: Scene) -> None:
    """Order and scores stay as they were."""
    ranked = scene.ranked()
    found = Cover(gain=0.0, depth=len(ranked)).rerank(ranked, scene.run())

    assert [(one["id"], one["score"]) for one in ranked] == [(one["id"], one["score"]) for one in found]


@pytest.mark.parametrize("question", ["", "What is it that they do?"])
def test_a_question_without_words_changes_nothing(question: str) -> None:
    """Where there is nothing to cover the scores decide."""
    ranked = [item(name, 1.0 - n / 10) for n, name in enumerate(BRIDGES)]
    assert names(ranked) == names(Cover().rerank(ranked, told(question, BRIDGES)))
