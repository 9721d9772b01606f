"""Finding in a text the names that documents bear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from ..retriever import Retriever
from ..store.names import Kind, fuzzy_key
from ..words import STOP, WORD, capital_spans, is_capital, name_key

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


class _How(Enum):
    EXACT = 0
    FUZZY = 1
    LOWER = 2


@dataclass(frozen=True, slots=True)
class _Try:
    start: int
    end: int
    key: str
    how: _How

    def accepted(self, bearers: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """Return the bearers that make this a mention, or none."""
        if self.how is _How.LOWER:
            bearers = [bearer for bearer in bearers if bearer[1] in SURE]
        return tuple(bearers) if len(bearers) <= (COMMON_FUZZY if self.how is _How.FUZZY else COMMON) else ()


def mentions(
    texts: Sequence[str], retriever: Retriever, *, where: str = "", question: bool = False
) -> list[list[Mention]]:
    """Return the mentions in each text, left to right, the longest first, not overlapping; one look-up for all texts.

    In a passage a name begins with a capital, or is up to three lower-case words that some document is called. In a
    `question`, which people type carelessly, it may begin with any word but must hold a capital.
    """
    tries = [_tries(text, question) for text in texts]
    # Whole names first: a retriever that has to search for each of them asks for a few only.
    whole = [name_key(span) for text in texts for span in capital_spans(text)]
    known = {attempt.key for one in tries for attempt in one}
    keys = dict.fromkeys([*(key for key in whole if key in known), *sorted(known)])
    found = retriever.bearers(list(keys), COMMON, where=where)
    return [_choose(one, found) for one in tries]


def _choose(tries: Sequence[_Try], found: Mapping[str, Sequence[tuple[str, int]]]) -> list[Mention]:
    chosen: list[Mention] = []
    free = 0
    for attempt in tries:
        if attempt.start < free or attempt.key not in found:
            continue
        if bearers := attempt.accepted(found[attempt.key]):
            chosen.append(Mention(attempt.key, bearers))
            free = attempt.end
    return chosen


@lru_cache(maxsize=4_096)
def _tries(text: str, question: bool) -> tuple[_Try, ...]:  # noqa: FBT001 - a cache key, not an interface
    """Return the keys to try in a text, in the order in which they are tried."""
    words = [match.group() for match in WORD.finditer(text)][:MOST_WORDS]
    folded = [name_key(word) for word in words]
    capital = [is_capital(word) for word in words]
    tries: list[_Try] = []
    for start in range(len(words)):
        if capital[start] or question:
            tries += _named_at(folded, capital, start, LONGEST_IN_QUESTION if question else LONGEST)
        elif folded[start] not in STOP:
            tries += _lower_at(folded, capital, start)
    return tuple(tries)


def _named_at(folded: list[str], capital: list[bool], start: int, longest: int) -> Iterator[_Try]:
    """Yield exact keys, longest first; then first name and last name; then the word alone."""
    count = len(folded)
    for end in range(min(start + longest, count), start + 1, -1):
        if capital[start] or any(capital[start:end]):
            yield _Try(start, end, " ".join(folded[start:end]), _How.EXACT)
    for end in (start + 3, start + 2):
        if end <= count and all(capital[start:end]) and (key := fuzzy_key(" ".join(folded[start:end]))):
            yield _Try(start, end, key, _How.FUZZY)
    word = folded[start]
    if capital[start] and word not in STOP and not (word.isdigit() and len(word) < SHORTEST_NUMBER):
        yield _Try(start, start + 1, word, _How.EXACT)


def _lower_at(folded: list[str], capital: list[bool], start: int) -> Iterator[_Try]:
    """Yield keys without a capital that neither begin nor end with a function word."""
    for end in (start + LONGEST_LOWER, start + 2, start + 1):
        if end <= len(folded) and folded[end - 1] not in STOP and not any(capital[start:end]):
            yield _Try(start, end, " ".join(folded[start:end]), _How.LOWER)
