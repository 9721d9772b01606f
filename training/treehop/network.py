"""TreeHop's network in torch, with the parameters of `retrieval.hop.gate` under the same names."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import CallerError
from ...retrieval.hop.treehop_network import EPSILON, Gate, Parameters, Shape

FACTORS = ("keep", "drop")


#: Standard deviation of the weights that begin near nothing where the gate begins as a copy of the passage.
NEAR_NOTHING = 1e-3


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


class Network(nn.Module):
    """What `Gate` computes, differentiable; dropout acts on what the blocks add while training.

    With a `gain` other than 0 the gate begins as that multiple of the passage: the state begins as `q + (gain - 1) c`,
    which finds more than a random one and leaves the weights to learn what is to be put right about it. Begun at
    random the network learns the training passages by heart and finds nothing else.
    """

    def __init__(
        self, shape: Shape, *, dropout: float = 0.0, gain: float = 0.0, keep: float = 1.0, drop: float = 1.0
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


def rounded(shape: Shape, parameters: Parameters) -> Gate:
    """Return the network for inference with weights as they will be stored, in 16 bits."""
    return Gate(shape, {name: value.astype(np.float16).astype(np.float32) for name, value in parameters.items()})
