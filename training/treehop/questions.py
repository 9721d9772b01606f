"""Examples from questions whose gold passages are known: `{question, gold, ordered, distractors}`, a JSON line each.

A gold passage is `{title, text}`, or a string: a passage id, a document key, or a title.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...core.errors import CallerError
from ...core.files import read_rows
from ...core.types import Passage
from ...core.words import name_key
from .examples import Example
from .names import own_names
from .pool import Pool, key_of

MOST_GOLD = 12
SURE = 2  # kinds of names up to `SHORT`: an alias is too weak a sign that one passage leads to another


@dataclass(frozen=True, slots=True)
class HopQuestion:
    """A question of a file: its gold passages and others that are known to be wrong, as (title, text) or by name.

    `answer` is empty where the file has none.
    """

    place: str
    question: str
    gold: tuple[Any, ...]
    ordered: bool = False
    distractors: tuple[Any, ...] = ()
    answer: str = ""

    def texts(self, *, distractors: bool = True) -> Iterator[tuple[str, str]]:
        """Yield (title, text) of the passages that the file itself holds."""
        given = (*self.gold, *self.distractors) if distractors else self.gold
        yield from (_pair(one) for one in given if not isinstance(one, str))

    def identities(self) -> Iterator[str]:
        """Yield the identities of the gold passages that the file itself holds."""
        yield from (key_of(*_pair(one)) for one in self.gold if not isinstance(one, str))


def read(path: Path, *, untitled: bool = False) -> list[HopQuestion]:
    """Return the questions of a file, with `untitled` without the titles of their passages.

    Raises:
        CallerError: for a file or a line that cannot be read; it names the place.
    """
    found = [_asked(place, row, untitled=untitled) for place, row in read_rows(path)]
    if not found:
        raise CallerError(f"{str(path)!r} holds no questions; give JSON lines with `question` and `gold`")
    return found


def texts_of(path: Path, *, untitled: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (title, text) of a file of passages."""
    for place, row in read_rows(path):
        yield _pair(_passage(place, row, untitled=untitled))


def examples(questions: Sequence[HopQuestion], pool: Pool, *, pairs: bool = False) -> Iterator[Example]:
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
            yield Example(asked.question, path, tuple(leads[path[-1]]), wrong, "questions")


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
        found = self._known.get(one if isinstance(one, str) else key_of(*_pair(one)), [])
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


def _asked(place: str, row: Mapping[str, Any], *, untitled: bool) -> HopQuestion:
    question, gold = row.get("question"), row.get("gold")
    if not isinstance(question, str) or not question.strip():
        raise CallerError(f"{place}: its question is {question!r}; a text is expected")
    if not isinstance(gold, list) or not gold:
        raise CallerError(f"{place}: its gold is {gold!r:.60}; a list of passages, at least one, is expected")
    checked = tuple(_passage(place, one, untitled=untitled) for one in gold)
    wrong = tuple(_passage(place, one, untitled=untitled) for one in row.get("distractors") or ())
    answer = row.get("answer")
    return HopQuestion(
        place, question, checked, row.get("ordered") is True, wrong, "" if answer is None else str(answer).strip()
    )


def _passage(place: str, one: Any, *, untitled: bool) -> Any:
    if isinstance(one, str) and one.strip():
        return one
    if isinstance(one, dict) and isinstance(one.get("text"), str) and one["text"].strip():
        return {"text": one["text"]} if untitled else one
    raise CallerError(f"{place}: {one!r:.80} is no passage; an object with title and text, or a key, is expected")


def _pair(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one.get("title") or ""), one["text"]
