"""Words of requests and tools: identifiers in their parts, crude stems, and words that were run together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ...core.words import STOP, fold
from ...store.lexical import analyse

_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_ENDINGS = ("ational", "ator", "ations", "ation", "ions", "ion", "ate", "or", "er", "ive", "ment", "al", "ly")

# A word is taken apart only if it is long and hardly ever written on its own.
LONG, RARE = 8, 3
LONGEST_PART, MOST_PARTS = 14, 5
_INSIDE = frozenset({"by", "in", "of", "to"})
_COST = 3.0


def parts(text: str) -> list[str]:
    """Return the words of a text in lower case, `getTeamStats` and `get_team_stats` as three."""
    found: list[str] = []
    for word in _WORD.findall(analyse(text)):
        if word.isalpha() and (word.islower() or not word.isascii()):
            found.append(fold(word))
        else:
            found += map(fold, _PART.findall(word))
    return found


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return a word without its commonest English endings, so that calculation, calculator and calculate are one.

    Too crude for prose; what it confuses is seldom in one catalogue.
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _verb(_singular(word))
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return f"{word[:-1]}i" if len(word) > 3 and word.endswith("y") else word


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is", "ews")) else word


def _verb(word: str) -> str:
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and not root.endswith("e") and any(letter in "aeiouy" for letter in root):
            return root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
    return word


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How often each word stands in the descriptions of a catalogue."""

    counts: dict[str, int]
    total: int

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        """Count the words of texts."""
        counts: dict[str, int] = {}
        for text in texts:
            for word in parts(text):
                counts[word] = counts.get(word, 0) + 1
        return cls(counts, max(1, sum(counts.values())))

    def apart(self, word: str) -> list[str]:
        """Return the likeliest words that a run-together one is made of (`getrandommovie`), or nothing.

        Each part costs its rarity and a constant; the cheapest way through is found left to right (Viterbi).
        """
        if len(word) < LONG or self.counts.get(word, 0) >= RARE or not (word.isascii() and word.isalpha()):
            return []
        size = len(word)
        best, came = [0.0] + [-math.inf] * size, [0] * (size + 1)
        for end in range(2, size + 1):
            for start in range(max(0, end - LONGEST_PART), end - 1):
                worth = self._worth(word[start:end], start, size - end) if best[start] > -math.inf else 0.0
                if worth and best[start] + worth > best[end]:
                    best[end], came[end] = best[start] + worth, start
        if best[size] == -math.inf:
            return []
        found = list(_back(word, came))
        return found if 1 < len(found) <= MOST_PARTS else []

    def _worth(self, part: str, before: int, after: int) -> float:
        count = self.counts.get(part, 0)
        inside = before and after and part in _INSIDE
        if count < RARE or ((len(part) < 3 or part in STOP) and not inside):
            return 0.0
        return math.log(count / self.total) - _COST


def _back(word: str, came: list[int]) -> Iterator[str]:
    """Yield the parts of the best way, first to last."""
    cuts = [len(word)]
    while cuts[-1]:
        cuts.append(came[cuts[-1]])
    cuts.reverse()
    for start, end in pairwise(cuts):
        yield word[start:end]
