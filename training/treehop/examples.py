"""What TreeHop learns from: a question, the passages found on the way, and the passages that come next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...core.types import Vectors
from .pool import Pool


@dataclass(frozen=True, slots=True)
class Example:
    """One hop. Passages are given by the ids of a pool.

    `path` is what was found on the way, at least one passage; `next` is what the moved query has to find; `negatives`
    are passages that it must not, hard ones at best. `kind` says where the example comes from.
    """

    question: str
    path: tuple[str, ...]
    next: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    kind: str = ""

    @property
    def gold(self) -> frozenset[str]:
        """Return the passages that this example knows to be right."""
        return frozenset((*self.path, *self.next))


def kinds(examples: Iterable[Example]) -> dict[str, int]:
    """Return how many examples there are of each kind."""
    return dict(sorted(Counter(example.kind for example in examples).items()))


@dataclass(frozen=True, slots=True)
class Split:
    """Examples to learn from, examples kept apart, and how many are neither since they touch a passage of both."""

    training: list[Example]
    heldout: list[Example]
    dropped: int = 0


def split(examples: Sequence[Example], *, share: float, most: int, seed: int) -> Split:
    """Keep a share of the questions apart so that no passage is gold on both sides.

    Questions are drawn until `share` of them, or `most`, are reached. Whatever else touches a passage of theirs leaves
    the training side, so questions about hubs (passages that are gold of more than one question in a hundred) are not
    drawn: they would take too many others with them.
    """
    questions: dict[str, set[str]] = {}
    for example in examples:
        questions.setdefault(example.question, set()).update(example.gold)
    uses = Counter(name for gold in questions.values() for name in gold)
    hub = max(3, len(questions) // 100)
    order = np.random.default_rng(seed).permutation(len(questions))
    names = list(questions)
    drawn = (names[place] for place in order if all(uses[name] <= hub for name in questions[names[place]]))
    wanted = min(most, round(share * len(questions)))
    apart = {question for question, _ in zip(drawn, range(wanted), strict=False)}
    closed = {name for question in apart for name in questions[question]}
    heldout = [example for example in examples if example.question in apart]
    training = [example for example in examples if not questions[example.question] & closed]
    return Split(training, heldout, len(examples) - len(heldout) - len(training))


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as rows of arrays: what is in them by place, with vectors.

    `vectors` has a row for each question of `questions`; `asked` gives for each example its question; `gold` for each
    question the rows of its passages in the pool.
    """

    pool: Pool
    questions: list[str]
    vectors: Vectors
    asked: list[int]
    paths: list[tuple[int, ...]]
    positives: list[tuple[int, ...]]
    negatives: list[tuple[int, ...]]
    gold: list[frozenset[int]]

    def __len__(self) -> int:
        return len(self.asked)


def table(examples: Sequence[Example], pool: Pool, vectors: Vectors, questions: Sequence[str]) -> Table:
    """Return examples as a table; `vectors` are those of `questions`, which hold those of the examples."""
    places = {question: place for place, question in enumerate(questions)}
    rows = pool.rows
    gold: list[set[int]] = [set() for _ in questions]
    for example in examples:
        gold[places[example.question]].update(rows[name] for name in example.gold)
    return Table(
        pool=pool,
        questions=list(questions),
        vectors=vectors,
        asked=[places[example.question] for example in examples],
        paths=[tuple(rows[name] for name in example.path) for example in examples],
        positives=[tuple(rows[name] for name in example.next) for example in examples],
        negatives=[tuple(rows[name] for name in example.negatives) for example in examples],
        gold=[frozenset(one) for one in gold],
    )


def mined(given: Table, *, per: int) -> Table:
    """Return a table with hard negatives added: what lies nearest to the question and to the last passage.

    Up to `per` from each, never what is gold of the question.
    """
    deep = per + max((len(one) for one in given.gold), default=0) + 1
    last = sorted({path[-1] for path in given.paths})
    near_question = given.pool.nearest(given.vectors, deep)
    near_passage = dict(zip(last, given.pool.nearest(given.pool.matrix[last], deep), strict=True))
    negatives = []
    for place, own in enumerate(given.negatives):
        question, path = given.asked[place], given.paths[place]
        gold = given.gold[question]
        found = dict.fromkeys(row for row in own if row not in gold)
        for near in (near_question[question], near_passage[path[-1]]):
            found.update(dict.fromkeys([row for row in near.tolist() if row not in gold][:per]))
        negatives.append(tuple(found))
    return replace(given, negatives=negatives)
