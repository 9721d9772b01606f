"""The training loop: seeded, resumable at every saved state, ended when the examples kept apart gain nothing more."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...core.files import write_whole
from ...retrieval.hop.treehop_network import Gate, Parameters
from .. import state
from ..watch import Watcher
from .batch import Batch, batches, steps
from .evaluate import hop_recall, states
from .examples import Table
from .loss import loss_of
from .network import Network, parameters_of, rounded
from .recipe import Recipe

K = 5  # at which single hops are judged
LOWEST = 0.1  # of the highest rate, at the end


@dataclass(slots=True)
class Progress:
    """Where a training is; with network and optimiser it is all that a resumed one needs."""

    epoch: int = 0
    step: int = 0  # in the epoch
    loss: float = 0.0  # summed over the steps of the epoch
    best: float = -1.0
    best_epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains one network on one table.

    Args:
        heldout: examples kept apart, by which training is ended and the best epoch chosen.
        mark: tells this training from others; a state on disk with another mark is not gone on from.
        files: where the state and the learning curve are kept, by the names `state` and `curve`.
    """

    def __init__(
        self, table: Table, heldout: Table, recipe: Recipe, *, mark: str, files: Mapping[str, Path], watcher: Watcher
    ) -> None:
        self._table, self._heldout, self._recipe = table, heldout, recipe
        self._mark, self._files, self._watcher = mark, files, watcher
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(recipe.seed)
        self._shape = recipe.shape(table.pool.matrix.shape[1])
        network = Network(self._shape, dropout=recipe.dropout, gain=recipe.gain, keep=recipe.keep, drop=recipe.drop)
        self._network = network.to(self._device)
        self._loss = loss_of(recipe.loss, recipe.temperature).to(self._device)
        groups = self._network.groups(recipe.rate, recipe.factor_rate)
        groups[1]["params"] += list(self._loss.parameters())
        self._optimiser = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
        self._now = Progress()
        self._best: Parameters = parameters_of(self._network)

    def run(self) -> tuple[Gate, Progress]:
        """Train to the end and return the best network, as it will be stored, and how it came about."""
        self._resume()
        while self._now.epoch < self._recipe.epochs and not self._tired():
            self._epoch()
            self._judge()
            self._save()
        return rounded(self._shape, self._best), self._now

    def _epoch(self) -> None:
        now, total = self._now, steps(len(self._table), self._recipe)
        self._network.train()
        for batch in batches(self._table, self._recipe, now.epoch, first=now.step):
            self._step(batch, now.epoch * total + now.step, self._recipe.epochs * total)
            now.step += 1
            self._watcher.step(f"epoch {now.epoch + 1}", now.step, total)
            if now.step % self._recipe.save_every == 0 and now.step < total:
                self._save()

    def _step(self, batch: Batch, step: int, total: int) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * _schedule(step, total, self._recipe.warmup)
        questions, on_path = self._shaken(self._on(batch.questions)), self._shaken(self._on(batch.on_path))
        state = self._network.states(questions, on_path, self._on(batch.lengths))
        cosines = nn.functional.normalize(state, dim=-1) @ self._on(batch.passages).T
        loss = self._loss(cosines, self._on(batch.right), self._on(batch.wrong))
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimiser.step()
        self._now.loss += float(loss.detach())

    def _shaken(self, vectors: Tensor) -> Tensor:
        """Return vectors with noise added, of the recipe's length beside their own, at unit length again."""
        if not self._recipe.noise:
            return vectors
        noise = torch.randn_like(vectors) * (self._recipe.noise / vectors.shape[-1] ** 0.5)
        return nn.functional.normalize(vectors + noise, dim=-1)

    def _judge(self) -> None:
        """Close an epoch: note the curve, and keep the weights if they are the best so far."""
        now, gate = self._now, rounded(self._shape, parameters_of(self._network))
        recall = hop_recall(self._heldout, states(self._heldout, gate), K)
        loss = now.loss / max(1, now.step)
        now.epoch, now.step, now.loss = now.epoch + 1, 0, 0.0
        if recall > now.best:
            now.best, now.best_epoch, self._best = recall, now.epoch, parameters_of(self._network)
        now.curve.append({"epoch": now.epoch, "loss": round(loss, 5), f"hop_recall@{K}": round(recall, 5)})
        self._watcher.say(f"epoch {now.epoch}: loss {loss:.4f}, recall@{K} of the next passage {100 * recall:.1f}")
        lines = "".join(json.dumps(line) + "\n" for line in now.curve)
        write_whole(self._files["curve"], lines.encode())

    def _tired(self) -> bool:
        return self._now.epoch - self._now.best_epoch >= self._recipe.patience

    def _on(self, array: Any) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    # The state on disk

    def _save(self) -> None:
        kept = {
            "progress": {name: getattr(self._now, name) for name in Progress.__dataclass_fields__},
            "network": self._network.state_dict(),
            "loss": self._loss.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "best": {name: torch.from_numpy(value) for name, value in self._best.items()},
            "chance": torch.get_rng_state(),
        }
        state.save(self._files["state"], kept, self._mark)

    def _resume(self) -> None:
        """Go on from the state on disk, if there is one of this training."""
        kept = state.load(self._files["state"], self._mark, self._watcher)
        if kept is None:
            return
        self._network.load_state_dict(kept["network"])
        self._loss.load_state_dict(kept["loss"])
        self._optimiser.load_state_dict(kept["optimiser"])
        self._best = {name: value.numpy() for name, value in kept["best"].items()}
        self._now = Progress(**kept["progress"])
        torch.set_rng_state(kept["chance"])
        self._watcher.say(f"going on from epoch {self._now.epoch + 1}, step {self._now.step + 1}")


def _schedule(step: int, total: int, warmup: float) -> float:
    """Return the share of the highest rate: a line up, then a cosine down to `LOWEST`."""
    rising = round(warmup * total)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, total - rising)
    return LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2
