"""Fine-tuning a causal model on replies: loss on their tokens alone, and gone on with where it was when it is killed.

A loop of torch's own: trl would bring accelerate, datasets, pandas and pyarrow for what these lines do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from ...core.errors import CallerError
from ...core.llm.transformers_model import LocalModel
from ..harness import TrainingWatcher, mark_of
from ..loop import Loop
from .examples import PromptCompletion, QueryGeneratorRecipe, checked

_IGNORED = -100
_DECAY = 0.01


@dataclass(slots=True)
class TunerProgress:
    """Where a training is."""

    step: int = 0
    losses: list[float] = field(default_factory=list)


class Tuner(Loop[TunerProgress]):
    """Fine-tunes a model on examples, in place; `path` is the file to go on from, until `close`."""

    def __init__(
        self,
        model: LocalModel,
        examples: Sequence[PromptCompletion],
        recipe: QueryGeneratorRecipe,
        *,
        path: Path,
        watcher: TrainingWatcher,
    ) -> None:
        self._recipe, self._path = checked(recipe), path
        self._examples = [one for one in examples if len(one.prompt) + len(one.reply) <= recipe.length]
        if not self._examples:
            raise CallerError(
                f"no example of {len(examples)} fits into {recipe.length} tokens; raise `length`, or shorten the prompt"
            )
        if left := len(examples) - len(self._examples):
            watcher.say(f"{left:,} examples of more than {recipe.length:,} tokens are left out")
        optimiser = torch.optim.AdamW(model.network.parameters(), lr=recipe.rate, weight_decay=_DECAY)
        mark = mark_of(asdict(recipe), model.identity, self._examples)
        parts = {"network": model.network, "optimiser": optimiser}
        super().__init__(TunerProgress(), parts, file=path, mark=mark, watcher=watcher)

    @property
    def steps(self) -> int:
        """Return how many steps there are in all."""
        return self._recipe.epochs * -(-len(self._examples) // self._recipe.batch)

    def run(self) -> list[float]:
        """Train to the end and return the loss of each step."""
        if self.resume():
            self.watcher.say(f"going on after step {self.now.step:,}")
        self._network.train()
        while self.now.step < self.steps:
            done = self.now.step / self.steps
            # a line up, then a line down
            share = min((done + 1 / self.steps) / max(self._recipe.warmup, 1e-9), 1.0 - done, 1.0)
            self.now.losses.append(self.learn(self._loss(self._batch(self.now.step)), share))
            self.now.step += 1
            self.watcher.step("fine-tuning", self.now.step, self.steps)
            if self.now.step % self._recipe.save_every == 0:
                self.save()
        self._network.eval()
        return self.now.losses

    def close(self) -> None:
        """Remove the file to go on from, once the result is kept."""
        self._path.unlink(missing_ok=True)

    def _batch(self, step: int) -> list[PromptCompletion]:
        """Return the examples of a step, which depend on nothing but its number."""
        size = self._recipe.batch
        epoch, place = divmod(step, -(-len(self._examples) // size))
        order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(self._examples))
        return [self._examples[one] for one in order[place * size : (place + 1) * size]]

    def _loss(self, batch: Sequence[PromptCompletion]) -> torch.Tensor:
        ids, mask, labels = (part.to(self._network.device) for part in padded(batch))
        kind = self._network.device.type
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=kind == "cuda"):
            loss: torch.Tensor = self._network(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
        return loss


def padded(batch: Sequence[PromptCompletion]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
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
