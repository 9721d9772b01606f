"""How well a reader reads, by domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.types import Numbers, Vectors
from ...retrieval.rerank.reader import HOLDS, ReaderPage
from .lists import GoldReading

Logits = Callable[[Sequence[ReaderPage]], list[Vectors]]


def figures(readings: Sequence[GoldReading], logits: Logits) -> dict[str, dict[str, Any]]:
    """Return of each domain the share of answered questions whose best sentence holds the answer, and an AUROC.

    `told apart` is how well the best logit tells answered questions from those that no sentence answers; each answered
    question is there twice: as it is, and without the pages that hold the answer.
    """
    cases: dict[str, list[tuple[float, bool, bool]]] = {}
    scores = iter(logits([page for one in readings for page in one.read()]))
    for one in readings:
        own = [(page, next(scores)[:, HOLDS]) for page in one.pages]
        kept = cases.setdefault(one.domain, [])
        best, right = max((float(holds.max()), _right(page, holds)) for page, holds in own if len(holds))
        kept.append((best, right, one.answered))
        rest = [float(holds.max()) for page, holds in own if len(holds) and not page.holds]
        if one.answered and rest:
            kept.append((max(rest), False, False))
    return {name: _figures(own) for name, own in cases.items()}


def _right(page: Any, holds: Vectors) -> bool:
    return bool(page.sentences[int(np.argmax(holds))].label == "holds")


def _figures(own: Sequence[tuple[float, bool, bool]]) -> dict[str, Any]:
    best, right, answered = (np.array(column) for column in zip(*own, strict=True))
    return {
        "questions": int(answered.sum()),
        "top": round(float(right[answered].mean()), 3) if answered.any() else None,
        "told apart": round(auroc(best, answered), 3),
    }


def auroc(scores: Numbers, marks: NDArray[np.bool_]) -> float:
    """Return how often a marked score is above another one, ties counted half; one half where either is missing."""
    ours, others = np.sort(scores[marks]), np.sort(scores[~marks])
    if not len(ours) or not len(others):
        return 0.5
    below = np.searchsorted(others, ours, "left") + np.searchsorted(others, ours, "right")
    return float(below.mean() / 2 / len(others))
