"""Training the cross-encoder: seeded, in mixed precision, and gone on with where it was when it is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from ...core.errors import CallerError
from ...retrieval.rerank.pairs import Pair, Tokens, encode
from .. import state
from ..watch import Watcher
from .lists import CandidateList
from .network import GIVEN, Network, padded


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the cross-encoder is trained.

    Args:
        layers: of the embedder's six, the ones to begin with.
        pairs: to train on in all; the rate falls to nothing by then.
        lists: questions in a step.
        wrong: candidates that are not gold, of each question in a step; the better ranked ones are drawn more often.
        listwise: weight of the loss over a list beside that over single pairs.
        pathless: share of the candidates that are shown without their way, so that the model can do without.
    """

    layers: tuple[int, ...] = (0, 2, 4)
    pairs: int = 150_000
    rate: float = 1e-4
    decay: float = 0.01
    warmup: float = 0.05
    lists: int = 4
    wrong: int = 10
    listwise: float = 0.5
    pathless: float = 0.1
    seed: int = 0
    save_every: int = 100


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe that can be trained by; one that cannot is a `CallerError`."""
    if not recipe.layers or not all(0 <= layer < GIVEN for layer in recipe.layers):
        raise CallerError(f"layers={recipe.layers!r}: some of the embedder's layers 0 to {GIVEN - 1} are expected")
    for name in ("pairs", "lists", "wrong", "save_every"):
        if getattr(recipe, name) < 1:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: a number from 1 on is expected")
    if not 0 < recipe.warmup <= 1:
        raise CallerError(f"warmup={recipe.warmup!r}: a share of the training, more than 0, is expected")
    return recipe


@dataclass(slots=True)
class Progress:
    """Where a training is."""

    epoch: int = 0
    step: int = 0  # in the epoch
    pairs: int = 0
    losses: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """The pairs of some questions: `groups` are (first, past the last gold, past the last) of each."""

    pairs: list[Tokens]
    groups: list[tuple[int, int, int]]

    def right(self) -> torch.Tensor:
        """Return 1 for each gold pair, else 0."""
        marks = torch.zeros(len(self.pairs))
        for first, gold, _ in self.groups:
            marks[first:gold] = 1
        return marks


class Trainer:
    """Trains one cross-encoder on candidate lists; `state` is the file to go on from."""

    def __init__(
        self, lists: Sequence[CandidateList], recipe: Recipe, *, tokenizer: Tokenizer, state: Path, watcher: Watcher
    ) -> None:
        checked(recipe)
        self._lists = [one for one in lists if len({bool(each.gold) for each in one.candidates}) == 2]
        if len(self._lists) < recipe.lists:
            raise CallerError(
                f"{len(self._lists)} candidate lists with right and wrong passages are too few; give more questions"
            )
        self._recipe, self._tokenizer, self._state, self._watcher = recipe, tokenizer, state, watcher
        said = [[one.question, *((each.id, each.gold, each.way) for each in one.candidates)] for one in self._lists]
        self._mark = blake2b(json.dumps([asdict(recipe), said]).encode(), digest_size=16).hexdigest()
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(recipe.seed)
        self.network = Network(recipe.layers).to(self._device)
        own = [one for one in self.network.parameters() if one.requires_grad]
        self._optimiser = torch.optim.AdamW(own, lr=recipe.rate, weight_decay=recipe.decay)
        self._now = Progress()

    def run(self) -> Progress:
        """Train to the end and return how it went; the network is `network`."""
        self._resume()
        while self._now.pairs < self._recipe.pairs:
            for step in self._steps(self._now.epoch, self._now.step):
                if self._now.pairs >= self._recipe.pairs:
                    break
                self._learn(step)
                if self._now.step % self._recipe.save_every == 0:
                    self._save()
            else:
                self._now.epoch, self._now.step = self._now.epoch + 1, 0
        self.network.eval()
        return self._now

    def _steps(self, epoch: int, first: int) -> Iterator[Step]:
        """Yield the steps of an epoch from `first` on; each drawn by itself, as a resumed run draws it too."""
        order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(self._lists))
        size = self._recipe.lists
        for number in range(first, len(order) // size):
            chance = np.random.default_rng([self._recipe.seed, epoch, number])
            chosen = [self._lists[place] for place in order[number * size : (number + 1) * size]]
            yield self._step(chosen, chance)

    def _step(self, lists: Sequence[CandidateList], chance: np.random.Generator) -> Step:
        pairs: list[Pair] = []
        groups: list[tuple[int, int, int]] = []
        for one in lists:
            gold = [each for each in one.candidates if each.gold]
            wrong = [each for each in one.candidates if not each.gold]
            weights = 1 / (3 + np.arange(len(wrong)))
            size = min(self._recipe.wrong, len(wrong))
            drawn = chance.choice(len(wrong), size, replace=False, p=weights / weights.sum())
            groups.append((len(pairs), len(pairs) + len(gold), len(pairs) + len(gold) + size))
            for each in [*gold, *(wrong[place] for place in drawn)]:
                pair = one.pair(each)
                pairs.append(pair._replace(way="") if chance.random() < self._recipe.pathless else pair)
        return Step(encode(pairs, self._tokenizer), groups)

    def _learn(self, step: Step) -> None:
        self.network.train()
        for group in self._optimiser.param_groups:
            group["lr"] = self._recipe.rate * self._schedule()
        ids, segments, inside = (part.to(self._device) for part in padded(step.pairs))
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            logits = self.network(ids, segments, inside)
        loss = self._loss(logits.float().cpu(), step)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._now.step += 1
        self._now.pairs += len(step.pairs)
        self._now.losses = [*self._now.losses[-99:], float(loss.detach())]
        self._watcher.step("training", self._now.pairs, self._recipe.pairs)

    def _loss(self, logits: torch.Tensor, step: Step) -> torch.Tensor:
        loss = nn.functional.binary_cross_entropy_with_logits(logits, step.right())
        for first, gold, last in step.groups:
            shares = torch.log_softmax(logits[first:last], 0)
            loss = loss - self._recipe.listwise * shares[: gold - first].mean() / len(step.groups)
        return loss

    def _schedule(self) -> float:
        """Return the share of the highest rate: a line up, then a line down."""
        done = self._now.pairs / self._recipe.pairs
        return min((done + 0.001) / self._recipe.warmup, 1.02 - done, 1.0)

    def _save(self) -> None:
        kept = {
            "progress": asdict(self._now),
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "chance": torch.get_rng_state(),
        }
        state.save(self._state, kept, self._mark)
        self._watcher.say(f"{self._now.pairs:,} pairs, loss {np.mean(self._now.losses):.3f}")

    def _resume(self) -> None:
        """Go on from the state on disk, if there is one of this training."""
        kept = state.load(self._state, self._mark, self._watcher)
        if kept is None:
            return
        self.network.load_state_dict(kept["network"])
        self._optimiser.load_state_dict(kept["optimiser"])
        torch.set_rng_state(kept["chance"])
        self._now = Progress(**kept["progress"])
        self._watcher.say(f"going on after {self._now.pairs:,} pairs")
