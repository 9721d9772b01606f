"""Finding in a text the names that documents bear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate

from ...core.words import STOP, WORD, capital_spans, is_capital, name_key
from ...store.names import Kind, fuzzy_key
from ..retriever import Retriever

LONGEST = 8
LONGEST_IN_QUESTION = 12
LONGEST_LOWER = 3
SHORTEST_NUMBER = 5
MOST_WORDS = 600
# A name that more documents bear says nothing; an inexact one says nothing sooner.
COMMON = 60
COMMON_FUZZY = 10
# In lower case only what a document is called counts: every noun is somebody's alias.
SURE = (Kind.TITLE, Kind.LEAD)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text and who bears it: (document key, kind)."""

    key: str
    bearers: tuple[tuple[str, int], ...]


class _How(IntEnum):
    EXACT = 0
    FUZZY = 1
    LOWER = 2

    def accepted(self, bearers: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """Return the bearers that make a name read in this way a mention, or none."""
        if self is _How.LOWER:
            bearers = [bearer for bearer in bearers if bearer[1] in SURE]
        return tuple(bearers) if len(bearers) <= (COMMON_FUZZY if self is _How.FUZZY else COMMON) else ()


@dataclass(slots=True)
class _Tries:
    """The keys to try in a text, in this order, the words each begins at and ends before, and how it is read.

    A passage has hundreds, so they are kept in columns of plain values, which cost the garbage collector nothing.
    """

    keys: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    hows: list[int] = field(default_factory=list)

    def add(self, start: int, ends: Sequence[int], keys: Sequence[str], how: _How) -> None:
        """Add keys that begin at one word."""
        self.keys += keys
        self.starts += [start] * len(keys)
        self.ends += ends
        self.hows += [int(how)] * len(keys)


def mentions(
    texts: Sequence[str], retriever: Retriever, *, where: str = "", question: bool = False
) -> list[list[Mention]]:
    """Return the mentions in each text, left to right, the longest first, not overlapping; one look-up for all texts.

    In a passage a name begins with a capital, or is up to three lower-case words that some document is called. In a
    `question`, which people type carelessly, it may begin with any word but must hold a capital.
    """
    tries = [_tries(text, question) for text in texts]
    keys = sorted({key for one in tries for key in one.keys})
    if hasattr(retriever, "NAMES_PER_CALL"):  # it has to search for each name and asks for a few only
        keys = _whole_first(texts, keys)
    found = retriever.bearers(keys, COMMON, where=where)
    return [_choose(one, found) for one in tries]


def _whole_first(texts: Sequence[str], keys: Sequence[str]) -> list[str]:
    known = set(keys)
    whole = (name_key(span) for text in texts for span in capital_spans(text))
    return list(dict.fromkeys([*(key for key in whole if key in known), *keys]))


def _choose(tries: _Tries, found: Mapping[str, Sequence[tuple[str, int]]]) -> list[Mention]:
    chosen: list[Mention] = []
    free = 0
    for place, key in enumerate(tries.keys):
        if key not in found or tries.starts[place] < free:
            continue
        if bearers := _How(tries.hows[place]).accepted(found[key]):
            chosen.append(Mention(key, bearers))
            free = tries.ends[place]
    return chosen


class _KeyedWords:
    """The words of a text as keys; a key of several words is a slice of all of them."""

    def __init__(self, text: str) -> None:
        words = [match.group() for match in WORD.finditer(text)][:MOST_WORDS]
        self.folded = [word.lower() if word.isascii() and word.isalnum() else name_key(word) for word in words]
        self.capital = [is_capital(word) for word in words]
        self._joined = " ".join(self.folded)
        self._places = list(accumulate((len(word) + 1 for word in self.folded), initial=0))
        self._capitals = list(accumulate(self.capital, initial=0))

    def keys(self, start: int, ends: Sequence[int]) -> list[str]:
        """Return the words from `start` up to each of the ends as one key."""
        joined, places, first = self._joined, self._places, self._places[start]
        return [joined[first : places[end] - 1] for end in ends]

    def capitals(self, start: int, end: int) -> int:
        """Return how many of these words begin like a name."""
        return self._capitals[end] - self._capitals[start]


@lru_cache(maxsize=4_096)
def _tries(text: str, question: bool) -> _Tries:  # noqa: FBT001 - a cache key, not an interface
    """Return the keys to try in a text, in the order in which they are tried."""
    words = _KeyedWords(text)
    tries = _Tries()
    for start, (word, capital) in enumerate(zip(words.folded, words.capital, strict=True)):
        if capital or question:
            _add_named(tries, words, start, LONGEST_IN_QUESTION if question else LONGEST)
        elif word not in STOP:
            _add_lower(tries, words, start)
    return tries


def _add_named(tries: _Tries, words: _KeyedWords, start: int, longest: int) -> None:
    """Add exact keys, longest first; then first name and last name; then the word alone."""
    count, word, capital = len(words.folded), words.folded[start], words.capital[start]
    ends: Sequence[int] = range(min(start + longest, count), start + 1, -1)
    if not capital:
        ends = [end for end in ends if words.capitals(start, end)]
    tries.add(start, ends, words.keys(start, ends), _How.EXACT)
    for end in (start + 3, start + 2) if capital else ():
        if end <= count and words.capitals(start, end) == end - start:
            (whole,) = words.keys(start, [end])
            if key := fuzzy_key(whole):
                tries.add(start, [end], [key], _How.FUZZY)
    if capital and word not in STOP and not (word.isdigit() and len(word) < SHORTEST_NUMBER):
        tries.add(start, [start + 1], [word], _How.EXACT)


def _add_lower(tries: _Tries, words: _KeyedWords, start: int) -> None:
    """Add keys without a capital that neither begin nor end with a function word."""
    last = min(start + LONGEST_LOWER, len(words.folded))
    ends = [
        end for end in range(last, start, -1) if words.folded[end - 1] not in STOP and not words.capitals(start, end)
    ]
    tries.add(start, ends, words.keys(start, ends), _How.LOWER)


Words = Sequence[re.Match[str]]
_JOINING = " '\"“”.-’"


def locate(key: str, text: str) -> tuple[int, int] | None:
    """Return (start, end) in characters of a name with this key, or None where it does not stand.

    Of several places the first is taken that is no part of a longer name, if there is one. Keys of inexact names are
    looked for as `mentions` found them: by the start of the first and by the last of two or three capitalised words.
    """
    if not key:
        return None
    words = list(WORD.finditer(text))
    folded = [name_key(word.group()) for word in words]
    places = list(_inexact(key, words, folded) if "*" in key else _exact(key.split(), folded))
    if not places:
        return None
    first, last = next((place for place in places if _whole(*place, words, text)), places[0])
    return words[first].start(), words[last].end()


def _exact(wanted: list[str], folded: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places (first word, last word) of these words."""
    for start in range(len(folded) - len(wanted) + 1):
        if folded[start] == wanted[0] and folded[start : start + len(wanted)] == wanted:
            yield start, start + len(wanted) - 1


def _inexact(key: str, words: Words, folded: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of capitalised words that have this inexact key."""
    capital = [is_capital(word.group()) for word in words]
    for start in range(len(words)):
        for end in (start + 3, start + 2):
            if end <= len(words) and all(capital[start:end]) and fuzzy_key(" ".join(folded[start:end])) == key:
                yield start, end - 1


def _whole(first: int, last: int, words: Words, text: str) -> bool:
    """Say whether no capitalised word joins the name on either side."""
    before = first > 0 and _joined(words[first - 1], words[first], text) and is_capital(words[first - 1].group())
    after = (
        last + 1 < len(words) and _joined(words[last], words[last + 1], text) and is_capital(words[last + 1].group())
    )
    return not before and not after


def _joined(one: re.Match[str], other: re.Match[str], text: str) -> bool:
    return not text[one.end() : other.start()].strip(_JOINING)
