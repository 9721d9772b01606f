"""Short answers: the dates, numbers and names in passages that a question may be asking for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...core.types import Passage
from ...core.words import name_key, sentences
from ..run import Run
from .answer_candidates import QuestionWords, around, candidates, keys_of, nearness
from .answer_type import AnswerType
from .evokes import evokes

#: Passages and sentences of each that are looked at, and answers that are returned.
PASSAGES = 5
HEAD = 12
MOST = 10
#: What a candidate's score is made of: its sentence's share of the question less what later sentences lose, the
#: nearness of the words that the title leaves open, the fit of its kind; and what a title has instead of the last two.
LATER = 0.03
NEARNESS = 1.0
KIND = 0.6
TITLE = 0.3
# What each place further down the ranking costs.
DOWN = 0.12

_TAIL = re.compile(r"\s*\([^)]*\)$")
_NAMED = frozenset({AnswerType.PERSON, AnswerType.PLACE, AnswerType.THING, AnswerType.CHOICE, AnswerType.POLAR})


class ShortAnswer(NamedTuple):
    """A string that may be the answer, how good it is (higher is better), and the passage's place, from 0."""

    text: str
    score: float
    passage: int


def short_answers(question: str, passages: Sequence[Passage], run: Run | None = None) -> list[ShortAnswer]:
    """Return what may answer a question, best first, each string once, and nothing that the question says itself.

    `run` tells how rare words are in the collection, of whatever question it is the run; without one all count alike.
    Yes, no and the choice between two names are no short answers: for such a question names and dates are returned.
    """
    asked = QuestionWords.of(question, run)
    best: dict[str, ShortAnswer] = {}
    for place, passage in enumerate(passages[:PASSAGES]):
        for text, score in _of_passage(asked, passage):
            made = ShortAnswer(text, round(score - DOWN * place, 4), place)
            key = name_key(text)
            if key and (key not in best or best[key].score < made.score):
                best[key] = made
    return sorted(best.values(), key=lambda one: (-one.score, one.passage, one.text))[:MOST]


def fits(
    asked: QuestionWords, text: str, title: frozenset[str], settled: frozenset[str]
) -> tuple[float, float, float, float, float]:
    """Return how good the best candidates of a sentence are: in kind, nearness, nearness to what is left, and both.

    Nearness is that to the words of the question that the title does not answer, and what is left are those that is
    not `settled` either; the last two are the best candidate's kind and nearness together. All are 0 without one; use
    `short_answers` for the candidates themselves.
    """
    found = [one for one in candidates(text, asked, title) if not asked.says(one.text)]
    fit, nearest, both = max((one.fit for one in found), default=0.0), [], []
    for done in (title, title | settled):
        left = {key: weight for key, weight in asked.weights.items() if key not in done}
        beside = around(text, left) if found else []
        near = [nearness(one, text, beside, left) for one in found]
        nearest.append(max(near, default=0.0))
        both.append(
            max((NEARNESS * value + KIND * one.fit for value, one in zip(near, found, strict=True)), default=0.0)
        )
    return fit, nearest[0], nearest[1], both[0], both[1]


def _of_passage(asked: QuestionWords, passage: Passage) -> Iterator[tuple[str, float]]:
    """Yield the candidates of a passage with their scores; its title answers for the sentence that fits best."""
    title, bare = keys_of(passage.title), _TAIL.sub("", passage.title)
    total = sum(asked.weights.values()) or 1.0
    left = {key: weight for key, weight in asked.weights.items() if key not in title}
    for number, text in enumerate(sentences(passage.text)[:HEAD]):
        share = sum(asked.weights[key] for key in evokes(asked.weights, keys_of(text) | title)) / total - LATER * number
        beside = around(text, left)
        for one in candidates(text, asked, title):
            if not asked.says(one.text):
                yield one.text, share + NEARNESS * nearness(one, text, beside, left) + KIND * one.fit
        if bare and asked.kind in _NAMED and not asked.says(bare):
            yield bare, share + TITLE
