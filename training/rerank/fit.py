"""Training the cross-encoder: seeded, in mixed precision, and gone on with where it was when it is killed.

It is some layers of the default embedder's model and a head that scores a pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from ...core.errors import CallerError
from ...encoders import minilm
from ...retrieval.rerank.pairs import CandidatePair, Tokens, encode
from ..harness import TrainingWatcher, counted, mark_of
from ..loop import Loop, device
from .lists import CandidateList

GIVEN = 6  # layers of the embedder


class TorchCrossEncoder(nn.Module):
    """Scores pairs: the mean of the last hidden states goes through one linear unit.

    Words, positions and their norm stay as the embedder has them, so that only layers need to be shipped; the vectors
    of the two segments are trained. There is no dropout: in three epochs nothing is learnt by heart, and drawing it
    takes a quarter of the time on a CPU.

    Args:
        layers: the layers of the embedder to begin with, from 0.
        outputs: the linear units of the head; with one, logits are of shape (rows,), else (rows, outputs).
        tokens: each hidden state goes through the units, and logits are of shape (rows, width, outputs).
    """

    def __init__(self, layers: Sequence[int], outputs: int = 1, *, tokens: bool = False) -> None:
        super().__init__()
        self._tokens = tokens
        config = BertConfig(
            hidden_size=384,
            num_hidden_layers=GIVEN,
            num_attention_heads=12,
            intermediate_size=1536,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        self.bert.load_state_dict(load(minilm.checked_weights()), strict=False)
        self.bert.encoder.layer = nn.ModuleList([self.bert.encoder.layer[place] for place in layers])
        self.bert.embeddings.requires_grad_(False)
        self.bert.embeddings.token_type_embeddings.requires_grad_(True)
        self.head = nn.Linear(384, outputs)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor, segments: Tensor, inside: Tensor) -> Tensor:
        """Return the logits of padded pairs, each argument of shape (rows, width)."""
        states = self.bert(input_ids=ids, token_type_ids=segments, attention_mask=inside).last_hidden_state
        if self._tokens:
            each: Tensor = self.head(states)
            return each
        mask = inside[..., None].to(states.dtype)
        logits: Tensor = self.head((states * mask).sum(1) / mask.sum(1))
        return logits.squeeze(-1) if self.head.out_features == 1 else logits

    def trained(self) -> Mapping[str, NDArray[np.float32]]:
        """Return what differs from the embedder, by the names of a BERT checkpoint, and the head's."""
        own = {name: value for name, value in self.bert.state_dict().items() if name.startswith("encoder.")}
        own["embeddings.token_type_embeddings.weight"] = self.bert.embeddings.token_type_embeddings.weight
        own |= {"head.weight": self.head.weight, "head.bias": self.head.bias}
        return {name: value.detach().cpu().float().numpy() for name, value in own.items()}


def padded(pairs: Sequence[Tokens]) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, segments and mask, each of shape (pairs, width of the longest)."""
    shape = len(pairs), max(len(pair.ids) for pair in pairs)
    ids, segments, inside = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    for row, pair in enumerate(pairs):
        length = len(pair.ids)
        ids[row, :length] = torch.tensor(pair.ids)
        segments[row, pair.first : pair.last] = 1
        inside[row, :length] = 1
    return ids, segments, inside


@dataclass(frozen=True, slots=True)
class CrossEncoderRecipe:
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


def checked(recipe: CrossEncoderRecipe) -> CrossEncoderRecipe:
    """Return a recipe that can be trained by; one that cannot is a `CallerError`."""
    if not recipe.layers or not all(0 <= layer < GIVEN for layer in recipe.layers):
        raise CallerError(f"layers={recipe.layers!r}: some of the embedder's layers 0 to {GIVEN - 1} are expected")
    counted(recipe, "pairs", "lists", "wrong", "save_every")
    if not 0 < recipe.warmup <= 1:
        raise CallerError(f"warmup={recipe.warmup!r}: a share of the training, more than 0, is expected")
    return recipe


@dataclass(slots=True)
class CrossEncoderProgress:
    """Where a training is."""

    epoch: int = 0
    step: int = 0  # in the epoch
    pairs: int = 0
    losses: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PairBatch:
    """The pairs of some questions: `groups` are (first, past the last gold, past the last) of each."""

    pairs: list[Tokens]
    groups: list[tuple[int, int, int]]

    def right(self) -> torch.Tensor:
        """Return 1 for each gold pair, else 0."""
        marks = torch.zeros(len(self.pairs))
        for first, gold, _ in self.groups:
            marks[first:gold] = 1
        return marks


class CrossEncoderTrainer(Loop[CrossEncoderProgress]):
    """Trains one cross-encoder on candidate lists; `state` is the file to go on from."""

    def __init__(
        self,
        lists: Sequence[CandidateList],
        recipe: CrossEncoderRecipe,
        *,
        tokenizer: Tokenizer,
        state: Path,
        watcher: TrainingWatcher,
    ) -> None:
        checked(recipe)
        self._lists = [one for one in lists if len({bool(each.gold) for each in one.candidates}) == 2]
        if len(self._lists) < recipe.lists:
            raise CallerError(
                f"{len(self._lists)} candidate lists with right and wrong passages are too few; give more questions"
            )
        self._recipe, self._tokenizer, self._device = recipe, tokenizer, device()
        said = [[one.question, *((each.id, each.gold, each.way) for each in one.candidates)] for one in self._lists]
        torch.manual_seed(recipe.seed)
        self.network = TorchCrossEncoder(recipe.layers).to(self._device)
        own = [one for one in self.network.parameters() if one.requires_grad]
        optimiser = torch.optim.AdamW(own, lr=recipe.rate, weight_decay=recipe.decay)
        parts = {"network": self.network, "optimiser": optimiser}
        super().__init__(CrossEncoderProgress(), parts, file=state, mark=mark_of(asdict(recipe), said), watcher=watcher)

    def run(self) -> CrossEncoderProgress:
        """Train to the end and return how it went; the network is `network`."""
        if self.resume():
            self.watcher.say(f"going on after {self.now.pairs:,} pairs")
        while self.now.pairs < self._recipe.pairs:
            for step in self._steps(self.now.epoch, self.now.step):
                if self.now.pairs >= self._recipe.pairs:
                    break
                self._learn(step)
                if self.now.step % self._recipe.save_every == 0:
                    self.save()
                    self.watcher.say(f"{self.now.pairs:,} pairs, loss {np.mean(self.now.losses):.3f}")
            else:
                self.now.epoch, self.now.step = self.now.epoch + 1, 0
        self.network.eval()
        return self.now

    def _steps(self, epoch: int, first: int) -> Iterator[PairBatch]:
        """Yield the steps of an epoch from `first` on; each drawn by itself, as a resumed run draws it too."""
        order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(self._lists))
        size = self._recipe.lists
        for number in range(first, len(order) // size):
            chance = np.random.default_rng([self._recipe.seed, epoch, number])
            chosen = [self._lists[place] for place in order[number * size : (number + 1) * size]]
            yield self._step(chosen, chance)

    def _step(self, lists: Sequence[CandidateList], chance: np.random.Generator) -> PairBatch:
        pairs: list[CandidatePair] = []
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
        return PairBatch(encode(pairs, self._tokenizer), groups)

    def _learn(self, step: PairBatch) -> None:
        self.network.train()
        ids, segments, inside = (part.to(self._device) for part in padded(step.pairs))
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            logits = self.network(ids, segments, inside)
        done = self.now.pairs / self._recipe.pairs
        # a line up, then a line down
        share = min((done + 0.001) / self._recipe.warmup, 1.02 - done, 1.0)
        loss = self.learn(self._loss(logits.float().cpu(), step), share)
        self.now.step += 1
        self.now.pairs += len(step.pairs)
        self.now.losses = [*self.now.losses[-99:], loss]
        self.watcher.step("training", self.now.pairs, self._recipe.pairs)

    def _loss(self, logits: torch.Tensor, step: PairBatch) -> torch.Tensor:
        loss = nn.functional.binary_cross_entropy_with_logits(logits, step.right())
        for first, gold, last in step.groups:
            shares = torch.log_softmax(logits[first:last], 0)
            loss = loss - self._recipe.listwise * shares[: gold - first].mean() / len(step.groups)
        return loss
