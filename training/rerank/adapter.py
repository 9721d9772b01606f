"""Train the query adapter on candidate lists: python -m polyhop.training.rerank.adapter LISTS... --out FILE

A list and its untitled twin stay on one side; what does not beat plain cosine and feedback is not saved.
"""

from __future__ import annotations

import copy
import math
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import CallerError
from ...core.files import read_rows, write_whole
from ...core.settings import Settings
from ...core.types import Vectors
from ...core.vectors import unit
from ...core.weights_file import Card
from ...encoders import load
from ...encoders.role import Encoder
from ...retrieval.rerank.adapter import MIDDLE, AdapterShape, save
from ..harness import (
    OUT,
    SET,
    Lines,
    NotBetter,
    Step,
    TrainingWatcher,
    interval,
    option,
    path,
    paths,
    polyhop_version,
    run,
    with_parts,
)
from ..pool import embedded
from .lists import CandidateList, divide, read

DEPTH = 30  # candidates of a list that are learned from
K = 5  # passages at which recall is counted
BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
NEAREST = (1, 2, 3, 5, 10)
WEIGHTS = (0.25, 0.5, 1.0, 2.0)
FEWEST = 8  # lists on either side
NOTHING = -1e4  # a logit that weighs nothing; minus infinity would make gradients of no number

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ListTable:
    """Lists as arrays of shape (lists, DEPTH), where `there` says which places are filled.

    `queries` and `rows` are rows of `matrix`; `names` are equal where two candidates of a list are of one gold passage;
    `teacher` are a cross-encoder's logits, not a number where it has read nothing.
    """

    matrix: Vectors
    queries: NDArray[np.int64]
    rows: NDArray[np.int64]
    there: Flags
    gold: Flags
    names: NDArray[np.int64]
    scores: Floats
    teacher: Floats
    wanted: Floats

    def __len__(self) -> int:
        return len(self.queries)

    def part(self, places: NDArray[np.int64]) -> ListTable:
        """Return some of the lists."""
        fields = ("queries", "rows", "there", "gold", "names", "scores", "teacher", "wanted")
        return replace(self, **{name: getattr(self, name)[places] for name in fields})

    def question_vectors(self) -> Vectors:
        """Return the questions' vectors, shape (lists, dimension)."""
        found: Vectors = self.matrix[self.queries]
        return found

    def vectors(self) -> Vectors:
        """Return the candidates' vectors, shape (lists, DEPTH, dimension); those of empty places say nothing."""
        found: Vectors = self.matrix[self.rows]
        return found

    def recall(self, scores: Floats) -> Floats:
        """Return for each list the share of its gold passages among the `K` candidates with the best scores."""
        order = np.argsort(-np.where(self.there, scores.round(6), -np.inf), axis=1, kind="stable")[:, :K]
        names, gold = (np.take_along_axis(part, order, axis=1) for part in (self.names, self.gold))
        found = [len(set(row[right].tolist())) for row, right in zip(names, gold, strict=True)]
        return np.asarray(found / self.wanted, np.float32)


def table(
    lists: Sequence[CandidateList],
    embedder: Encoder,
    cache: Path,
    watcher: TrainingWatcher,
    *,
    logits: Sequence[Floats] = (),
) -> ListTable:
    """Return lists as arrays, with the vectors of their texts and, where there are some, a teacher's logits."""
    texts = sorted({each.text for one in lists for each in one.candidates[:DEPTH]})
    places = {text: row for row, text in enumerate(texts)}
    asked = sorted({one.question for one in lists})
    questions = {text: row for row, text in enumerate(asked, start=len(texts))}
    shape = len(lists), DEPTH
    rows, names = (np.zeros(shape, np.int64) for _ in range(2))
    there, gold = (np.zeros(shape, np.bool_) for _ in range(2))
    scores, teacher = np.zeros(shape, np.float32), np.full(shape, np.nan, np.float32)
    for line, one in enumerate(lists):
        head = one.candidates[:DEPTH]
        size, ids = len(head), dict[str, int]()
        rows[line, :size] = [places[each.text] for each in head]
        names[line, :size] = [ids.setdefault(each.gold or each.id, len(ids)) for each in head]
        there[line, :size] = True
        gold[line, :size] = [bool(each.gold) for each in head]
        scores[line, :size] = [each.score for each in head]
        if logits:
            read = logits[line][:size]
            teacher[line, : len(read)] = read
    wanted = np.array([one.gold for one in lists], np.float32)
    queries = np.array([questions[one.question] for one in lists], np.int64)
    passages, vectors = (embedded(some, embedder, cache, watcher, queries=some is asked) for some in (texts, asked))
    return ListTable(np.concatenate([passages, vectors]), queries, rows, there, gold, names, scores, teacher, wanted)


def logits_of(paths: Sequence[Path], lists: Sequence[CandidateList]) -> list[Floats]:
    """Return a teacher's logits: a JSON line for each list, in their order, with `question` and `logits`.

    There may be fewer logits than candidates: those of the first, as far as the teacher has read.

    Raises:
        CallerError: for lines that do not belong to the lists.
    """
    lines = list(chain.from_iterable(read_rows(path) for path in paths))
    if len(lines) != len(lists):
        raise CallerError(
            f"--teacher: {len(lines)} lines for {len(lists)} candidate lists; give one for each, in their order"
        )
    return [_logits(place, row, one) for (place, row), one in zip(lines, lists, strict=True)]


def _logits(place: str, row: dict[str, Any], one: CandidateList) -> Floats:
    try:
        values = np.array(row["logits"], np.float32)
        question = row["question"]
    except (KeyError, TypeError, ValueError) as error:
        raise CallerError(f"{place}: no logits of a list ({error!r}); `question` and `logits` are expected") from error
    sound = values.ndim == 1 and len(values) <= len(one.candidates) and bool(np.isfinite(values).all())
    if question != one.question or not sound:
        raise CallerError(
            f"{place}: {len(values)} logits for {question!r} do not fit the list of {one.question!r} with "
            f"{len(one.candidates)} candidates; give finite numbers, a line for each list, in their order"
        )
    return values


@dataclass(frozen=True, slots=True)
class AdapterRecipe:
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


class TorchAdapter(nn.Module):
    """The twin of `retrieval.rerank.adapter.Adapter`, for many lists at once."""

    def __init__(self, shape: AdapterShape, *, dropout: float = 0.0) -> None:
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


def fit(learned: ListTable, apart: ListTable, recipe: AdapterRecipe, *, say: Callable[[str], None]) -> TorchAdapter:
    """Return a network trained on some lists, as it was after the epoch that was best on the others."""
    torch.manual_seed(recipe.seed)
    shape = AdapterShape(learned.matrix.shape[1], recipe.first, recipe.attention, recipe.hidden)
    network = TorchAdapter(shape, dropout=recipe.dropout)
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


def cosines(network: TorchAdapter, lists: ListTable) -> Floats:
    """Return the cosines of all candidates with their list's new query, shape (lists, DEPTH)."""
    network.eval()
    found = [np.empty((0, DEPTH), np.float32)]
    with torch.no_grad():
        for start in range(0, len(lists), 256):
            some = lists.part(np.arange(start, min(start + 256, len(lists))))
            found.append(network(*_tensors(some), torch.from_numpy(some.there)).numpy())
    return np.concatenate(found)


def _epoch(
    network: TorchAdapter, optimiser: torch.optim.Optimizer, lists: ListTable, recipe: AdapterRecipe, *, epoch: int
) -> float:
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


def _loss(network: TorchAdapter, some: ListTable, recipe: AdapterRecipe) -> Tensor:
    there, gold = torch.from_numpy(some.there), torch.from_numpy(some.gold)
    logits = network(*_tensors(some), there) / recipe.temperature
    loss = recipe.contrast * contrast(logits, gold, there)
    if recipe.ranknet:
        loss = loss + recipe.ranknet * ranknet(logits, gold, there)
    if recipe.distil:
        loss = loss + recipe.distil * distillation(logits, torch.from_numpy(some.teacher), recipe.teacher_temperature)
    return loss


def _tensors(lists: ListTable) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(lists.question_vectors()), torch.from_numpy(lists.vectors())


@dataclass(frozen=True, slots=True)
class AdapterVerdict:
    """Mean recall at 5 on lists kept apart, of the incoming order, plain cosine, the best feedback and the adapter.

    `feedback` was chosen on the very lists that it is judged on, and so is a hard rival; `margin` is the lower end of
    the 95 % interval of what the adapter has more than the better of its two rivals. `weight` is what the
    cosine is best worth beside the incoming score, `mixed` the recall with it, and `low` and `high` the 95 % interval
    of its difference from the incoming order.
    """

    lists: int
    incoming: float
    cosine: float
    feedback: float
    beta: float
    nearest: int
    adapter: float
    margin: float
    weight: float
    mixed: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Say whether the adapter by itself beats both of its untrained rivals, by more than chance."""
        return self.margin > 0

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def train(
    learned: ListTable, apart: ListTable, recipe: AdapterRecipe, *, out: Path, embedder: str, watcher: TrainingWatcher
) -> tuple[Card[AdapterShape], str, AdapterVerdict]:
    """Train on some lists, judge on the others, and save the weights; returns them as card, digest and verdict.

    Raises:
        CallerError: if there are too few lists.
        NotBetter: if plain cosine or feedback is as good; nothing is saved.
    """
    if min(len(learned), len(apart)) < FEWEST:
        raise CallerError(
            f"{len(learned)} lists to learn from and {len(apart)} to judge by are too few, {FEWEST} of each are the "
            "least; give more lists"
        )
    network = fit(learned, apart, recipe, say=watcher.say)
    verdict = judge(apart, cosines(network, apart), seed=recipe.seed)
    if not verdict.better:
        raise NotBetter(f"the adapter is no better than what needs no training, so nothing was saved: {verdict}")
    data = {"lists": len(learned), "taught": int(np.isfinite(learned.teacher).any(axis=1).sum())}
    card = Card(embedder, network.shape, recipe.seed, data, verdict.facts(), polyhop_version())
    return card, save(out, network.trained(), card), verdict


def judge(lists: ListTable, cosines: Floats, *, seed: int = 0) -> AdapterVerdict:
    """Compare an adapter's cosines with the incoming order, plain cosine and feedback."""
    incoming, alone = lists.recall(lists.scores), lists.recall(cosines)
    plain = lists.recall(moved(lists, lambda query, rows: query))
    tried = {(beta, nearest): _feedback(lists, beta, nearest) for beta in BETAS for nearest in NEAREST}
    beta, nearest = max(tried, key=lambda one: (float(tried[one].mean()), one))
    feedback = tried[beta, nearest]
    mixes = {weight: lists.recall(lists.scores + weight * cosines) for weight in WEIGHTS}
    weight = max(WEIGHTS, key=lambda one: (round(float(mixes[one].mean()), 6), -one))
    low, high = interval(mixes[weight] - incoming, seed)
    return AdapterVerdict(
        lists=len(lists),
        incoming=float(incoming.mean()),
        cosine=float(plain.mean()),
        feedback=float(feedback.mean()),
        beta=beta,
        nearest=nearest,
        adapter=float(alone.mean()),
        margin=interval(alone - max(plain, feedback, key=np.mean), seed)[0],
        weight=weight,
        mixed=float(mixes[weight].mean()),
        low=low,
        high=high,
    )


def _feedback(lists: ListTable, beta: float, nearest: int) -> Floats:
    return lists.recall(moved(lists, partial(rocchio, beta=beta, nearest=nearest)))


def moved(lists: ListTable, query_of: Callable[[Vectors, Vectors], Vectors]) -> Floats:
    """Return the cosines with a query made of the question's vector and the candidates', list by list."""
    found = np.zeros(lists.there.shape, np.float32)
    for line, size in enumerate(lists.there.sum(axis=1).tolist()):
        rows = lists.matrix[lists.rows[line, :size]]
        found[line, :size] = rows @ query_of(lists.matrix[lists.queries[line]], rows)
    return found


def rocchio(query: Vectors, rows: Vectors, *, beta: float, nearest: int) -> Vectors:
    """Return the question moved towards the mean of the first candidates."""
    return unit(query + beta * rows[:nearest].mean(axis=0)) if len(rows) else query


def text(card: Card[AdapterShape], digest: str) -> str:
    """Return the card as Markdown for people."""
    shape, heldout, data = card.shape, card.heldout, card.data
    size = sum(int(np.prod(one)) for one in shape.parameters().values())
    rows = "\n".join(
        f"| {name} | {100 * heldout[key]:.1f} |"
        for name, key in (
            ("the incoming order", "incoming"),
            ("plain cosine", "cosine"),
            (f"feedback, the best of many (beta {heldout['beta']}, {heldout['nearest']} passages)", "feedback"),
            ("the adapter alone", "adapter"),
            (f"the incoming score and {heldout['weight']} times the adapter's cosine", "mixed"),
        )
    )
    low, high = 100 * heldout["low"], 100 * heldout["high"]
    return f"""# Query adapter for {card.embedder}

Weights `{digest}`, made by polyhop {card.polyhop} with seed {card.seed}: {size:,} numbers of 16 bits. The network makes
of a question and its first {shape.first} candidates' vectors the vector that all candidates are compared with; it fits
the vectors of this embedder only. Trained on {data["lists"]:,} candidate lists, {data["taught"]:,} of them with a
teacher's logits.

Mean recall@5, in percent, on {heldout["lists"]:,} lists of questions kept apart:

| | recall@5 |
| --- | --- |
{rows}

The last differs from the incoming order by {100 * (heldout["mixed"] - heldout["incoming"]):+.1f} points, with a 95 %
interval of {low:+.1f} to {high:+.1f}.
"""


def _train(given: Namespace) -> dict[str, Any]:
    settings, watcher = Settings(), Lines()
    embedder, recipe, lists = load(settings=settings), with_parts(AdapterRecipe(), given.set), read(given.lists)
    logits = logits_of(given.teacher, lists) if given.teacher else []
    whole = table(lists, embedder, settings.cache, watcher, logits=logits)
    places = {id(one): place for place, one in enumerate(lists)}
    learned, apart = (
        whole.part(np.array([places[id(one)] for one in side], np.int64)) for side in divide(lists, given.share)
    )
    card, digest, verdict = train(learned, apart, recipe, out=given.out, embedder=embedder.name, watcher=watcher)
    write_whole(given.out.with_suffix(".md"), text(card, digest).encode())
    return {"file": str(given.out), "digest": digest, "heldout": verdict.facts(), "data": card.data}


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code: 1, the adapter did not help and was not saved."""
    options = (
        path("lists", "candidate lists, JSON lines", nargs="+"),
        paths("--teacher", "logits of a cross-encoder, a line for each list"),
        option("--share", "of the questions, to keep apart", type=float, default=0.15),
        SET,
        OUT,
    )
    return run("training.rerank.adapter", __doc__, Step(_train, options), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
