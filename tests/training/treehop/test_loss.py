"""The losses, against the formulas written out."""

from __future__ import annotations

import math

import pytest
import torch

from polyhop.training.treehop.network import InfoNCE, Sigmoid, loss_of

COSINES = torch.tensor([[0.9, 0.2, -0.1, 0.4], [0.3, 0.5, 0.7, 0.0]])
RIGHT = torch.tensor([[True, False, False, False], [False, True, True, False]])
WRONG = torch.tensor([[False, True, True, False], [True, False, False, True]])


def test_infonce_is_the_cross_entropy_of_each_right_passage() -> None:
    """Each right passage stands against all wrong ones; another right one is no rival."""
    t = 0.15

    def one(right: float, wrong: list[float]) -> float:
        return -math.log(math.exp(right / t) / (math.exp(right / t) + sum(math.exp(other / t) for other in wrong)))

    expected = (one(0.9, [0.2, -0.1]) + one(0.5, [0.3, 0.0]) + one(0.7, [0.3, 0.0])) / 3

    assert expected == pytest.approx(float(InfoNCE(t)(COSINES, RIGHT, WRONG)), abs=1e-5)


def test_sigmoid_judges_each_pair_for_itself() -> None:
    """The loss is softplus(-y t (cosine - b)), summed over the pairs that count, by example."""
    t, b = 1 / 0.1, 0.3
    pairs = [(0.9, 1), (0.2, -1), (-0.1, -1), (0.3, -1), (0.5, 1), (0.7, 1), (0.0, -1)]
    expected = sum(math.log1p(math.exp(-y * t * (cosine - b))) for cosine, y in pairs) / 2

    assert expected == pytest.approx(float(Sigmoid(0.1, b)(COSINES, RIGHT, WRONG).detach()), abs=1e-5)


@pytest.mark.parametrize("name", ["infonce", "explicit", "sigmoid"])
def test_gradients_are_numbers_even_without_negatives(name: str) -> None:
    """An example without a wrong passage harms nothing."""
    cosines = COSINES.clone().requires_grad_()
    loss_of(name, 0.1)(cosines, RIGHT, torch.zeros_like(WRONG)).backward()  # type: ignore[arg-type]

    assert cosines.grad is not None
    assert bool(torch.isfinite(cosines.grad).all())
