"""How well a reader reads, by domain, and the probability that its best sentence holds the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...answering.extractive.reader import HOLDS, ReaderPair, summary
from ...core.types import Numbers, Vectors
from ...core.weights_file import Linear
from ..loop import logistic
from .lists import GoldReading

PENALTY = 1e-3
_BINS = 10

Logits = Callable[[Sequence[ReaderPair]], Vectors]


def cases(
    readings: Sequence[GoldReading], logits: Logits
) -> dict[str, tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return for each domain features, whether the best sentence holds the answer, and whether any one does.

    Each reading with an answer is there twice: as it is, and without the sentences that hold it.
    """
    rows: dict[str, list[tuple[Numbers, bool, bool]]] = {}
    scores = logits([pair for one in readings for pair in one.pairs()])[:, HOLDS]
    first = 0
    for one in readings:
        own = scores[first : first + len(one.sentences)]
        first += len(one.sentences)
        holds = np.array([each.label == "holds" for each in one.sentences])
        kept = rows.setdefault(one.domain, [])
        kept.append((summary(own), bool(holds[int(np.argmax(own))]), one.answered))
        if one.answered and not holds.all():
            kept.append((summary(own[~holds]), False, False))
    return {
        name: (
            np.array([row for row, _, _ in own]),
            np.array([right for _, right, _ in own]),
            np.array([any_ for *_, any_ in own]),
        )
        for name, own in rows.items()
    }


def figures(found: Mapping[str, tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]]) -> dict[str, dict[str, Any]]:
    """Return of each domain the share of answered questions whose best sentence holds the answer, and two AUROCs.

    `answerable` is that of the best logit as to whether any sentence holds the answer, `right` as to whether the best
    one does.
    """
    return {
        name: {
            "questions": int(answered.sum()),
            "top": round(float(right[answered].mean()), 3),
            "answerable": round(auroc(rows[:, 0], answered), 3),
            "right": round(auroc(rows[:, 0], right), 3),
        }
        for name, (rows, right, answered) in found.items()
    }


def auroc(scores: Numbers, marks: NDArray[np.bool_]) -> float:
    """Return how often a marked score is above another one, ties counted half; one half where either is missing."""
    ours, others = np.sort(scores[marks]), np.sort(scores[~marks])
    if not len(ours) or not len(others):
        return 0.5
    below = np.searchsorted(others, ours, "left") + np.searchsorted(others, ours, "right")
    return float(below.mean() / 2 / len(others))


def calibrated(found: Mapping[str, tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]]) -> Linear:
    """Return the logistic unit that says whether the best sentence holds the answer; all domains weigh the same."""
    rows = np.concatenate([own for own, _, _ in found.values()])
    right = np.concatenate([own for _, own, _ in found.values()])
    weights = np.concatenate([np.full(len(own), 1 / len(own)) for own, _, _ in found.values()])
    return logistic(rows, right, PENALTY, weights / weights.mean())


def error(unit: Linear, rows: Numbers, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error in ten bins of equal width (Naeini et al. 2015)."""
    chances = 1 / (1 + np.exp(-np.asarray(unit(rows))))
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(chances[bins == at].mean() - right[bins == at].mean()) * (bins == at).mean() for at in set(bins.tolist())
    ]
    return float(sum(gaps))
