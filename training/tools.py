"""Train tool selection: python -m polyhop.training.tools FOLDER... --out FILE

A folder holds corpus.jsonl (tools) and train.jsonl (requests with the names of their gold tools). With several folders,
requests of one are asked of another to learn what cannot be answered.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ..core.errors import CallerError
from ..core.settings import Settings
from ..core.weights_file import Linear
from ..encoders import load
from ..encoders.role import Encoder
from ..tools.select.features import NAMES
from ..tools.select.model import ANSWER, SERVICE, ToolScorer, Values, model_of, of_answer, of_head, of_services
from .catalogues import (
    Embed,
    SelectionExample,
    Shop,
    ToolRequest,
    bank,
    examples,
    remembering,
    requests,
    shop,
    smaller,
    strange,
    usual,
)
from .harness import OUT, Step, described, option, path, run, write_json
from .loop import logistic, minimised

# What requests of which all right tools are gone count among what is to be refused: some can be answered all the same,
# by tools that do nearly the same.
LEFT = 0.25
# Parts of each catalogue, as sizes and how many of each, and what they count together. Without them a small catalogue,
# to which all that is usually asked is strange, would refuse too little.
SIZES = {12: 8, 40: 5, 150: 2, 600: 1, 2000: 1}
SMALL = 0.2
# Requests that are asked of a part.
KEPT, STRANGE = 150, 120
EPOCHS, TOGETHER, RATE, DECAY = 12, 32, 0.02, 1e-4
# Features that hardly vary in training keep a weight of nothing: another catalogue may have what this one has not.
LEAST_SPREAD = 1e-3
FAR = -1e4
SURE = 0.95  # of the rankings with an answer, which the threshold keeps
# So strong that what the unit makes of one catalogue holds in another.
LIGHT = 0.02


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known of rankings, shape (rankings, `ANSWER`), whether they hold an answer, and their weight together.

    `whole` marks those of a whole catalogue: they set the threshold.
    """

    rows: Values
    right: bool
    weight: float
    whole: bool


def lessons(
    model: ToolScorer,
    shops: Sequence[Shop],
    asked: Sequence[Sequence[ToolRequest]],
    learned: Sequence[Sequence[SelectionExample]],
    *,
    embed: Embed,
    seed: int,
) -> list[Lesson]:
    """Return the rankings of each catalogue for its own requests, for those of the others, and for what is left.

    With one catalogue alone nothing is strange, and it is asked only as it is.
    """
    found: list[Lesson] = []
    random = np.random.default_rng(seed)
    small = SMALL if len(shops) > 1 else 0.0
    for place, among in enumerate(shops):
        others = strange([one for other in (*asked[:place], *asked[place + 1 :]) for one in other])
        share = (1 - small) / 2
        behind = usual(model, among, embed)
        left = examples(asked[place][::2], among, embed, left=True)
        groups = [
            (learned[place], True, share),
            (examples(others, among, embed), False, share * (1 - LEFT if others else 0)),
            (left, False, share * (LEFT if others else 1)),
        ]
        found += [_lesson(model, one, behind, right=right, weight=weight) for one, right, weight in groups if one]
        if others:
            found += _parts(model, among, (asked[place], others), embed=embed, random=random)
    return [one for one in found if len(one.rows)]


def _parts(
    model: ToolScorer,
    shop: Shop,
    asked: tuple[Sequence[ToolRequest], Sequence[ToolRequest]],
    *,
    embed: Embed,
    random: np.random.Generator,
) -> Iterator[Lesson]:
    """Yield the lessons of parts of a catalogue."""
    for size, count in SIZES.items():
        for _ in range(count):
            part, own = smaller(shop, asked[0], size, random)
            others = [asked[1][place] for place in random.permutation(len(asked[1]))[:STRANGE].tolist()]
            behind, weight = usual(model, part, embed), SMALL / len(SIZES) / count / 2
            for some, right in ((own[:KEPT], True), (others, False)):
                lists = examples(some, part, embed)
                yield _lesson(model, lists, behind, right=right, weight=weight, whole=False)


def _lesson(
    model: ToolScorer,
    lists: Sequence[SelectionExample],
    behind: Values,
    *,
    right: bool,
    weight: float,
    whole: bool = True,
) -> Lesson:
    """Return what is known of rankings; empty ones are left out."""
    rows = [
        of_answer(of_head(one.reading, model(one.reading, one.lexicon)), behind, len(one.lexicon.totals))
        for one in lists
        if len(one.reading.rows)
    ]
    return Lesson(np.array(rows).reshape(-1, len(ANSWER)), right, weight, whole)


class Scorer(torch.nn.Module):
    """The scorer in torch: a unit for the request, one for the intents, and how sharply these are told apart."""

    scale: torch.Tensor

    def __init__(self, spread: NDArray[np.float32]) -> None:
        super().__init__()
        used = torch.tensor((spread >= LEAST_SPREAD).astype(np.float32))
        self.register_buffer("scale", used / torch.tensor(np.maximum(spread, LEAST_SPREAD)))
        self.whole = torch.nn.Parameter(torch.full((len(spread),), 0.1))
        self.intent = torch.nn.Parameter(torch.full((len(spread),), 0.1))
        self.sharpness = torch.nn.Parameter(torch.zeros(()))

    def forward(self, features: torch.Tensor, texts: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
        """Return scores (requests, candidates) for features (requests, texts, candidates, features) and masks."""
        scaled = features * self.scale
        intents = (scaled[:, 1:] @ self.intent).masked_fill(~texts[:, 1:, None], FAR)
        sharpness = torch.exp(self.sharpness)
        best = torch.logsumexp(intents * sharpness, 1) / sharpness
        return (scaled[:, 0] @ self.whole + best).masked_fill(~candidates, FAR)


def fit(learned: Sequence[SelectionExample], *, seed: int = 0) -> dict[str, Any]:
    """Return the scorer's part of the weights file: trained so that each gold tool stands before all others."""
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    rows = [_doubled(example) for example in learned if example.wanted.any()]
    spread = np.concatenate([features.reshape(-1, len(NAMES))[::7] for features, _ in rows]).std(0)
    scorer = Scorer(spread.astype(np.float32))
    optimiser = torch.optim.AdamW(scorer.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(rows) // TOGETHER)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(EPOCHS):
        shuffled = order.permutation(len(rows))
        for start in range(0, len(rows), TOGETHER):
            batch = _batch([rows[place] for place in shuffled[start : start + TOGETHER]])
            loss = _loss(scorer(*batch[:3]), batch[3])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return {
        "whole": described(Linear((scorer.whole * scorer.scale).detach().numpy(), 0.0), NAMES),
        "intent": described(Linear((scorer.intent * scorer.scale).detach().numpy(), 0.0), NAMES),
        "sharpness": round(float(torch.exp(scorer.sharpness.detach())), 6),
        "service": described(Linear(np.zeros(len(SERVICE)), 0.0), SERVICE),
        "answerable": described(Linear(np.zeros(len(ANSWER)), 0.0), ANSWER),
        "threshold": 0.0,
        "bank": [],
    }


def fit_service(scorer: Mapping[str, Any], learned: Sequence[SelectionExample]) -> dict[str, Any]:
    """Return the unit of what a candidate's siblings say, on top of a scorer."""
    model = model_of(scorer)
    rows = []
    for example in learned:
        if example.wanted.any():
            total = model(example.reading, example.lexicon).total
            features = of_services(total, example.reading.rows, example.lexicon)
            rows.append((torch.tensor(total), torch.tensor(features), torch.tensor(example.wanted)))

    def loss(weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        losses = [_loss((total + features @ weights)[None], wanted[None]) for total, features, wanted in rows]
        return torch.stack(losses).mean()

    return described(minimised(len(SERVICE), loss, 1e-3), SERVICE)


def fit_answerable(lessons: Sequence[Lesson]) -> tuple[dict[str, Any], float]:
    """Return the unit that tells rankings that hold an answer from others, and the threshold that keeps 95 % of them.

    What is to be kept weighs as much as what is to be refused, whatever their numbers.
    """
    rows = np.concatenate([one.rows for one in lessons])
    weigh = np.concatenate([np.full(len(one.rows), one.weight / len(one.rows)) for one in lessons])
    right = np.concatenate([np.full(len(one.rows), one.right) for one in lessons])
    unit = logistic(rows, right, LIGHT, weigh * len(rows))
    good = np.concatenate([one.rows for one in lessons if one.right and one.whole])
    return described(unit, ANSWER), round(float(np.quantile(1 / (1 + np.exp(-unit(good))), 1 - SURE)), 4)


def _doubled(example: SelectionExample) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return features in which a request with no parts is its own intent, and what is wanted."""
    read = example.reading.features
    return (read if len(read) > 1 else np.concatenate([read, read])), example.wanted


def _batch(rows: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]]) -> tuple[torch.Tensor, ...]:
    """Return features, masks of texts and candidates, and what is wanted, padded to one shape."""
    texts, candidates = (max(features.shape[axis] for features, _ in rows) for axis in (0, 1))
    padded = torch.zeros(len(rows), texts, candidates, len(NAMES))
    there = torch.zeros(len(rows), texts, dtype=torch.bool)
    known, wanted = (torch.zeros(len(rows), candidates, dtype=torch.bool) for _ in range(2))
    for place, (features, right) in enumerate(rows):
        padded[place, : features.shape[0], : features.shape[1]] = torch.from_numpy(features)
        there[place, : features.shape[0]] = True
        known[place, : features.shape[1]] = True
        wanted[place, : len(right)] = torch.from_numpy(right)
    return padded, there, known, wanted


def _loss(scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the mean over requests of how far their gold tools stand before all others together."""
    others = torch.logsumexp(scores.masked_fill(wanted, FAR), 1, keepdim=True)
    each = functional.softplus(others - scores) * wanted
    return (each.sum(1) / wanted.sum(1)).mean()


def train(folders: Sequence[Path], embedder: Encoder, *, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of the weights file, and what it was made of."""
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise CallerError(f"the folders {[str(folder) for folder in folders]} are not all different; name each once")
    shops = [shop(folder / "corpus.jsonl", embedder) for folder in folders]
    asked = [requests(folder / "train.jsonl", one.tools) for folder, one in zip(folders, shops, strict=True)]
    embed = remembering(embedder)
    learned = [examples(one, at, embed) for one, at in zip(asked, shops, strict=True)]
    every = [example for one in learned for example in one]
    weights = fit(every, seed=seed)
    weights["bank"] = bank(asked)
    weights["service"] = fit_service(weights, every)
    learnt = lessons(model_of(weights), shops, asked, learned, embed=embed, seed=seed)
    weights["answerable"], weights["threshold"] = fit_answerable(learnt)
    facts = {
        "requests": sum(map(len, asked)),
        "tools": sum(len(one.tools) for one in shops),
        "refused": sum(len(one.rows) for one in learnt if not one.right),
    }
    return weights, facts


def _train(given: Namespace) -> dict[str, Any]:
    return write_json(given.out, *train(given.folders, load(settings=Settings()), seed=given.seed))


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code."""
    folders = path("folders", "folders with corpus.jsonl and train.jsonl", nargs="+")
    seed = option("--seed", "of the order of the requests", type=int, default=0)
    return run("training.tools", __doc__, Step(_train, (folders, seed, OUT)), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
