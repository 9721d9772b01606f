"""Fit the units of tool selection on candidate lists; seconds on one core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ...tools.select.features import NAMES
from ...tools.select.model import ANSWER, SERVICE, model_of, of_services
from .collect import Example
from .lessons import Lesson

EPOCHS, TOGETHER, RATE, DECAY = 12, 32, 0.02, 1e-4
# Features that hardly vary in training keep a weight of nothing: another catalogue may have what this one has not.
LEAST_SPREAD = 1e-3
FAR = -1e4
KEPT = 0.95
# So strong that what the unit makes of one catalogue holds in another.
LIGHT = 0.02


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


def fit(learned: Sequence[Example], *, seed: int = 0) -> dict[str, Any]:
    """Return the scorer's part of the weights file: trained so that each gold tool stands before all others."""
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    rows = [_doubled(example) for example in learned if example.wanted.any()]
    spread = np.concatenate([row[::7].reshape(-1, len(NAMES)) for row, _ in _flat(rows)]).std(0)
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
        "whole": _unit(NAMES, (scorer.whole * scorer.scale).detach().numpy()),
        "intent": _unit(NAMES, (scorer.intent * scorer.scale).detach().numpy()),
        "sharpness": round(float(torch.exp(scorer.sharpness.detach())), 6),
        "service": _unit(SERVICE, np.zeros(len(SERVICE))),
        "answerable": _unit(ANSWER, np.zeros(len(ANSWER))),
        "threshold": 0.0,
        "bank": [],
    }


def fit_service(scorer: Mapping[str, Any], learned: Sequence[Example]) -> dict[str, Any]:
    """Return the unit of what a candidate's siblings say, on top of a scorer."""
    model = model_of(scorer)
    rows = []
    for example in learned:
        if example.wanted.any():
            total = model(example.reading, example.lexicon).total
            features = of_services(total, example.reading.rows, example.lexicon)
            rows.append((torch.tensor(total), torch.tensor(features), torch.tensor(example.wanted)))
    weights = torch.zeros(len(SERVICE), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=40, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        losses = [_loss((total + features @ weights)[None], wanted[None]) for total, features, wanted in rows]
        loss = torch.stack(losses).mean() + 1e-3 * (weights**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return _unit(SERVICE, weights.detach().numpy())


def fit_answerable(lessons: Sequence[Lesson]) -> tuple[dict[str, Any], float]:
    """Return the unit that tells rankings that hold an answer from others, and the threshold that keeps 95 % of them.

    What is to be kept weighs as much as what is to be refused, whatever their numbers.
    """
    rows = np.concatenate([one.rows for one in lessons])
    centre, spread = rows.mean(0), rows.std(0) + 1e-6
    weigh = torch.tensor(np.concatenate([np.full(len(one.rows), one.weight / len(one.rows)) for one in lessons]))
    right = np.concatenate([np.full(len(one.rows), float(one.right)) for one in lessons])
    features, target = torch.tensor((rows - centre) / spread), torch.tensor(right)
    weights = torch.zeros(len(ANSWER) + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        logits = features @ weights[:-1] + weights[-1]
        loss = functional.binary_cross_entropy_with_logits(logits, target, weight=weigh, reduction="sum")
        loss = loss + LIGHT * (weights[:-1] ** 2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    found = weights.detach().numpy()
    scaled = found[:-1] / spread
    bias = float(found[-1] - scaled @ centre)
    good = np.concatenate([one.rows for one in lessons if one.right and one.whole])
    sure = 1 / (1 + np.exp(-(good @ scaled + bias)))
    return _unit(ANSWER, scaled, bias), round(float(np.quantile(sure, 1 - KEPT)), 4)


def _unit(names: Sequence[str], weights: NDArray[Any], bias: float = 0.0) -> dict[str, Any]:
    rounded = [float(f"{value:.6g}") for value in weights]
    return {"weights": dict(zip(names, rounded, strict=True)), "bias": float(f"{bias:.6g}")}


def _doubled(example: Example) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return features in which a request with no parts is its own intent, and what is wanted."""
    read = example.reading.features
    return (read if len(read) > 1 else np.concatenate([read, read])), example.wanted


def _flat(rows: Sequence[tuple[NDArray[np.float32], Any]]) -> list[tuple[NDArray[np.float32], Any]]:
    return [(features.reshape(-1, features.shape[-1]), wanted) for features, wanted in rows]


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
