"""Training the adapter: its torch twin, the losses over a list, and the loop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...retrieval.rerank.adapted import MIDDLE, Shape
from .table import DEPTH, Floats, Table

NOTHING = -1e4  # a logit that weighs nothing; minus infinity would make gradients of no number


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the adapter is trained.

    The loss is `contrast * InfoNCE + ranknet * RankNet + distil * KL(teacher || student)`, each over one list: E2Rank
    (arXiv 2510.22733) joins the first two, listwise distillation (arXiv 2502.19712) the first and the last. Candidates
    are compared under the query made of their own list, never under another's.

    Args:
        temperature: what cosines are divided by; `teacher_temperature` likewise the teacher's logits.
        rate: of the matrices; the few parameters that are no matrices learn `faster` times as fast.
        patience: epochs without a gain on the lists kept apart after which it ends.
    """

    first: int = 10
    attention: int = 16
    hidden: int = 64
    contrast: float = 1.0
    ranknet: float = 1.0
    distil: float = 1.0
    temperature: float = 0.07
    teacher_temperature: float = 1.0
    rate: float = 1e-4
    faster: float = 500.0
    decay: float = 0.05
    dropout: float = 0.2
    batch: int = 64
    epochs: int = 12
    patience: int = 4
    seed: int = 0


class Network(nn.Module):
    """The twin of `retrieval.rerank.adapted.Adapter`, for many lists at once."""

    def __init__(self, shape: Shape, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.rank = nn.Parameter(torch.zeros(shape.first))
        self.near = nn.Parameter(torch.zeros(2))
        self.query = nn.Linear(shape.dimension, shape.attention, bias=False)
        self.key = nn.Linear(shape.dimension, shape.attention, bias=False)
        self.read = nn.Linear(2 * shape.dimension, shape.hidden)
        self.move = nn.Linear(shape.hidden, shape.dimension, bias=False)
        self.drop = nn.Dropout(dropout)
        nn.init.zeros_(self.key.weight)
        nn.init.zeros_(self.move.weight)

    def forward(self, queries: Tensor, candidates: Tensor, there: Tensor) -> Tensor:
        """Return the cosines with the new queries, shape (lists, candidates)."""
        rows, inside = candidates[:, : self.shape.first], there[:, : self.shape.first]
        near = torch.stack([rows @ queries[:, :, None], rows @ rows[:, 0, :, None]], 2).squeeze(-1) - MIDDLE
        weights = self.rank[: rows.shape[1]] + near @ self.near
        weights = weights + (self.key(self.drop(rows)) @ self.query(self.drop(queries))[:, :, None]).squeeze(-1)
        centre = ((weights * inside)[:, None] @ rows).squeeze(1)
        seen = self.drop(torch.cat([centre, queries], -1) * math.sqrt(self.shape.dimension))
        moved = functional.normalize(queries + centre + self.move(self.drop(torch.tanh(self.read(seen)))), dim=-1)
        return (candidates @ moved[:, :, None]).squeeze(-1)

    def trained(self) -> Mapping[str, NDArray[np.float32]]:
        """Return the parameters by their names on disk."""
        return {name: value.detach().numpy() for name, value in self.state_dict().items()}


def contrast(logits: Tensor, gold: Tensor, there: Tensor) -> Tensor:
    """Return InfoNCE over each list, the mean over its gold candidates."""
    shares = torch.log_softmax(logits.masked_fill(~there, NOTHING), 1)
    count = gold.sum(1)
    losses = -(shares * gold).sum(1) / count.clamp(min=1)
    return losses[count > 0].mean()


def ranknet(logits: Tensor, gold: Tensor, there: Tensor) -> Tensor:
    """Return the mean of log(1 + exp(-(s_i - s_j))) over pairs of a gold candidate i and another j of its list."""
    pairs = gold[:, :, None] & (there & ~gold)[:, None]
    return functional.softplus(logits[:, None] - logits[:, :, None])[pairs].mean()


def distillation(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Return KL(teacher || student) over what the teacher has read of each list; 0 where it has read nothing."""
    read = torch.isfinite(teacher)
    if not read.any():
        return logits.sum() * 0
    wanted = torch.log_softmax((teacher / temperature).masked_fill(~read, NOTHING), 1)
    shares = torch.log_softmax(logits.masked_fill(~read, NOTHING), 1)
    some = read.any(1)
    return functional.kl_div(shares[some], wanted[some], reduction="batchmean", log_target=True)


def fit(learned: Table, apart: Table, recipe: Recipe, *, say: Callable[[str], None]) -> Network:
    """Return a network trained on some lists, as it was after the epoch that was best on the others."""
    torch.manual_seed(recipe.seed)
    shape = Shape(learned.matrix.shape[1], recipe.first, recipe.attention, recipe.hidden)
    network = Network(shape, dropout=recipe.dropout)
    small = [one for one in network.parameters() if one.ndim == 1 and len(one) < DEPTH]
    large = [one for one in network.parameters() if not any(one is other for other in small)]
    groups: list[dict[str, Any]] = [
        {"params": small, "lr": recipe.rate * recipe.faster, "weight_decay": 0.0},
        {"params": large},
    ]
    optimiser = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
    best, kept, since = -1.0, copy.deepcopy(network.state_dict()), 0
    for epoch in range(recipe.epochs):
        loss = _epoch(network, optimiser, learned, recipe, epoch=epoch)
        recall = float(apart.recall(cosines(network, apart)).mean())
        say(f"epoch {epoch + 1}: loss {loss:.3f}, recall on lists kept apart {100 * recall:.1f}")
        best, kept, since = (
            (recall, copy.deepcopy(network.state_dict()), 0) if recall > best + 1e-6 else (best, kept, since + 1)
        )
        if since >= recipe.patience:
            break
    network.load_state_dict(kept)
    return network.eval()


def cosines(network: Network, lists: Table) -> Floats:
    """Return the cosines of all candidates with their list's new query, shape (lists, DEPTH)."""
    network.eval()
    found = [np.empty((0, DEPTH), np.float32)]
    with torch.no_grad():
        for start in range(0, len(lists), 256):
            some = lists.part(np.arange(start, min(start + 256, len(lists))))
            found.append(network(*_tensors(some), torch.from_numpy(some.there)).numpy())
    return np.concatenate(found)


def _epoch(network: Network, optimiser: torch.optim.Optimizer, lists: Table, recipe: Recipe, *, epoch: int) -> float:
    network.train()
    order = np.random.default_rng([recipe.seed, epoch]).permutation(len(lists))
    losses = []
    for places in np.array_split(order, max(1, len(lists) // recipe.batch)):
        some = lists.part(places)
        if not some.gold.any():
            continue
        loss = _loss(network, some, recipe)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses)) if losses else 0.0


def _loss(network: Network, some: Table, recipe: Recipe) -> Tensor:
    there, gold = torch.from_numpy(some.there), torch.from_numpy(some.gold)
    logits = network(*_tensors(some), there) / recipe.temperature
    loss = recipe.contrast * contrast(logits, gold, there)
    if recipe.ranknet:
        loss = loss + recipe.ranknet * ranknet(logits, gold, there)
    if recipe.distil:
        loss = loss + recipe.distil * distillation(logits, torch.from_numpy(some.teacher), recipe.teacher_temperature)
    return loss


def _tensors(lists: Table) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(lists.question_vectors()), torch.from_numpy(lists.vectors())
