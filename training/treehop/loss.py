"""Losses over the cosines of moved queries with passages.

Each is a module called with cosines (examples, passages), and two masks of that shape: which passages are right, and
which are wrong. A pair that is neither, such as another gold passage of the same question, counts for nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .recipe import LossName

NOTHING = -1e4  # a logit that weighs nothing; minus infinity would make gradients of no number


class InfoNCE(nn.Module):
    """Cross-entropy of each right passage against all wrong ones.

    TreeHop (arXiv 2504.20114), section 3.2, prints it with in-batch negatives at temperature 0.15; its public code has
    explicit ones. Which of the two it is, is a matter of the mask.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, cosines: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
        """Return the mean over right pairs."""
        logits = cosines / self.temperature
        against = torch.logsumexp(logits.masked_fill(~wrong, NOTHING), dim=1, keepdim=True)
        losses = torch.logaddexp(logits, against) - logits
        return losses[right].mean()


class Sigmoid(nn.Module):
    """Each pair for itself: softplus(-y t (cosine - b)), with learned scale t and shift b.

    "Is Dimensionality a Barrier for Retrieval Models?" (arXiv 2605.23556) finds larger margins with it than with
    InfoNCE. It starts from the scale that `temperature` says, since cosines of 384 dimensions differ by tenths.
    """

    def __init__(self, temperature: float, shift: float = 0.3) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(math.log(1 / temperature)))
        self.shift = nn.Parameter(torch.tensor(shift))

    def forward(self, cosines: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
        """Return the sum over pairs, by example."""
        logits = self.scale.exp() * (cosines - self.shift)
        losses = functional.softplus(torch.where(right, -logits, logits))
        return losses[right | wrong].sum() / len(cosines)


def loss_of(name: LossName, temperature: float) -> nn.Module:
    """Return a loss by name; `explicit` is InfoNCE with the example's own negatives alone in the mask."""
    return Sigmoid(temperature) if name == "sigmoid" else InfoNCE(temperature)
