"""Calibrating on questions whose passages are known: how sure a run says it is, against how often that came true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from ...core.errors import CallerError
from ...core.types import Numbers
from ...core.words import name_key
from ...retrieval.retriever import Retriever
from ..calibration import SCORES, Platt
from ..results import Answer, Retrieval
from .compare import Advance, missing_gold, places_of
from .metrics import auroc, calibration_error
from .questions import GoldQuestion

#: questions of a score below which there is nothing to learn
FEWEST = 10
_ARTICLES = ("a ", "an ", "the ")
#: answers of a word that says nothing of the sentence it stands in
_POLAR = frozenset({"yes", "no"})


@dataclass(frozen=True, slots=True)
class CalibratedScore:
    """How well a score fits some questions: shares and errors are from 0 to 1.

    `stated` is the mean probability and `true` the share of questions where it came true. `auroc` is None where all
    came out alike. `error` is the expected calibration error over ten bins (`metrics.calibration_error`), of the
    probabilities as they are, and `error_after` that of each half calibrated by the other one: what to expect of
    further questions. Few questions have an error by chance alone, of about 0.1 at 50.
    """

    questions: int
    stated: float
    true: float
    auroc: float | None
    error: float
    error_after: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What questions said of the scores, by name, and the gold that the collection lacks, which counts as missed."""

    questions: int
    scores: Mapping[str, CalibratedScore]
    missing: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


class AskOnce(Protocol):
    """Asks a question, for its five passages or for an answer too, and returns the probabilities as they are."""

    def __call__(self, question: str, *, answered: bool) -> Answer | Retrieval: ...


#: what a score stated of a question, and whether it came true
Case = tuple[str, float, bool]


def calibrated(
    ask: AskOnce,
    questions: Sequence[GoldQuestion],
    retriever: Retriever,
    documents: Callable[[], Iterable[tuple[str, str, str]]],
    *,
    advance: Advance = lambda amount: None,
) -> tuple[CalibrationReport, dict[str, Platt]]:
    """Return figures and lines for each score of which there are enough questions.

    Passages suffice where all gold is among the first five. An answer that was given is right where an accepted one
    stands in it; yes and no are left out, since they stand anywhere.

    Raises:
        CallerError: for too few questions, or if the collection holds none of the gold.
    """
    if len(questions) < FEWEST:
        raise CallerError(f"{len(questions)} questions are too few to calibrate on; give {FEWEST} at least, or some 50")
    cases: list[Case] = []
    places: list[list[int | None]] = []
    for question in questions:
        answers = [one for one in question.answers if name_key(one) not in _POLAR]
        said = ask(question.text, answered=bool(answers))
        found = said.retrieval if isinstance(said, Answer) else said
        places.append(places_of(question.gold, found.passages))
        if found.sufficiency is not None:
            cases.append(("sufficiency", found.sufficiency, None not in places[-1]))
        if isinstance(said, Answer) and said.found and said.confidence is not None:
            cases.append(("confidence", said.confidence, any(_holds(said.text, one) for one in answers)))
        advance(1)
    missing = missing_gold(questions, {"": places}, retriever, lambda: list(documents()))
    scores, lines = {}, {}
    for name in SCORES:
        own = [(stated, right) for score, stated, right in cases if score == name]
        if len(own) >= FEWEST:
            stated, right = np.array([one for one, _ in own]), np.array([one for _, one in own])
            scores[name], lines[name] = _judged(stated, right), Platt.fitted(stated, right)
    return CalibrationReport(len(questions), scores, missing), lines


def _holds(text: str, answer: str) -> bool:
    """Say whether an answer stands in a text, whatever the case, the punctuation and an article before it."""
    key = name_key(answer)
    bare = next((key.removeprefix(one) for one in _ARTICLES if key.startswith(one)), key)
    return f" {bare} " in f" {name_key(text)} "


def _judged(stated: Numbers, right: Numbers) -> CalibratedScore:
    after = np.empty_like(stated)
    for half in (slice(0, None, 2), slice(1, None, 2)):
        other = slice(1 - half.start, None, 2)
        after[half] = Platt.fitted(stated[other], right[other])(stated[half])
    order = auroc(right, stated)
    return CalibratedScore(
        questions=len(stated),
        stated=round(float(stated.mean()), 4),
        true=round(float(right.mean()), 4),
        auroc=None if np.isnan(order) else round(order, 4),
        error=round(calibration_error(right, stated), 4),
        error_after=round(calibration_error(right, after), 4),
    )
