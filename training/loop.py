"""What trainings do in torch: steps that a killed training goes on from, and linear units with the least loss."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.files import write_whole
from ..core.types import Numbers
from ..core.weights_file import Linear
from .harness import TrainingWatcher

P = TypeVar("P")

STEPS = 400  # of L-BFGS, at most


class Loop(Generic[P]):
    """A network on its way, with an optimiser, whose state on disk only the same training goes on from.

    Args:
        now: where it is, a dataclass of plain types.
        parts: whatever has a state to keep: the network, the optimiser, a loss that learns.
        file: the state on disk.
        mark: tells this training from others.
    """

    def __init__(self, now: P, parts: Mapping[str, Any], *, file: Path, mark: str, watcher: TrainingWatcher) -> None:
        self.now, self.watcher = now, watcher
        self._parts, self._file, self._mark = parts, file, mark
        self._network, self._optimiser = parts["network"], parts["optimiser"]
        for group in self._optimiser.param_groups:
            group.setdefault("peak", group["lr"])

    def learn(self, loss: Tensor, share: float) -> float:
        """Take a step at a share of the highest rate, and return the loss before it."""
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.descend(share)
        return float(loss.detach())

    def descend(self, share: float) -> None:
        """Take a step down the gradients that are there, at a share of the highest rate."""
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * share
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimiser.step()

    def save(self, **more: Any) -> None:
        """Write the state, whole or not at all."""
        kept = {name: part.state_dict() for name, part in self._parts.items()}
        held, progress = io.BytesIO(), asdict(self.now)  # type: ignore[call-overload]
        torch.save({"mark": self._mark, "progress": progress, "chance": torch.get_rng_state(), **kept, **more}, held)
        write_whole(self._file, held.getvalue())

    def resume(self) -> Mapping[str, Any] | None:
        """Go on from the state on disk and return it, or None where there is none; the reason is told."""
        try:
            kept: Mapping[str, Any] = torch.load(self._file, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever torch says of a file that it cannot read
            self.watcher.say(f"the training state cannot be read ({error.__class__.__name__}); beginning anew")
            return None
        if kept.get("mark") != self._mark:
            self.watcher.say("another training was under way here, with other settings or data; beginning anew")
            return None
        for name, part in self._parts.items():
            part.load_state_dict(kept[name])
        torch.set_rng_state(kept["chance"])
        self.now = type(self.now)(**kept["progress"])
        return kept


def device() -> torch.device:
    """Return where networks are trained."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def scale(rows: Numbers) -> tuple[Numbers, Numbers]:
    """Return the mean of each feature, and its standard deviation, which is never 0."""
    return rows.mean(axis=0), rows.std(axis=0) + 1e-6


def minimised(
    width: int, loss: Callable[[Tensor, Tensor], Tensor], penalty: float, prior: Numbers | None = None
) -> Linear:
    """Return the unit with the least loss and, times the penalty, squares of its weights; by L-BFGS.

    Args:
        prior: weights, shape (width,), from which the squares are counted in the place of 0.
    """
    known = torch.tensor(np.zeros(width) if prior is None else prior)
    weights = known.clone().requires_grad_()
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(weights, bias) + penalty * ((weights - known) ** 2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return Linear(weights.detach().numpy(), float(bias.detach()[0]))


def on_scale(rows: Numbers, loss: Callable[[Tensor], Tensor], penalty: float, *, prior: Linear | None = None) -> Linear:
    """Return the unit with the least loss of its scores for rows, penalised as if all features had one spread.

    Args:
        prior: a unit over the first features that the weights are drawn to; the others are drawn to 0.
    """
    centre, spread = scale(rows)
    inputs = torch.tensor((rows - centre) / spread)
    begin = np.zeros(rows.shape[1])
    if prior is not None:
        begin[: len(prior.weights)] = prior.weights
    found = minimised(rows.shape[1], lambda weights, bias: loss(inputs @ weights + bias), penalty, begin * spread)
    weights = found.weights / spread
    return Linear(weights, found.bias - float(weights @ centre))


def logistic(rows: Numbers, marks: Any, penalty: float, counts: Any = 1.0) -> Linear:
    """Return the unit of a logistic regression; `counts` is what each row weighs, the mean of all is the loss."""
    wanted, weigh = (torch.tensor(np.broadcast_to(one, len(rows)).astype(np.float64)) for one in (marks, counts))
    return on_scale(
        rows, lambda scores: functional.binary_cross_entropy_with_logits(scores, wanted, weight=weigh), penalty
    )
