"""From examples to a checkpoint: keep questions apart, train, and save only what beats plain search on them.

The training loop is seeded, can be gone on with at every saved state, and ends when the examples kept apart gain
nothing more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from torch import Tensor, nn

from ...core.errors import CallerError, OperatorError
from ...core.files import write_whole
from ...core.types import Numbers, Vectors
from ...core.vectors import unit
from ...core.weights_file import Card
from ...encoders.role import Encoder
from ...retrieval.hop import treehop_network as checkpoint
from ...retrieval.hop.tree import Growth, grow
from ...retrieval.hop.treehop_network import TreeHopNetwork, TreeHopShape
from ..harness import NotBetter, TrainingWatcher, interval, mark_of, polyhop_version
from ..loop import Loop, device
from ..pool import Pool, embedded
from .examples import HopTable, kinds, mined, split, table
from .links import HopExample
from .network import TorchTreeHop, TreeHopRecipe, loss_of, parameters_of, rounded

FEWEST = 8  # questions on either side
K = 5  # at which single hops are judged
LOWEST = 0.1  # of the highest rate, at the end
TITLED = 0.5  # of the batches, where passages have vectors without their titles too


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one step: `passages` are the rows to be judged, `right` and `wrong` are (examples, passages)."""

    questions: Vectors
    on_path: Vectors
    lengths: NDArray[np.int64]
    passages: Vectors
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def steps(count: int, recipe: TreeHopRecipe) -> int:
    """Return the steps of an epoch over so many examples."""
    return -(-count // recipe.batch)


def batches(table: HopTable, recipe: TreeHopRecipe, epoch: int, *, first: int = 0) -> Iterator[Batch]:
    """Yield the batches of an epoch from step `first` on; they depend on seed, epoch and step alone."""
    order = np.random.default_rng((recipe.seed, epoch)).permutation(len(table))
    for step in range(first, steps(len(table), recipe)):
        chosen = order[step * recipe.batch : (step + 1) * recipe.batch].tolist()
        yield _batch(table, chosen, recipe, np.random.default_rng((recipe.seed, epoch, step)))


def _batch(table: HopTable, chosen: list[int], recipe: TreeHopRecipe, chance: np.random.Generator) -> Batch:
    own = [_drawn(table, one, recipe, chance) for one in chosen]
    judged = sorted({row for one in chosen for row in table.positives[one]} | {row for rows in own for row in rows})
    place = {row: number for number, row in enumerate(judged)}
    right = np.zeros((len(chosen), len(judged)), bool)
    wrong = np.full(right.shape, recipe.loss != "explicit")
    for number, one in enumerate(chosen):
        right[number, [place[row] for row in table.positives[one]]] = True
        # What else is gold of the question is no negative; the path is one where the recipe says so.
        gold = table.gold[table.asked[one]] | set(table.paths[one])
        wrong[number, [place[row] for row in gold if row in place]] = False
        wrong[number, [place[row] for row in own[number]]] = True
    bare = table.pool.bare
    matrix = table.pool.matrix if bare is None or chance.random() < TITLED else bare
    on_path, lengths = _padded(table, chosen, matrix)
    questions = table.vectors[[table.asked[one] for one in chosen]]
    return Batch(questions, on_path, lengths, matrix[judged], right, wrong)


def _drawn(table: HopTable, one: int, recipe: TreeHopRecipe, chance: np.random.Generator) -> list[int]:
    """Return the negatives of an example for this batch."""
    every = table.negatives[one]
    few = chance.permutation(len(every))[: recipe.negatives]
    drawn = [every[place] for place in few]
    return drawn + list(table.paths[one]) * recipe.back


def _padded(table: HopTable, chosen: list[int], matrix: Vectors) -> tuple[Vectors, NDArray[np.int64]]:
    """Return the vectors of the paths, zeros behind, and the paths' lengths."""
    lengths = np.array([len(table.paths[one]) for one in chosen])
    found = np.zeros((len(chosen), int(lengths.max()), matrix.shape[1]), np.float32)
    for number, one in enumerate(chosen):
        found[number, : lengths[number]] = matrix[list(table.paths[one])]
    return found, lengths


@dataclass(frozen=True, slots=True)
class TreeHopVerdict:
    """Mean recall of the gold passages of whole questions, with the network and without, at equal k.

    For each question the plain search gets as many passages as the tree came to; `k` is their mean. `low` and `high`
    are the 95 % interval of the difference, by a paired bootstrap over questions.
    """

    questions: int
    k: float
    with_network: float
    without: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Say whether the network beats the plain search."""
        return self.with_network > self.without

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def line(self) -> str:
        """Return the verdict in one line."""
        gain = 100 * (self.with_network - self.without)
        return (
            f"recall on {self.questions} questions kept apart, at {self.k:.1f} passages: {100 * self.with_network:.1f} "
            f"with the network, {100 * self.without:.1f} without; difference {gain:+.1f} "
            f"[{100 * self.low:+.1f}, {100 * self.high:+.1f}]"
        )


def states(table: HopTable, gate: TreeHopNetwork) -> Vectors:
    """Return the raw state at the end of each example's path."""
    found = table.vectors[table.asked].copy()
    for place in range(max(map(len, table.paths), default=0)):
        some = [one for one, path in enumerate(table.paths) if len(path) > place]
        passages = table.pool.matrix[[table.paths[one][place] for one in some]]
        found[some] = gate(found[some], passages)
    return found


def hop_recall(table: HopTable, vectors: Vectors, k: int) -> float:
    """Return the mean share of what comes next among the k nearest to the queries, the path left out."""
    deep = k + max(map(len, table.paths), default=0)
    shares = []
    for one, rows in enumerate(table.pool.nearest(unit(vectors), deep)):
        path = table.paths[one]
        found = [row for row in rows.tolist() if row not in path][:k]
        shares.append(len(set(table.positives[one]) & set(found)) / len(table.positives[one]))
    return float(np.mean(shares)) if shares else 0.0


def judge(table: HopTable, gate: TreeHopNetwork, growth: Growth, *, seed: int = 0) -> TreeHopVerdict:
    """Compare trees with plain search on the questions of a table's examples."""
    asked = sorted(set(table.asked))
    vectors, gold = table.vectors[asked], [table.gold[one] for one in asked]
    trees = [[table.pool.rows[name] for name in tree.passages()] for tree in grow(vectors, table.pool, gate, growth)]
    plain = table.pool.nearest(vectors, max(map(len, trees), default=1))
    with_network = _recalls(trees, gold)
    without = _recalls([rows[: len(tree)].tolist() for rows, tree in zip(plain, trees, strict=True)], gold)
    low, high = interval(with_network - without, seed)
    k = float(np.mean([len(tree) for tree in trees]))
    return TreeHopVerdict(len(asked), k, float(with_network.mean()), float(without.mean()), low, high)


def _recalls(found: Sequence[Sequence[int]], gold: Sequence[frozenset[int]]) -> Numbers:
    return np.array([len(right.intersection(rows)) / len(right) for rows, right in zip(found, gold, strict=True)])


@dataclass(frozen=True, slots=True)
class Work:
    """Where a training writes and keeps what is derived: the checkpoint, its neighbours, the cache of vectors."""

    out: Path
    cache: Path
    watcher: TrainingWatcher

    def beside(self, suffix: str) -> Path:
        """Return a file next to the checkpoint, by what is added to its name."""
        return self.out.with_name(self.out.name + suffix)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other trainings of the same checkpoint away."""
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.beside(".lock"), timeout=0):
                yield
        except Timeout as error:
            raise OperatorError(
                f"another process is training {str(self.out)!r}; wait for it, or choose another --out"
            ) from error
        except OSError as error:
            raise OperatorError(f"cannot write beside {str(self.out)!r} ({error}); choose another --out") from error


@dataclass(slots=True)
class TreeHopProgress:
    """Where a training is; with network and optimiser it is all that a resumed one needs."""

    epoch: int = 0
    step: int = 0  # in the epoch
    loss: float = 0.0  # summed over the steps of the epoch
    best: float = -1.0
    best_epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)


class TreeHopTrainer(Loop[TreeHopProgress]):
    """Trains one network on one table.

    Args:
        heldout: examples kept apart, by which training is ended and the best epoch chosen.
        mark: tells this training from others; a state on disk with another mark is not gone on from.
    """

    def __init__(self, table: HopTable, heldout: HopTable, recipe: TreeHopRecipe, *, mark: str, work: Work) -> None:
        self._table, self._heldout, self._recipe = table, heldout, recipe
        self._curve, self._device = work.beside(".curve.jsonl"), device()
        torch.manual_seed(recipe.seed)
        self._shape = recipe.shape(table.pool.matrix.shape[1])
        network = TorchTreeHop(
            self._shape, dropout=recipe.dropout, gain=recipe.gain, keep=recipe.keep, drop=recipe.drop
        )
        loss = loss_of(recipe.loss, recipe.temperature).to(self._device)
        groups = network.to(self._device).groups(recipe.rate, recipe.factor_rate)
        groups[1]["params"] += list(loss.parameters())
        optimiser = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
        self._loss, self._best = loss, parameters_of(network)
        parts = {"network": network, "loss": loss, "optimiser": optimiser}
        super().__init__(TreeHopProgress(), parts, file=work.beside(".state"), mark=mark, watcher=work.watcher)

    def run(self) -> tuple[TreeHopNetwork, TreeHopProgress]:
        """Train to the end and return the best network, as it will be stored, and how it came about."""
        if kept := self.resume():
            self._best = {name: value.numpy() for name, value in kept["best"].items()}
            self.watcher.say(f"going on from epoch {self.now.epoch + 1}, step {self.now.step + 1}")
        while self.now.epoch < self._recipe.epochs and self.now.epoch - self.now.best_epoch < self._recipe.patience:
            self._epoch()
            self._judge()
            self._keep()
        return rounded(self._shape, self._best), self.now

    def _epoch(self) -> None:
        now, total = self.now, steps(len(self._table), self._recipe)
        self._network.train()
        for batch in batches(self._table, self._recipe, now.epoch, first=now.step):
            step, most = now.epoch * total + now.step, self._recipe.epochs * total
            now.loss += self.learn(self._loss_of(batch), _schedule(step, most, self._recipe.warmup))
            now.step += 1
            self.watcher.step(f"epoch {now.epoch + 1}", now.step, total)
            if now.step % self._recipe.save_every == 0 and now.step < total:
                self._keep()

    def _loss_of(self, batch: Batch) -> Tensor:
        questions, on_path = self._shaken(self._on(batch.questions)), self._shaken(self._on(batch.on_path))
        state = self._network.states(questions, on_path, self._on(batch.lengths))
        cosines = nn.functional.normalize(state, dim=-1) @ self._on(batch.passages).T
        loss: Tensor = self._loss(cosines, self._on(batch.right), self._on(batch.wrong))
        return loss

    def _shaken(self, vectors: Tensor) -> Tensor:
        """Return vectors with noise added, of the recipe's length beside their own, at unit length again."""
        if not self._recipe.noise:
            return vectors
        noise = torch.randn_like(vectors) * (self._recipe.noise / vectors.shape[-1] ** 0.5)
        return nn.functional.normalize(vectors + noise, dim=-1)

    def _judge(self) -> None:
        """Close an epoch: note the curve, and keep the weights if they are the best so far."""
        now, gate = self.now, rounded(self._shape, parameters_of(self._network))
        recall = hop_recall(self._heldout, states(self._heldout, gate), K)
        loss = now.loss / max(1, now.step)
        now.epoch, now.step, now.loss = now.epoch + 1, 0, 0.0
        if recall > now.best:
            now.best, now.best_epoch, self._best = recall, now.epoch, parameters_of(self._network)
        now.curve.append({"epoch": now.epoch, "loss": round(loss, 5), f"hop_recall@{K}": round(recall, 5)})
        self.watcher.say(f"epoch {now.epoch}: loss {loss:.4f}, recall@{K} of the next passage {100 * recall:.1f}")
        write_whole(self._curve, "".join(json.dumps(line) + "\n" for line in now.curve).encode())

    def _on(self, array: Any) -> Tensor:
        return torch.from_numpy(array).to(self._device)

    def _keep(self) -> None:
        self.save(best={name: torch.from_numpy(value) for name, value in self._best.items()})


def _schedule(step: int, total: int, warmup: float) -> float:
    """Return the share of the highest rate: a line up, then a cosine down to `LOWEST`."""
    rising = round(warmup * total)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, total - rising)
    return LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a training came to: the file, its digest, and the figures on questions kept apart."""

    out: str
    digest: str
    verdict: TreeHopVerdict
    hop_recall: float
    hop_recall_without: float
    data: dict[str, Any]
    epochs: int
    card: Card[TreeHopShape]

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "file": self.out,
            "checkpoint": self.digest,
            "heldout": self.verdict.facts(),
            "hop_recall": round(self.hop_recall, 4),
            "hop_recall_without": round(self.hop_recall_without, 4),
            "data": self.data,
            "epochs": self.epochs,
        }


def train(
    examples: Sequence[HopExample],
    pool: Pool,
    embedder: Encoder,
    recipe: TreeHopRecipe,
    *,
    work: Work,
    anyway: bool = False,
) -> TrainingReport:
    """Train on examples, save the checkpoint, and report.

    With `anyway` a network is saved that does not beat plain search, to compare others with. A training that was
    killed goes on where it was when the same is asked for again.

    Raises:
        CallerError: if there are too few examples to learn from and to judge by.
        NotBetter: if the network does not beat plain search on the questions kept apart; nothing is saved.
    """
    with work.alone():
        questions = sorted({example.question for example in examples})
        learned, heldout, data = _divided(
            examples, pool, recipe, embedded(questions, embedder, work.cache, work.watcher, queries=True)
        )
        counts = f"{data['examples']:,} examples to learn from, {data['heldout']:,} kept apart"
        work.watcher.say(f"{counts}, {data['passages']:,} passages")
        said = [(one.question, one.path, one.next, one.negatives) for one in examples]
        mark = mark_of(asdict(recipe), embedder.name, [passage.id for passage in pool.passages], said)
        gate, progress = TreeHopTrainer(learned, heldout, recipe, mark=mark, work=work).run()
        verdict = judge(heldout, gate, recipe.growth, seed=recipe.seed)
        work.watcher.say(verdict.line())
        if not verdict.better and not anyway:
            work.beside(".state").unlink(missing_ok=True)
            raise NotBetter(
                f"the network does not beat plain search, so nothing was saved: {verdict.line()}; train on more "
                "questions or passages, or leave the updater out"
            )
        card = Card(embedder.name, gate.shape, recipe.seed, data, verdict.facts(), polyhop_version())
        digest = checkpoint.save(work.out, gate.parameters, card)
        work.beside(".state").unlink(missing_ok=True)
        plain = heldout.vectors[heldout.asked]
        after, before = (hop_recall(heldout, found, K) for found in (states(heldout, gate), plain))
        return TrainingReport(str(work.out), digest, verdict, after, before, data, progress.epoch, card)


def _divided(
    examples: Sequence[HopExample], pool: Pool, recipe: TreeHopRecipe, vectors: Vectors
) -> tuple[HopTable, HopTable, dict[str, Any]]:
    """Return what to learn from, what to judge by, and what the card says of both."""
    parts = split(examples, share=recipe.share, most=recipe.most_heldout, seed=recipe.seed)
    sides = [len({example.question for example in side}) for side in (parts.training, parts.heldout)]
    if min(sides) < FEWEST:
        raise CallerError(
            f"{sides[0]} questions to learn from and {sides[1]} to judge by are too few, {FEWEST} of each are the "
            "least; give more questions or more passages that name each other"
        )
    questions = sorted({example.question for example in examples})
    learned, heldout = (table(part, pool, vectors, questions) for part in (parts.training, parts.heldout))
    data = {
        "passages": len(pool.passages),
        "examples": len(parts.training),
        "heldout": len(parts.heldout),
        "dropped": parts.dropped,
        "kinds": kinds(parts.training),
    }
    return mined(learned, per=recipe.mined) if recipe.mined else learned, heldout, data


def card_text(card: Card[TreeHopShape], digest: str) -> str:
    """Return the card of a checkpoint that was trained here."""
    shape, heldout, data = card.shape, card.heldout, card.data
    sizes = sum(math.prod(size) for size in shape.parameters().values())
    kinds = "\n".join(f"- {count:,} of kind `{kind}`" for kind, count in data["kinds"].items())
    after, before = heldout["with_network"], heldout["without"]
    return f"""# TreeHop weights for {card.embedder}

Checkpoint `{digest}`, made by polyhop {card.polyhop} with seed {card.seed}. The network moves a query vector past what
a passage has answered (arXiv 2504.20114); it fits the vectors of this embedder only.

| | |
| --- | --- |
| form | {shape.form} |
| dimension, gate, blocks | {shape.dimension}, {shape.width}, {shape.blocks} |
| weights | {sizes:,}, stored in 16 bits |
| passages of the training | {data["passages"]:,} |

Trained on {data["examples"]:,} examples:

{kinds}

On {heldout["questions"]} questions kept apart, none of whose gold passages is gold of a training example, recall of
the gold passages at {heldout["k"]:.1f} passages a question is {100 * after:.1f} % with the network and
{100 * before:.1f} % by plain search: difference {_points(after - before)}, with a 95 % interval of
{_points(heldout["low"])} to {_points(heldout["high"])}.
"""


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
