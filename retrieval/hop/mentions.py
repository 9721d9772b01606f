"""Finding in a text the names that passages bear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..retriever import Retriever
from ..store.names import fuzzy_key
from ..words import STOP, WORD, ends_run, is_capital, name_key

LONGEST = 8
LONGEST_IN_QUESTION = 12
MOST_WORDS = 600
# A name that more passages bear says nothing; an inexact one says nothing sooner.
COMMON = 60
COMMON_FUZZY = 10


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text: its words [start, end), its key, and who bears it.

    `whole` is the share of the run of capitalised words that the name covers: `York` in `New York Times` is a third of one.
    """

    start: int
    end: int
    key: str
    whole: float
    bearers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A text as words (folded) with the mentions found in it, left to right, longest first, not overlapping."""

    words: list[str]
    mentions: list[Mention]


@dataclass(frozen=True, slots=True)
class _Words:
    """A text cut into words: folded forms, which are capitalised, and the run of capitals each stands in."""

    folded: list[str]
    capital: list[bool]
    run: list[int]


@dataclass(frozen=True, slots=True)
class _Try:
    end: int
    key: str
    fuzzy: bool


def read(texts: Sequence[str], retriever: Retriever, *, where: str = "", question: bool = False) -> list[Read]:
    """Find the mentions in several texts with one look-up.

    In a passage a name begins with a capital; in a `question`, which people type without capitals, it may begin with any word
    but must hold one.
    """
    cut = [_cut(text) for text in texts]
    longest = LONGEST_IN_QUESTION if question else LONGEST
    tries = [
        [(place, _tries(words, place, longest)) for place in range(len(words.folded)) if question or words.capital[place]]
        for words in cut
    ]
    keys = dict.fromkeys(attempt.key for one in tries for _, attempts in one for attempt in attempts)
    found = retriever.bearers(list(keys), COMMON, where=where)
    return [Read(words.folded, _choose(one, words, found)) for words, one in zip(cut, tries, strict=True)]


def _choose(
    tries: list[tuple[int, list[_Try]]], words: _Words, found: dict[str, list[tuple[str, int]]]
) -> list[Mention]:
    mentions: list[Mention] = []
    free = 0
    for place, attempts in tries:
        if place < free:
            continue
        for attempt in attempts:
            bearers = found.get(attempt.key, ())
            if bearers and len(bearers) <= (COMMON_FUZZY if attempt.fuzzy else COMMON):
                run = max(words.run[place : attempt.end])
                whole = min(1.0, (attempt.end - place) / run) if run else 1.0
                mentions.append(Mention(place, attempt.end, attempt.key, whole, tuple(bearers)))
                free = attempt.end
                break
    return mentions


def _tries(words: _Words, start: int, longest: int) -> list[_Try]:
    """Return the keys to try at a word: exact, longest first; then first name and last name; then the word alone."""
    count = len(words.folded)
    spans = [(end, False) for end in range(min(start + longest, count), start + 1, -1)]
    spans += [(end, True) for end in (start + 3, start + 2) if end <= count and all(words.capital[start:end])]
    spans.append((start + 1, False))
    tries = []
    for end, fuzzy in spans:
        key = " ".join(words.folded[start:end])
        if not key or key in STOP or (key.isdigit() and len(key) < 5):
            continue
        if not words.capital[start] and (end - start < 2 or not any(words.capital[start:end])):
            continue
        if key := fuzzy_key(key) if fuzzy else key:
            tries.append(_Try(end, key, fuzzy))
    return tries


def _cut(text: str) -> _Words:
    found = list(WORD.finditer(text))[:MOST_WORDS]
    folded = [name_key(match.group()) for match in found]
    capital = [is_capital(match.group()) for match in found]
    run = [0] * len(found)
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and capital[end] and folded[end] not in STOP:
            if end > start and ends_run(text[found[end - 1].end() : found[end].start()], len(found[end - 1].group())):
                break
            end += 1
        run[start:end] = [end - start] * (end - start)
        start = max(end, start + 1)
    return _Words(folded, capital, run)
