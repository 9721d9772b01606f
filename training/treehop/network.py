"""TreeHop's network in torch, its losses, and how it is trained.

The parameters are those of `retrieval.hop.treehop_network`, under the same names. Each loss is a module called with
cosines (examples, passages), and two masks of that shape: which passages are right, and which are wrong. A pair that is
neither, such as another gold passage of the same question, counts for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import CallerError
from ...retrieval.hop.tree import Growth
from ...retrieval.hop.treehop_network import EPSILON, Parameters, TreeHopNetwork, TreeHopShape

FACTORS = ("keep", "drop")
#: Standard deviation of the weights that begin near nothing where the gate begins as a copy of the passage.
NEAR_NOTHING = 1e-3
NOTHING = -1e4  # a logit that weighs nothing; minus infinity would make gradients of no number

#: `infonce` takes every passage of the batch for a negative, `explicit` only the example's own, as the public code
#: does; `sigmoid` judges each pair for itself.
LossName = Literal["infonce", "explicit", "sigmoid"]


@dataclass(frozen=True, slots=True)
class TreeHopRecipe:
    """Everything that makes one trained network differ from another on the same examples.

    Args:
        keep: the factor of the query that the scaled forms begin with.
        drop: the factor of the passage that they begin with.
        factor_rate: the factors' learning rate, as a multiple of `rate`: two numbers would hardly move at that of
            thousands.
        rate: the highest learning rate; it rises over `warmup` of the steps and then falls to a tenth as a cosine does.
        negatives: of an example's own negatives, drawn anew for each batch.
        mined: negatives to find from each of question and last passage before training begins.
        back: whether the passages of the path are negatives too. A search leaves them out anyway, and what pushes the
            query away from them takes what they say of the next passage along.
        gain: of the passage that the gate passes on at the start, 0 to begin at random.
        noise: length of the noise that is added to the vectors of questions and paths, which have length 1.
        patience: epochs without a gain on the examples kept apart, after which training ends.
        share: of the questions that are kept apart, at most `most_heldout`.
        save_every: steps between two states on disk from which a killed training goes on.
    """

    width: int = 768
    blocks: int = 1
    form: Literal["published", "scaled", "unit", "scaled-unit"] = "published"
    keep: float = 1.0
    drop: float = 1.0
    factor_rate: float = 30.0
    gain: float = 2.5
    noise: float = 0.6
    loss: LossName = "infonce"
    temperature: float = 0.05
    rate: float = 1e-4
    decay: float = 0.5
    dropout: float = 0.2
    batch: int = 256
    epochs: int = 6
    warmup: float = 0.1
    negatives: int = 8
    mined: int = 8
    back: bool = False
    patience: int = 4
    share: float = 0.15
    most_heldout: int = 500
    seed: int = 0
    save_every: int = 100
    growth: Growth = Growth()  # noqa: RUF009 - a frozen value

    def shape(self, dimension: int) -> TreeHopShape:
        """Return the shape of the network; a gate that begins as a copy is at least as wide as the vectors."""
        width = max(self.width, dimension) if self.gain else self.width
        return TreeHopShape(dimension, width, self.blocks, self.form)


#: The paper's own: for 1,024 dimensions, 25 million weights. Li et al., "TreeHop" (arXiv 2504.20114), section 4, and
#: its public code, in which dropout has no effect.
PUBLISHED = TreeHopRecipe(
    width=2048,
    blocks=3,
    gain=0.0,
    noise=0.0,
    loss="explicit",
    temperature=0.15,
    rate=6e-5,
    decay=2e-8,
    dropout=0.0,
    batch=64,
    epochs=20,
    warmup=0.0,
    negatives=5,
    mined=0,
)


class _Block(nn.Module):
    """A residual block that norms first."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.linear = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, value: Tensor) -> Tensor:
        """Add what the block makes of its input."""
        result: Tensor = value + self.dropout(torch.relu(self.linear(self.norm(value))))
        return result


class TorchTreeHop(nn.Module):
    """What `TreeHopNetwork` computes, differentiable; dropout acts on what the blocks add while training.

    With a `gain` other than 0 the gate begins as that multiple of the passage: the state begins as `q + (gain - 1) c`,
    which finds more than a random one and leaves the weights to learn what is to be put right about it. Begun at
    random the network learns the training passages by heart and finds nothing else.
    """

    def __init__(
        self, shape: TreeHopShape, *, dropout: float = 0.0, gain: float = 0.0, keep: float = 1.0, drop: float = 1.0
    ) -> None:
        super().__init__()
        self.shape = shape
        self.query = nn.Linear(shape.dimension, shape.width)
        self.key = nn.Linear(shape.dimension, shape.width)
        self.value = nn.Linear(shape.dimension, shape.width)
        self.blocks = nn.ModuleList(_Block(shape.width, dropout) for _ in range(shape.blocks))
        self.out = nn.Linear(shape.width, shape.width)
        self.project = nn.Linear(shape.width, shape.dimension, bias=False)
        if gain:
            self._copy(gain)
        if shape.scaled:
            self.keep = nn.Parameter(torch.tensor(keep))
            self.drop = nn.Parameter(torch.tensor(drop))

    def forward(self, queries: Tensor, passages: Tensor) -> Tensor:
        """Return the next states of pairs, (pairs, dimension) each."""
        scores = self.query(queries) * self.key(passages) / self.shape.width**0.5
        gated = torch.softmax(scores, dim=-1) * self.value(passages)
        value = gated
        for block in self.blocks:
            value = block(value)
        gain = self.project(self.out(value) + gated)
        keep, drop = (self.keep, self.drop) if self.shape.scaled else (1.0, 1.0)
        state: Tensor = keep * queries - drop * passages + gain
        return functional.normalize(state, dim=-1) if self.shape.unit_state else state

    @torch.no_grad()
    def _copy(self, gain: float) -> None:
        """Let the gate begin as `gain` times the passage; a softmax over the features is one over the width."""
        shape = self.shape
        if shape.width < shape.dimension:
            raise CallerError(f"a gain needs a width of at least the dimension, {shape.dimension}, not {shape.width}")
        self.value.weight.zero_()
        self.value.weight[: shape.dimension] = shape.width * torch.eye(shape.dimension)
        nn.init.normal_(self.project.weight, std=10 * NEAR_NOTHING)
        self.project.weight[:, : shape.dimension] = gain * torch.eye(shape.dimension)
        nn.init.normal_(self.out.weight, std=NEAR_NOTHING)
        for linear in (self.value, self.out):
            linear.bias.zero_()

    def groups(self, rate: float, factor_rate: float) -> list[dict[str, Any]]:
        """Return the weights in groups for an optimiser, the factors with a rate of their own and without decay."""
        factors = [value for name, value in self.named_parameters() if name in FACTORS]
        others = [value for name, value in self.named_parameters() if name not in FACTORS]
        return [{"params": others, "peak": rate}, {"params": factors, "peak": rate * factor_rate, "weight_decay": 0.0}]

    def states(self, questions: Tensor, passages: Tensor, lengths: Tensor) -> Tensor:
        """Return the states at the ends of paths.

        `passages` is (examples, longest, dimension), padded behind each path with anything; `lengths` is (examples,).
        """
        state = questions
        for place in range(passages.shape[1]):
            there = (lengths > place).unsqueeze(-1)
            state = torch.where(there, self(state, passages[:, place]), state)
        return state


def parameters_of(network: nn.Module) -> Parameters:
    """Return the weights as arrays."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def rounded(shape: TreeHopShape, parameters: Parameters) -> TreeHopNetwork:
    """Return the network for inference with weights as they will be stored, in 16 bits."""
    return TreeHopNetwork(
        shape, {name: value.astype(np.float16).astype(np.float32) for name, value in parameters.items()}
    )


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
