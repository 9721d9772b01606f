"""Questions that people asked, borrowed for other passages.

A question names the passage it starts from. Where another passage stands to another name as that one does to its own
("directed by", a film, a person), the question can be asked of it too, with the new title in the place of the old one.
So a few hundred questions become tens of thousands, in words that people use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.types import Passage
from ...core.words import content_words
from .names import own_names
from .questions import SURE, HopQuestion
from .seen import Seen, bare_title, predicate, seen_in

FEWEST = 3  # points for likeness below which nothing is borrowed
CHOICE = 8  # the most alike, among which chance decides
BESIDE = 2  # points for a word beside the name, against one for a word of what either passage is
LEFT, RIGHT = 4, 2  # words beside the name that count
OPENING = 6  # words that say what a passage is about


@dataclass(frozen=True, slots=True)
class Form:
    """A question with a gap for the title, and what marks the link it was asked about."""

    before: str
    after: str
    beside: frozenset[str]
    about: frozenset[str]


class Borrowed:
    """A template that asks a known question of a new passage, or nothing where none fits."""

    def __init__(self, questions: Sequence[HopQuestion]) -> None:
        self._forms = [form for asked in questions for form in _forms(asked)]
        self._by_word: dict[str, list[int]] = {}
        for number, form in enumerate(self._forms):
            for word in form.beside:
                self._by_word.setdefault(word, []).append(number)

    def __len__(self) -> int:
        return len(self._forms)

    def __call__(self, seen: Seen, chance: np.random.Generator) -> str:
        """Return a question, chosen by chance among the most alike."""
        points: Counter[int] = Counter()
        for word in _beside(seen):
            points.update(dict.fromkeys(self._by_word.get(word, ()), BESIDE))
        about = _about(seen)
        for number in points:
            points[number] += len(about & self._forms[number].about)
        alike = [number for number, count in points.most_common(CHOICE) if count >= FEWEST]
        if not alike:
            return ""
        form = self._forms[alike[int(chance.integers(len(alike)))]]
        return f"{form.before}{bare_title(seen.passage)}{form.after}"


def _forms(asked: HopQuestion) -> Iterator[Form]:
    gold = [Passage("", "", one.get("title") or "", "", one["text"]) for one in asked.gold if not isinstance(one, str)]
    for start in gold:
        title = bare_title(start) if start.title else ""
        gap = re.search(re.escape(title), asked.question, re.IGNORECASE) if len(title) > 2 else None
        for end in gold if gap else ():
            named = bool(end.title) and bare_title(end).lower() in asked.question.lower()
            if end is start or named:
                continue
            seen = _link(start, end)
            if gap and seen:
                before, after = asked.question[: gap.start()], asked.question[gap.end() :]
                yield Form(before, after, frozenset(_beside(seen)), frozenset(_about(seen)))


def _link(start: Passage, end: Passage) -> Seen | None:
    keys = [key for key, kind in own_names(end) if kind <= SURE]
    found = (seen_in(start, key, end) for key in sorted(keys, key=lambda key: (-len(key), key)))
    return next((seen for seen in found if seen), None)


def _beside(seen: Seen) -> list[str]:
    return [*content_words(seen.before)[-LEFT:], *content_words(seen.after)[:RIGHT]]


def _about(seen: Seen) -> set[str]:
    return {word for one in (seen.passage, seen.target) for word in content_words(predicate(one))[:OPENING]}
