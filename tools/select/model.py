"""The trained scorer: how far a tool answers a request, and whether any does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.weights_file import Linear, load_linear
from . import features
from .features import CandidateFeatures, Searched
from .lexicon import Lexicon, Rows

SHIPPED = Path(__file__).parent / "weights" / "select.json"
Values = NDArray[np.float64]

#: of a candidate, from the scores of all: what the other tools of whoever offers it come to, 0 where it has no siblings
SERVICE = ("best_sibling", "siblings")
#: of the ranking as a whole: the best score, the mean over the intents of the best cosine of each, the least of their
#: best BM25, and the best BM25 of the whole request
HEAD = ("best", "cosine", "least_bm25", "whole_bm25")
#: what tells whether there is an answer: `HEAD` above what is usual in the catalogue, and how far it is from `MANY`
#: tools, since few of them know hardly anything of what is usually asked
ANSWER = (*HEAD, "few_tools")
MANY = 1000
_FAR = 8.0
LEADING = 10


@dataclass(frozen=True, slots=True)
class Scores:
    """A score for each candidate, and its parts: that of the whole request, and one for each intent."""

    total: Values
    whole: Values
    intents: Values

    @property
    def intent(self) -> Rows:
        """Return which intent each candidate serves best."""
        result: Rows = self.intents.argmax(0)
        return result


@dataclass(frozen=True, slots=True)
class ToolScorer:
    """A linear unit for the request, one for its intents, one for what siblings say, and one for the whole ranking.

    `bank` holds parts of requests that are asked of every catalogue, to learn what is usual in it: what is found for a
    request says little by itself of whether it is the right thing.

    A candidate's score is that of the request plus the soft maximum of those of the intents, so that a tool has to
    answer one of them and not their average. Trained listwise (`polyhop.training.tools`).
    """

    whole: Linear
    intent: Linear
    sharpness: float
    service: Linear
    answerable: Linear
    threshold: float
    bank: tuple[str, ...] = ()

    def __call__(self, reading: CandidateFeatures, lexicon: Lexicon) -> Scores:
        """Score the candidates; where a request has one text only it is its own intent."""
        read = reading.features.astype(np.float64)
        whole, intents = self.whole(read[0]), self.intent(read[1:] if len(read) > 1 else read)
        total = whole + _soft_maximum(intents, self.sharpness)
        gains = self.service(of_services(total, reading.rows, lexicon))
        return Scores(total + _covering(gains, total, intents), whole, intents)

    def answers(self, reading: CandidateFeatures, scores: Scores, background: Values, tools: int) -> float:
        """Return the probability that a catalogue of this background and number of tools has what is asked for."""
        if not len(reading.rows):
            return 0.0
        return float(1 / (1 + np.exp(-self.answerable(of_answer(of_head(reading, scores), background, tools)))))

    def background(self, asked: Searched, lexicon: Lexicon) -> Values:
        """Return what the texts of the bank find in a catalogue, each by itself: the middle of each of `HEAD`."""
        readings = [features.read(asked.only(text), lexicon) for text in range(len(asked.cosines))]
        heads = [of_head(reading, self(reading, lexicon)) for reading in readings if len(reading.rows)]
        result: Values = np.median(heads, axis=0) if heads else np.zeros(len(HEAD))
        return result


def of_services(total: Values, rows: Rows, lexicon: Lexicon) -> Values:
    """Return the features of `SERVICE`, shape (candidates, 2)."""
    found = np.zeros((len(rows), len(SERVICE)))
    if not len(rows):
        return found
    behind = np.maximum(total - total.max(), -_FAR)
    mass = np.exp(behind)
    order = np.lexsort((-behind, lexicon.group[rows]))
    starts = np.flatnonzero(np.diff(lexicon.group[rows][order], prepend=-1))
    for place in np.split(order, starts[1:]):
        if len(place) > 1:
            first, second = behind[place[:2]]
            others = np.where(behind[place] == first, second, first)
            found[place, 0] = 1 + others / _FAR
            found[place, 1] = (mass[place].sum() - mass[place]) / mass.sum()
    return found


def of_head(reading: CandidateFeatures, scores: Scores) -> Values:
    """Return the features of `HEAD`: what is averaged does not grow with the number of intents, as a maximum would."""
    best = reading.features[:, :, [features.NAMES.index("cosine"), features.NAMES.index("bm25")]].max(1)
    intents = best[1:] if len(best) > 1 else best
    return np.array([scores.total.max(), intents[:, 0].mean(), intents[:, 1].min(), best[0, 1]], np.float64)


def of_answer(heads: Values, background: Values, tools: int) -> Values:
    """Return the features of `ANSWER` for those of `HEAD`."""
    return np.append(heads - background, 1 / (1 + tools / MANY))


def _covering(gains: Values, total: Values, intents: Values) -> Values:
    """Return the gains by siblings, so that none of them lifts a second tool for one intent above the first of another.

    Whatever serves an intent best, and is among the best `LEADING` anyway, gains as much as anything does.
    """
    if not len(total):
        return gains
    leading = np.sort(total)[-min(LEADING, len(total))]
    lifted, serves = gains.copy(), intents.argmax(0)
    for intent in np.unique(serves):
        own = np.flatnonzero(serves == intent)
        first = own[total[own].argmax()]
        if total[first] >= leading:
            lifted[first] = gains.max()
    return lifted


def _soft_maximum(values: Values, sharpness: float) -> Values:
    top = values.max(0)
    result: Values = top + np.log(np.exp(sharpness * (values - top)).sum(0)) / sharpness
    return result


@lru_cache(maxsize=4)
def load(file: Path = SHIPPED) -> ToolScorer:
    """Return the model of a file.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    return load_linear(file, model_of, what="weights of tool selection", command="training.tools")


def model_of(row: Mapping[str, Any]) -> ToolScorer:
    """Return the model that a file's content describes."""
    sharpness, threshold = float(row["sharpness"]), float(row["threshold"])
    if not (np.isfinite(sharpness) and sharpness > 0 and 0 <= threshold <= 1):
        raise ValueError(f"sharpness {sharpness} and threshold {threshold}")
    return ToolScorer(
        whole=Linear.of(row["whole"], features.NAMES),
        intent=Linear.of(row["intent"], features.NAMES),
        sharpness=sharpness,
        service=Linear.of(row["service"], SERVICE),
        answerable=Linear.of(row["answerable"], ANSWER),
        threshold=threshold,
        bank=tuple(map(str, row["bank"])),
    )
