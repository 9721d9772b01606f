"""The linear unit with the least loss and squares of its weights, which is one and the same from any beginning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..core.linear import Linear
from ..core.types import Numbers


def minimised(
    rows: Numbers, loss: Callable[[torch.Tensor], Any], penalty: float, *, prior: Linear | None = None
) -> Linear:
    """Return the unit over rows of shape (rows, features) whose scores, shape (rows,), have the least loss.

    Args:
        loss: convex in the scores.
        penalty: on the squares of the weights of standardised features, or of their distance to those of `prior`.
        prior: a unit over the first features; the others are drawn to 0.
    """
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    inputs = torch.tensor((rows - centre) / spread)
    begin = np.zeros(rows.shape[1])
    if prior is not None:
        begin[: len(prior.weights)] = prior.weights
    begin *= spread
    known = torch.tensor(begin)
    weights = torch.tensor(begin, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=400, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value: torch.Tensor = loss(inputs @ weights + bias) + penalty * ((weights - known) ** 2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    found = weights.detach().numpy() / spread
    return Linear(found, float(bias.detach()[0]) - float(found @ centre))
