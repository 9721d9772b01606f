"""Fine-tuning a causal model on replies: loss on their tokens alone, and gone on with where it was when it is killed.

A loop of torch's own: trl would bring accelerate, datasets, pandas and pyarrow for what these lines do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch

from ...core.errors import CallerError
from ...core.llm.transformers_model import LocalModel
from .. import state
from ..watch import Watcher
from .examples import Example
from .recipe import Recipe, checked

_IGNORED = -100
_DECAY = 0.01


@dataclass(slots=True)
class Progress:
    """Where a training is."""

    step: int = 0
    losses: list[float] = field(default_factory=list)


class Tuner:
    """Fine-tunes a model on examples, in place; `path` is the file to go on from, until `close`."""

    def __init__(
        self, model: LocalModel, examples: Sequence[Example], recipe: Recipe, *, path: Path, watcher: Watcher
    ) -> None:
        self._recipe = checked(recipe)
        self._examples = [one for one in examples if len(one.prompt) + len(one.reply) <= recipe.length]
        if not self._examples:
            raise CallerError(
                f"no example of {len(examples)} fits into {recipe.length} tokens; raise `length`, or shorten the prompt"
            )
        if left := len(examples) - len(self._examples):
            watcher.say(f"{left:,} examples of more than {recipe.length:,} tokens are left out")
        self._path, self._watcher, self._network = path, watcher, model.network
        content = json.dumps([asdict(recipe), model.identity, self._examples])
        self._mark = blake2b(content.encode(), digest_size=16).hexdigest()
        self._optimiser = torch.optim.AdamW(self._network.parameters(), lr=recipe.rate, weight_decay=_DECAY)
        self._now = Progress()

    @property
    def steps(self) -> int:
        """Return how many steps there are in all."""
        return self._recipe.epochs * -(-len(self._examples) // self._recipe.batch)

    def run(self) -> list[float]:
        """Train to the end and return the loss of each step."""
        self._resume()
        self._network.train()
        while self._now.step < self.steps:
            self._learn(self._batch(self._now.step))
            if self._now.step % self._recipe.save_every == 0:
                self._save()
        self._network.eval()
        return self._now.losses

    def close(self) -> None:
        """Remove the file to go on from, once the result is kept."""
        self._path.unlink(missing_ok=True)

    def _batch(self, step: int) -> list[Example]:
        """Return the examples of a step, which depend on nothing but its number."""
        size = self._recipe.batch
        epoch, place = divmod(step, -(-len(self._examples) // size))
        order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(self._examples))
        return [self._examples[one] for one in order[place * size : (place + 1) * size]]

    def _learn(self, batch: Sequence[Example]) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = self._recipe.rate * self._schedule()
        ids, mask, labels = (part.to(self._network.device) for part in padded(batch))
        kind = self._network.device.type
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda"):
            loss = self._network(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimiser.step()
        self._now.step += 1
        self._now.losses.append(float(loss.detach()))
        self._watcher.step("fine-tuning", self._now.step, self.steps)

    def _schedule(self) -> float:
        """Return the share of the highest rate: a line up, then a line down."""
        done = self._now.step / self.steps
        return min((done + 1 / self.steps) / max(self._recipe.warmup, 1e-9), 1.0 - done, 1.0)

    def _save(self) -> None:
        kept = {
            "progress": asdict(self._now),
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        state.save(self._path, kept, self._mark)

    def _resume(self) -> None:
        kept = state.load(self._path, self._mark, self._watcher)
        if kept is None:
            return
        self._network.load_state_dict(kept["network"])
        self._optimiser.load_state_dict(kept["optimiser"])
        self._now = Progress(**kept["progress"])
        self._watcher.say(f"going on after step {self._now.step:,}")


def padded(batch: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return tokens, which of them are real, and which are to be learned, each of shape (examples, width)."""
    width = max(len(one.prompt) + len(one.reply) for one in batch)
    ids, mask = torch.zeros(2, len(batch), width, dtype=torch.long)
    labels = torch.full((len(batch), width), _IGNORED)
    for row, one in enumerate(batch):
        end = len(one.prompt) + len(one.reply)
        ids[row, :end] = torch.tensor([*one.prompt, *one.reply])
        mask[row, :end] = 1
        labels[row, len(one.prompt) : end] = torch.tensor(one.reply)
    return ids, mask, labels
