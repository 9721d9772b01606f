"""The extractive answer: the sentences of the passages that hold it and lead to it, or none.

What several things answer together, a list, a count or a comparison, is told whole (`together.py`). Otherwise trained
units say how likely each sentence holds the answer and how probable it is that the best do (`scorer.py`); told are the
likeliest one and those that lead to it from the question (`explain.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...retrieval.candidate import Candidate
from ...retrieval.query.short_answers import QuestionWords
from ...retrieval.run import Run
from ..citations.check import Sentence
from .explain import Explainer
from .quotable import Piece, Quotable, keys_of
from .scorer import choose, load
from .statements import ABOVE
from .together import together

#: The probability, that the sentences hold the answer, below which nothing is quoted.
RIGHT = 0.3
#: The cosine from which on passages are about a question none of whose words they hold, as in scripts without spaces:
#: there is hardly anything else to go by.
ALIKE = 0.5


class Extract(NamedTuple):
    """The sentences that answer best, and the probability that the answer is in them.

    There are three at most, or one for each thing that a question asks to list, count or compare. There are none where
    it is improbable; the probability is that of those that would have been told, of things together `RIGHT` at least.
    `number` stands before them where a question asks how many they are.
    """

    sentences: Sequence[Sentence]
    confidence: float
    number: str = ""


def extract(ranked: Sequence[Candidate], run: Run, sufficiency: float | None = None) -> Extract:
    """Return what answers best of the passages that may be cited, best first; a `Sentence` counts them from 1."""
    if not ranked or any(run.known(item["id"]) is None for item in ranked):
        return Extract([], 0.0)
    quotable = Quotable.of(ranked, run, QuestionWords.of(run.question, run))
    units, sight = load(), quotable.sight(sufficiency)
    scores = units.scores(sight)
    chosen = choose(scores, sight.places)
    if not chosen:
        return Extract([], 0.0)
    right = units.chance(sight, scores, chosen)
    whole = together(run.question, [one for item in ranked if (one := run.known(item["id"])) is not None], run)
    if whole is not None:
        return Extract(whole.sentences, max(right, RIGHT), whole.number)
    if right < RIGHT if any(quotable.covered) else max(sight.cosines) < ALIKE:
        return Extract([], right)
    told = Explainer.of(quotable, sight, scores, right=right, question=run.question).told()
    return Extract([Sentence(_named(piece, quotable), piece.passage + 1, piece.said.text) for piece in told], right)


def _named(piece: Piece, quotable: Quotable) -> str:
    """Return a sentence behind what stands above it and is asked of, where the sentence itself does not say that.

    Of Orrin Tarn "It was first sounded in 1887" is told as "Orrin Tarn: It was first sounded in 1887".
    """
    asked = quotable.asked.weights.keys()
    for above in reversed(piece.said.heading.split(ABOVE)):
        subject = keys_of(above) & asked
        if subject and subject == keys_of(above):
            return piece.text if subject & piece.keys else f"{above}: {piece.text}"
    return piece.text
