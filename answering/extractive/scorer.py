"""Which sentences to quote, and whether to quote any: linear units over what is known of them.

They were trained on questions whose answer is known (`polyhop.training.answer`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.types import Numbers
from ...core.weights_file import Linear, load_linear
from ...retrieval.query.short_answers import AnswerType
from .quotable import NAMES, Sight

SHIPPED = Path(__file__).parent / "weights" / "answer.json"
FORMAT = 1
#: Sentences that are shown at most.
MOST = 3
#: What each sentence that is chosen already costs the next one of the same passage, in logits: another hop is told in
#: another passage.
SAME = 0.5
#: Questions whose answers are found in different ways have a unit each.
GROUPS = ("choice", "name", "other")
#: What is known of the sentences chosen. Probabilities are those that the sentence holds the answer.
SUMMARY = (
    "sufficiency",
    "first",
    "second",
    "third",
    "next",
    "expected",
    "expected of all",
    "fit",
    "cosine",
    "mean cosine",
    "paths",
    "named",
    "choice",
    "name",
    "counted",
    "read",
    "read of all",
    "read as answer",
    "next read",
    "read in all",
)
_NAMED = frozenset({AnswerType.PERSON.value, AnswerType.PLACE.value, AnswerType.NATION.value})
_COUNTED = frozenset({AnswerType.DATE.value, AnswerType.NUMBER.value})
_SURE, _FAR = 6.0, 8.0
_PLACE = {name: place for place, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Weighing:
    """Units for the sentences of each group of questions, and one that says whether those chosen hold the answer."""

    scorers: dict[str, Linear]
    right: Linear

    def scores(self, sight: Sight) -> Numbers:
        """Return for each sentence the logit of its holding the answer, shape (sentences,)."""
        return self.scorers[group(sight.kind)](sight.rows)

    def chance(self, sight: Sight, scores: Numbers, chosen: Sequence[int]) -> float:
        """Return how probable it is that the chosen sentences hold the answer."""
        return _logistic(float(self.right(summary(sight, scores, chosen)[None])[0]))


@lru_cache(maxsize=4)
def load(file: Path = SHIPPED) -> Weighing:
    """Return the units of a file.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    return load_linear(file, _weighing, what="weights of answers", command="training.answer", format=FORMAT)


def _weighing(held: Mapping[str, Any]) -> Weighing:
    scorers = {name: Linear.of(held["scorers"][name], NAMES) for name in GROUPS}
    return Weighing(scorers, Linear.of(held["right"], SUMMARY))


def group(kind: str) -> str:
    """Return which unit is for questions of a kind."""
    return "choice" if kind == AnswerType.CHOICE.value else "name" if kind in _NAMED else "other"


def choose(scores: Numbers, places: Sequence[int], most: int = MOST, same: float = SAME) -> list[int]:
    """Return the rows of the sentences to quote, best first; a further one of a passage costs `same` logits."""
    left = np.array(scores, np.float64)
    passages = np.array(places)
    chosen: list[int] = []
    while len(chosen) < min(most, len(left)):
        best = int(np.argmax(left.round(9)))
        chosen.append(best)
        left[passages == passages[best]] -= same
        left[best] = -np.inf
    return chosen


def summary(sight: Sight, scores: Numbers, chosen: Sequence[int]) -> Numbers:
    """Return what is known of the sentences chosen, shape (len(SUMMARY),)."""
    rows, right = sight.rows, 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    logits = sorted((float(scores[row]) for row in chosen), reverse=True)
    rest = [float(score) for row, score in enumerate(scores) if row not in chosen]

    def best(name: str) -> float:
        return float(max((rows[row, _PLACE[name]] for row in chosen), default=0.0))

    def read(name: str) -> float:
        return float(max((rows[row, _PLACE[name]] for row in chosen), default=-_FAR))

    def over_all(name: str) -> Numbers:
        column: Numbers = rows[:, _PLACE[name]] if len(rows) else np.zeros(1)
        return column

    return np.array(
        [
            _logit(sight.sufficiency),
            *np.clip([*logits, *[-_SURE] * (MOST - len(logits))], -_SURE, _SURE),
            max(rest, default=-_SURE),
            sum(right[row] for row in chosen),
            right.sum(),
            best("fit"),
            max(sight.cosines, default=0.0),
            sum(sight.cosines) / max(1, len(sight.cosines)),
            over_all("path").mean(),
            over_all("named").mean(),
            float(group(sight.kind) == "choice"),
            float(group(sight.kind) == "name"),
            float(sight.kind in _COUNTED),
            *np.clip([read("read"), read("read of all"), read("read as answer")], -_FAR, _FAR),
            max([-_FAR, *(float(rows[row, _PLACE["read"]]) for row in range(len(rows)) if row not in chosen)]),
            math.log1p(float(np.exp(over_all("read").clip(-_FAR, _FAR)).sum())),
        ]
    )


def _logit(chance: float | None) -> float:
    """Return the logit of a probability, that of one half where nobody knows it."""
    known = min(max(0.5 if chance is None else chance, 1e-3), 1 - 1e-3)
    return math.log(known / (1 - known))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
