"""What TreeHop learns from: a question, the passages found on the way, and the passages that come next.

Examples come from questions whose gold passages are known, or from passages that name each other (`links.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import CallerError
from ...core.types import Passage, Vectors
from ...core.words import name_key
from ...encoders.role import Encoder
from ...store.collection import Collection
from ..harness import TrainingWatcher
from ..pool import Pool, key_of, of_collection
from ..questions import HopQuestion, pair, read
from .links import SURE, HopExample, own_names
from .links import hops as hops_of

MOST_GOLD = 12
MOST_PASSAGES = 200_000  # 300 MB of vectors


def kinds(examples: Iterable[HopExample]) -> dict[str, int]:
    """Return how many examples there are of each kind."""
    return dict(sorted(Counter(example.kind for example in examples).items()))


@dataclass(frozen=True, slots=True)
class Split:
    """Examples to learn from, examples kept apart, and how many are neither since they touch a passage of both."""

    training: list[HopExample]
    heldout: list[HopExample]
    dropped: int = 0


def split(examples: Sequence[HopExample], *, share: float, most: int, seed: int) -> Split:
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
class HopTable:
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


def table(examples: Sequence[HopExample], pool: Pool, vectors: Vectors, questions: Sequence[str]) -> HopTable:
    """Return examples as a table; `vectors` are those of `questions`, which hold those of the examples."""
    places = {question: place for place, question in enumerate(questions)}
    rows = pool.rows
    gold: list[set[int]] = [set() for _ in questions]
    for example in examples:
        gold[places[example.question]].update(rows[name] for name in example.gold)
    return HopTable(
        pool=pool,
        questions=list(questions),
        vectors=vectors,
        asked=[places[example.question] for example in examples],
        paths=[tuple(rows[name] for name in example.path) for example in examples],
        positives=[tuple(rows[name] for name in example.next) for example in examples],
        negatives=[tuple(rows[name] for name in example.negatives) for example in examples],
        gold=[frozenset(one) for one in gold],
    )


def mined(given: HopTable, *, per: int) -> HopTable:
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


def examples(questions: Sequence[HopQuestion], pool: Pool, *, pairs: bool = False) -> Iterator[HopExample]:
    """Yield the hops of each question whose gold passages are in the pool.

    Ordered gold is a chain. In unordered gold a passage leads to those whose names it holds; where none does, as in a
    comparison, there is nothing to learn, unless `pairs` makes each lead to all others.
    """
    index = _Index(pool)
    for asked in questions:
        gold = [name for one in asked.gold for name in index.find(one)]
        gold = list(dict.fromkeys(gold))[:MOST_GOLD]
        wrong = tuple(dict.fromkeys(name for one in asked.distractors for name in index.find(one) if name not in gold))
        leads = _chain(gold) if asked.ordered else _links([pool.passages[pool.rows[name]] for name in gold])
        if not leads and pairs:
            leads = {name: [other for other in gold if other != name] for name in gold}
        for path in _paths(gold, leads):
            yield HopExample(asked.question, path, tuple(leads[path[-1]]), wrong, "questions")


class _Index:
    """Finds the passages of a pool that a file names."""

    def __init__(self, pool: Pool) -> None:
        self._known: dict[str, list[str]] = {}
        for passage in pool.passages:
            same = key_of(passage.title, passage.text)
            of_document = (passage.document, passage.title) if passage.place == 0 else ()
            for name in filter(None, dict.fromkeys((passage.id, same, *of_document))):
                self._known.setdefault(name, []).append(passage.id)

    def find(self, one: Any) -> list[str]:
        """Return the passages, none if there are none or if a title stands for several."""
        found = self._known.get(one if isinstance(one, str) else key_of(*pair(one)), [])
        return found if len(found) == 1 else []


def _chain(gold: Sequence[str]) -> dict[str, list[str]]:
    return {name: [after] for name, after in pairwise(gold)}


def _links(gold: Sequence[Passage]) -> dict[str, list[str]]:
    """Return which gold passages each one names."""
    held = {one.id: f" {name_key(one.text)} " for one in gold}
    names = {one.id: [f" {name} " for name, kind in own_names(one) if kind <= SURE] for one in gold}
    leads: dict[str, list[str]] = {}
    for one in gold:
        named = [
            other.id for other in gold if other is not one and any(name in held[one.id] for name in names[other.id])
        ]
        if named:
            leads[one.id] = named
    return leads


def _paths(gold: Sequence[str], leads: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield a path to each passage that leads on, from those that nothing leads to, else from all."""
    led = {name for named in leads.values() for name in named}
    fronts: list[tuple[str, ...]] = [(name,) for name in gold if name in leads and name not in led]
    fronts = fronts or [(name,) for name in gold if name in leads]
    done: set[str] = set()
    for _ in gold:
        after: list[tuple[str, ...]] = []
        for path in fronts:
            if path[-1] not in done:
                done.add(path[-1])
                yield path
                after += [(*path, name) for name in leads[path[-1]] if name in leads and name not in path]
        fronts = after


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that training needs of a collection, which may be closed, and written to, while it goes on."""

    examples: list[HopExample]
    pool: Pool
    embedder: Encoder


def gather(
    collection: Collection,
    *,
    questions: Path | None = None,
    hops: int = 20_000,
    seed: int = 0,
    watcher: TrainingWatcher,
) -> Gathered:
    """Return examples from a collection: up to `hops` from its passages, and those of a file of questions.

    Raises:
        CallerError: if there are none, or the file cannot be read.
    """
    asked = read(questions) if questions else []
    pool = of_collection(collection, most=MOST_PASSAGES, seed=seed)
    if len(pool.passages) == MOST_PASSAGES:
        watcher.say(f"the collection is large: a sample of {MOST_PASSAGES:,} passages is trained on")
    made = list(examples(asked, pool))
    used = len({example.question for example in made})
    if used < len(asked):
        watcher.say(
            f"{len(asked) - used} of {len(asked)} questions are of no use here: their gold passages are not in the "
            "collection, or do not lead to each other"
        )
    made += list(hops_of(pool, seed=seed, most=hops)) if hops else []
    if not made:
        raise CallerError(
            f"collection {collection.name!r} gives no examples: no passage names another; give --questions FILE"
        )
    return Gathered(made, pool, collection.embedder)
