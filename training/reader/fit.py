"""Training the reader: what of a page holds the answer, of all domains alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ...core.errors import CallerError
from ...retrieval.rerank import crossfile
from ...retrieval.rerank.reader import ANSWER, HOLDS, OUTPUTS, SUPPORTS, ReaderPage, Window, windows
from ..harness import TrainingWatcher, counted, mark_of
from ..loop import Loop, device
from ..rerank.fit import GIVEN, TorchCrossEncoder, padded
from .lists import GoldPage, GoldReading

#: a token of a sentence of which it is not known whether it is of the answer
_UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the reader is trained.

    Args:
        layers: of the embedder's six, the ones to begin with.
        readings: to train on in all; the rate falls to nothing by then.
        questions: in a step.
        short: tokens of what is shown of a page mostly; of one page in `long` as many as the reader takes.
        long: see `short`.
        beside: chance that a page without the answer is shown beside the one that holds it.
        listwise: weight of the loss over a question's sentences beside that over single sentences.
        marking: weight of the loss over tokens.
        power: domains are drawn by their size to this power; 0 takes all alike.
        threads: that each take a part of a step's questions; on another number the sums differ in their last digits.
    """

    layers: tuple[int, ...] = tuple(range(GIVEN))
    readings: int = 30_000
    rate: float = 2e-4
    decay: float = 0.01
    warmup: float = 0.05
    questions: int = 12
    short: int = 128
    long: int = 8
    beside: float = 0.6
    listwise: float = 0.5
    marking: float = 0.5
    power: float = 0.5
    seed: int = 0
    threads: int = 2
    save_every: int = 50


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe that can be trained by; one that cannot is a `CallerError`."""
    if not recipe.layers or not all(0 <= layer < GIVEN for layer in recipe.layers):
        raise CallerError(f"layers={recipe.layers!r}: some of the embedder's layers 0 to {GIVEN - 1} are expected")
    counted(recipe, "readings", "questions", "short", "long", "threads", "save_every")
    if not 0 < recipe.warmup <= 1:
        raise CallerError(f"warmup={recipe.warmup!r}: a share of the training, more than 0, is expected")
    return recipe


def network(recipe: Recipe, start: Path | None = None) -> TorchCrossEncoder:
    """Return the network that a training begins with, that of a file of weights where one is given.

    Raises:
        CallerError: where the file has another number of layers or logits.
    """
    torch.manual_seed(recipe.seed)
    made = TorchCrossEncoder(recipe.layers, OUTPUTS, tokens=True)
    if start is None:
        return made
    card, parameters = crossfile.load(start)
    if (card.layers, card.outputs) != (len(recipe.layers), OUTPUTS):
        raise CallerError(f"{str(start)!r} has {card.layers} layers and {card.outputs} logits; name others in `layers`")
    own = {name: torch.tensor(value) for name, value in crossfile.plain(parameters).items()}
    made.bert.load_state_dict({name: one for name, one in own.items() if not name.startswith("head.")}, strict=False)
    made.head.load_state_dict({name: own[f"head.{name}"] for name in ("weight", "bias")})
    return made


@dataclass(slots=True)
class ReaderProgress:
    """Where a training is."""

    step: int = 0
    readings: int = 0
    losses: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReaderStep:
    """Some readings as windows; of each window the place of its reading, and its page."""

    readings: Sequence[GoldReading]
    windows: Sequence[Window]
    of: Sequence[tuple[int, GoldPage]]

    def parts(self, number: int) -> list[ReaderStep]:
        """Return so many steps of as many readings each."""
        made = []
        for places in np.array_split(np.arange(len(self.readings)), number):
            new = {int(old): place for place, old in enumerate(places)}
            kept = [(one, of) for one, of in zip(self.windows, self.of, strict=True) if of[0] in new]
            shown = [(new[at], page) for _, (at, page) in kept]
            made.append(ReaderStep([self.readings[old] for old in new], [one for one, _ in kept], shown))
        return made


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
        said = [[one.domain, one.question, len(one.pages)] for one in readings]
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
            self.watcher.say(f"going on after {self.now.readings:,} readings")
        for step in self._steps(self.now.step):
            if self.now.readings >= self._recipe.readings:
                break
            self._learn(step)
            if self.now.step % self._recipe.save_every == 0:
                self.save()
                self.watcher.say(f"{self.now.readings:,} readings, loss {np.mean(self.now.losses):.3f}")
        self.network.eval()
        return self.now

    def _steps(self, first: int) -> Iterator[ReaderStep]:
        """Yield steps from the `first` on; each is drawn by itself, as a resumed run draws it too.

        A domain is drawn, then its next question in an order of each round through the domain.
        """
        names = sorted(self._domains)
        weights = np.array([len(self._domains[name]) for name in names], np.float64) ** self._recipe.power
        taken = dict.fromkeys(names, 0)
        number = 0
        while True:
            chance = np.random.default_rng([self._recipe.seed, number])
            drawn = [
                names[place] for place in chance.choice(len(names), self._recipe.questions, p=weights / weights.sum())
            ]
            turns = []
            for name in drawn:
                turns.append((name, taken[name]))
                taken[name] += 1
            if number >= first:
                yield self._step([self._drawn(*turn) for turn in turns], chance)
            number += 1

    def _drawn(self, name: str, turn: int) -> GoldReading:
        own = self._domains[name]
        turn, place = divmod(turn, len(own))
        order = np.random.default_rng([self._recipe.seed, turn, len(own)]).permutation(len(own))
        return own[int(order[place])]

    def _step(self, readings: Sequence[GoldReading], chance: np.random.Generator) -> ReaderStep:
        shown = [(at, page) for at, one in enumerate(readings) for page in self._shown(one, chance)]
        pages = [
            ReaderPage(readings[at].question, page.heading, [one.text for one in page.sentences]) for at, page in shown
        ]
        whole = [int(chance.integers(self._recipe.long)) == 0 for _ in pages]
        made: list[Window] = []
        for page, (_, gold), entire in zip(pages, shown, whole, strict=True):
            own = windows([page], self._tokenizer, *([] if entire else [self._recipe.short]))[0]
            made.append(_one_of(own, gold, chance))
        return ReaderStep(readings, made, shown)

    def _shown(self, one: GoldReading, chance: np.random.Generator) -> list[GoldPage]:
        """Return the pages that hold the answer or lead to it, and perhaps another; the first where none does."""
        marked = [page for page in one.pages if any(each.label != "no" for each in page.sentences)][:3]
        kept = marked or list(one.pages[:1])
        others = [page for page in one.pages if page not in kept]
        if others and chance.random() < self._recipe.beside:
            kept.append(others[int(chance.integers(len(others)))])
        return kept

    def _learn(self, step: ReaderStep) -> None:
        self.network.train()
        done = self.now.readings / self._recipe.readings
        # a line up, then a line down
        share = min((done + 0.001) / self._recipe.warmup, 1.02 - done, 1.0)
        parts = step.parts(self._recipe.threads if self._device.type == "cpu" else 1)
        own = [one for one in self.network.parameters() if one.requires_grad]
        # Each thread takes some readings from end to end: threads that share each product wait for the slowest.
        with ThreadPoolExecutor(len(parts)) as pool:
            made = list(pool.map(lambda part: self._gradients(part, own), parts))
        for place, parameter in enumerate(own):
            parameter.grad = torch.stack([gradients[place] for _, gradients in made]).mean(0)
        self.descend(share)
        loss = float(np.mean([loss for loss, _ in made]))
        self.now.step += 1
        self.now.readings += len(step.readings)
        self.now.losses = [*self.now.losses[-99:], loss]
        self.watcher.step("training", self.now.readings, self._recipe.readings)

    def _gradients(self, step: ReaderStep, own: Sequence[nn.Parameter]) -> tuple[float, Sequence[Tensor]]:
        torch.set_num_threads(1)  # of this thread
        # Short windows apart from long ones: half of the padding is saved.
        order = np.argsort([len(one.tokens.ids) for one in step.windows], kind="stable")
        found: dict[int, Tensor] = {}
        for part in np.array_split(order, 3):
            if len(part):
                found |= zip(part.tolist(), self._read([step.windows[place] for place in part]), strict=True)
        loss = self._loss([found[place] for place in range(len(found))], step)
        return float(loss.detach()), torch.autograd.grad(loss, own)

    def _read(self, shown: Sequence[Window]) -> Tensor:
        ids, segments, inside = (part.to(self._device) for part in padded([one.tokens for one in shown]))
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._device.type == "cuda"):
            logits: Tensor = self.network(ids, segments, inside)
        return logits.float().cpu()

    def _loss(self, tokens: Sequence[Tensor], step: ReaderStep) -> Tensor:
        """Return the loss over sentences, over each question's sentences, and over tokens."""
        entropy = nn.functional.binary_cross_entropy_with_logits
        logits = torch.stack(
            [
                own[start:end].mean(0)
                for own, one in zip(tokens, step.windows, strict=True)
                for _, start, end in one.parts
            ]
        )
        golden = [
            (at, page.sentences[place])
            for one, (at, page) in zip(step.windows, step.of, strict=True)
            for place, *_ in one.parts
        ]
        holds = torch.tensor([float(one.label == "holds") for _, one in golden])
        supports = torch.tensor([float(one.label == "supports") for _, one in golden])
        known = torch.tensor(
            [
                float(step.readings[at].led or not step.readings[at].answered or one.label == "holds")
                for at, one in golden
            ]
        )
        loss = entropy(logits[:, HOLDS], holds) + 0.3 * entropy(logits[:, SUPPORTS], supports, weight=known)
        of = torch.tensor([at for at, _ in golden])
        for at in range(len(step.readings)):
            own, right = logits[of == at, HOLDS], holds[of == at] > 0
            shares = torch.log_softmax(torch.cat([own, torch.zeros(1)]), 0)  # the last: nothing holds it
            told = shares[:-1][right].mean() if right.any() else shares[-1]
            loss = loss - self._recipe.listwise * told / len(step.readings)
        return loss + self._recipe.marking * self._marks(tokens, step)

    def _marks(self, tokens: Sequence[Tensor], step: ReaderStep) -> Tensor:
        """Return the loss over the tokens of which it is known whether they are of the answer."""
        logits, marks = [], []
        for own, one, (_, page) in zip(tokens, step.windows, step.of, strict=True):
            for place, start, end in one.parts:
                logits.append(own[start:end, ANSWER])
                marks.append(self._marked(page, place, end - start))
        told, wanted = torch.cat(logits), torch.cat(marks)
        kept = wanted != _UNKNOWN
        return nn.functional.binary_cross_entropy_with_logits(
            told[kept], wanted[kept], pos_weight=torch.tensor(3.0), reduction="mean"
        )

    def _marked(self, page: GoldPage, place: int, length: int) -> Tensor:
        """Return of each token of a sentence 1 where it is of the answer, else 0."""
        one = page.sentences[place]
        if one.label != "holds":
            return torch.zeros(length)
        if one.answer is None:
            return torch.full((length,), _UNKNOWN)
        start, end = one.answer
        offsets = self._tokenizer.encode(one.text, add_special_tokens=False).offsets[:length]
        return torch.tensor([float(at < end and to > start) for at, to in offsets])


def _one_of(cut: Sequence[Window], page: GoldPage, chance: np.random.Generator) -> Window:
    """Return one window of a page, where there are some one with a sentence that holds the answer or leads to it."""
    marked = [one for one in cut if any(page.sentences[place].label != "no" for place, *_ in one.parts)]
    kept = marked or cut
    return kept[int(chance.integers(len(kept)))]
