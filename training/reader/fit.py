"""Training the reader: as the cross-encoder is, on sentences in the place of passages, of all domains alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ...answering.extractive.reader import HOLDS, SUPPORTS, encode
from ...core.errors import CallerError
from ...retrieval.rerank import crossfile
from ..harness import TrainingWatcher, counted, mark_of
from ..loop import Loop, device
from ..rerank.fit import GIVEN, TorchCrossEncoder, padded
from .lists import LABELS, GoldReading, GoldSentence

OUTPUTS = 2
_HOLDS, _SUPPORTS, _NO = LABELS


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the reader is trained.

    Args:
        layers: of the embedder's six, the ones to begin with.
        cross: begin with the layers of the cross-encoder that comes along, which has as many.
        pairs: to train on in all; the rate falls to nothing by then.
        questions: in a step.
        wrong: sentences that are nothing to the question, of each in a step.
        listwise: weight of the loss over a question's sentences beside that over single pairs.
        bare: share of the sentences that are shown without what stands before them, which also makes them shorter.
        power: domains are drawn by their size to this power; 0 takes all alike.
        threads: of torch, 0 for as many as there are cores.
    """

    layers: tuple[int, ...] = (0, 2, 4)
    cross: bool = True
    pairs: int = 60_000
    rate: float = 2e-4
    decay: float = 0.01
    warmup: float = 0.05
    questions: int = 8
    wrong: int = 3
    listwise: float = 0.5
    bare: float = 0.4
    power: float = 0.5
    seed: int = 0
    threads: int = 0
    save_every: int = 100


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe that can be trained by; one that cannot is a `CallerError`."""
    if not recipe.layers or not all(0 <= layer < GIVEN for layer in recipe.layers):
        raise CallerError(f"layers={recipe.layers!r}: some of the embedder's layers 0 to {GIVEN - 1} are expected")
    counted(recipe, "pairs", "questions", "wrong", "save_every")
    if not 0 < recipe.warmup <= 1:
        raise CallerError(f"warmup={recipe.warmup!r}: a share of the training, more than 0, is expected")
    return recipe


def network(recipe: Recipe, start: Path | None = None) -> TorchCrossEncoder:
    """Return the network that a training begins with, that of a file of weights where one is given."""
    torch.manual_seed(recipe.seed)
    made = TorchCrossEncoder(recipe.layers, OUTPUTS)
    if start is not None or recipe.cross:
        load_into(made, start or crossfile.SHIPPED)
    return made


def load_into(made: TorchCrossEncoder, file: Path) -> None:
    """Give a network the layers and the head of a file of weights; a head of one output goes to the first.

    Raises:
        CallerError: where it has another number of layers.
    """
    card, parameters = crossfile.load(file)
    own = {name: torch.tensor(value) for name, value in crossfile.plain(parameters).items()}
    if card.layers != len(made.bert.encoder.layer):
        raise CallerError(f"{str(file)!r} has {card.layers} layers; name as many in `layers`")
    made.bert.load_state_dict(
        {name: value for name, value in own.items() if not name.startswith("head.")}, strict=False
    )
    with torch.no_grad():
        made.head.weight[: card.outputs] = own["head.weight"]
        made.head.bias[: card.outputs] = own["head.bias"]


@dataclass(slots=True)
class ReaderProgress:
    """Where a training is."""

    step: int = 0
    pairs: int = 0
    losses: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReaderStep:
    """Some readings, each as many of its sentences as are shown."""

    readings: list[GoldReading]

    def marks(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return of each pair whether it holds, whether it supports, and whether the latter is known."""
        rows = [
            (one.label == _HOLDS, one.label == _SUPPORTS, each.led or not each.answered or one.label == _HOLDS)
            for each in self.readings
            for one in each.sentences
        ]
        holds, supports, known = torch.tensor(rows, dtype=torch.float32).T
        return holds, supports, known


class Trainer(Loop[ReaderProgress]):
    """Trains one reader; `state` is the file to go on from, `start` a file of weights to begin with."""

    def __init__(
        self,
        readings: Sequence[GoldReading],
        recipe: Recipe,
        *,
        tokenizer: Tokenizer,
        state: Path,
        watcher: TrainingWatcher,
        start: Path | None = None,
    ) -> None:
        checked(recipe)
        self._domains: dict[str, list[GoldReading]] = {}
        for one in readings:
            self._domains.setdefault(one.domain, []).append(one)
        if len(readings) < recipe.questions:
            raise CallerError(f"{len(readings)} readings are too few; give more questions")
        self._recipe, self._tokenizer, self._device = recipe, tokenizer, device()
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        said = [[one.domain, one.question, len(one.sentences)] for one in readings]
        self.network = network(recipe, start).to(self._device)
        own = [one for one in self.network.parameters() if one.requires_grad]
        optimiser = torch.optim.AdamW(own, lr=recipe.rate, weight_decay=recipe.decay)
        parts = {"network": self.network, "optimiser": optimiser}
        super().__init__(
            ReaderProgress(), parts, file=state, mark=mark_of(asdict(recipe), said, str(start)), watcher=watcher
        )

    def run(self) -> ReaderProgress:
        """Train to the end and return how it went; the network is `network`."""
        if self.resume():
            self.watcher.say(f"going on after {self.now.pairs:,} pairs")
        for step in self._steps(self.now.step):
            if self.now.pairs >= self._recipe.pairs:
                break
            self._learn(step)
            if self.now.step % self._recipe.save_every == 0:
                self.save()
                self.watcher.say(f"{self.now.pairs:,} pairs, loss {np.mean(self.now.losses):.3f}")
        self.network.eval()
        return self.now

    def _steps(self, first: int) -> Iterator[ReaderStep]:
        """Yield steps from the `first` on; each is drawn by itself, as a resumed run draws it too.

        A domain is drawn, then its next question in an order of each round through the domain.
        """
        names = sorted(self._domains)
        weights = np.array([len(self._domains[name]) for name in names], np.float64) ** self._recipe.power
        number = 0
        taken = dict.fromkeys(names, 0)
        while True:
            chance = np.random.default_rng([self._recipe.seed, number])
            drawn = chance.choice(len(names), self._recipe.questions, p=weights / weights.sum())
            readings = [self._next(names[place], taken, chance) for place in drawn] if number >= first else []
            if number < first:  # only counted
                for place in drawn:
                    taken[names[place]] += 1
            else:
                yield ReaderStep(readings)
            number += 1

    def _next(self, name: str, taken: dict[str, int], chance: np.random.Generator) -> GoldReading:
        own = self._domains[name]
        turn, place = divmod(taken[name], len(own))
        taken[name] += 1
        order = np.random.default_rng([self._recipe.seed, turn, len(own)]).permutation(len(own))
        return self._shown(own[order[place]], chance)

    def _shown(self, one: GoldReading, chance: np.random.Generator) -> GoldReading:
        """Return a reading with some of its wrong sentences, those that stand first in it oftener."""
        wrong = [each for each in one.sentences if each.label == _NO]
        weights = 1 / (2 + np.arange(len(wrong)))
        size = min(self._recipe.wrong, len(wrong))
        drawn = chance.choice(len(wrong), size, replace=False, p=weights / weights.sum()) if size else np.zeros(0, int)
        kept = [each for each in one.sentences if each.label != _NO][:3] + [wrong[place] for place in drawn]
        bare = chance.random(len(kept)) < self._recipe.bare
        shown = [
            GoldSentence(each.text, each.heading, "" if hidden else each.before, each.label)
            for each, hidden in zip(kept, bare, strict=True)
        ]
        return GoldReading(one.domain, one.question, shown, one.led)

    def _learn(self, step: ReaderStep) -> None:
        self.network.train()
        tokens = encode([pair for one in step.readings for pair in one.pairs()], self._tokenizer)
        # Short pairs apart from long ones: half of the padding is saved.
        order = np.argsort([len(one.ids) for one in tokens], kind="stable")
        parts = [part for part in np.array_split(order, 2) if len(part)]
        logits = torch.cat([self._read([tokens[place] for place in part]) for part in parts])
        logits = logits[torch.tensor(np.argsort(np.concatenate(parts)))]
        done = self.now.pairs / self._recipe.pairs
        # a line up, then a line down
        share = min((done + 0.001) / self._recipe.warmup, 1.02 - done, 1.0)
        loss = self.learn(self._loss(logits, step), share)
        self.now.step += 1
        self.now.pairs += len(tokens)
        self.now.losses = [*self.now.losses[-99:], loss]
        self.watcher.step("training", self.now.pairs, self._recipe.pairs)

    def _read(self, tokens: Sequence[object]) -> Tensor:
        ids, segments, inside = (part.to(self._device) for part in padded(tokens))  # type: ignore[arg-type]
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._device.type == "cuda"):
            logits: Tensor = self.network(ids, segments, inside)
        return logits.float().cpu()

    def _loss(self, logits: Tensor, step: ReaderStep) -> Tensor:
        holds, supports, known = step.marks()
        entropy = nn.functional.binary_cross_entropy_with_logits
        loss = entropy(logits[:, HOLDS], holds)
        loss = loss + 0.3 * entropy(logits[:, SUPPORTS], supports, weight=known)
        first = 0
        for one in step.readings:
            last = first + len(one.sentences)
            if one.answered:
                shares = torch.log_softmax(logits[first:last, HOLDS], 0)
                loss = loss - self._recipe.listwise * shares[holds[first:last] > 0].mean() / len(step.readings)
            first = last
        return loss
