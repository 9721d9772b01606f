"""The words of a catalogue by field: name, description, inputs, and who offers it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...core.words import STOP, fold
from ...store.lexical import analyse
from ..tool import ARGUMENTS, DESCRIPTION, TAGS, Tool

Numbers = NDArray[np.float32]
Rows = NDArray[np.int64]

NAME, DESCRIBED, INPUTS, OFFERED = range(4)
FIELDS = 4

# BM25F (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", 2004): what a word in each
# field counts, and how far the field's length is made up for.
_WEIGHTS = np.array([2.0, 1.0, 0.5, 0.7])
_LENGTH = np.array([0.3, 0.6, 0.7, 0.3])
_K1 = 1.2
# How many words of requests are remembered; the longest unused are forgotten first.
REMEMBERED = 16_384
# What BM25 can come to at most, per unit of rarity.
CEILING = 1 + _K1
_SERVICE = re.compile(r"_for_(?!.*_for_)|__|::|/")


@dataclass(frozen=True)
class Lexicon:
    """An inverted index in memory: for each word the tools that have it, what it adds to BM25, and where it stands.

    `inside` holds for each occurrence the rarity of the word in the fields that have it, `totals` the rarity of all the
    words of a tool's field together, `group` a number for whoever offers the tool, and `groups` how many tools that one
    has.
    """

    vocabulary: Vocabulary
    terms: dict[str, int]
    rarity: Numbers
    starts: Rows
    tools: Rows
    worth: Numbers
    inside: Numbers
    totals: Numbers
    group: Rows
    groups: Rows
    _known: Callable[[str], tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = lru_cache(maxsize=REMEMBERED)(partial(_numbers, self.vocabulary, self.terms))
        object.__setattr__(self, "_known", known)

    @classmethod
    def of(cls, tools: Sequence[Tool]) -> Lexicon:
        """Index tools; 10,000 take about a second."""
        vocabulary = Vocabulary.of(tool.description[:DESCRIPTION] for tool in tools)
        terms: dict[str, int] = {}
        keys, lengths = _occurrences(tools, vocabulary, terms)
        pairs, counts = _pairs(keys)
        word, row = np.divmod(pairs, max(1, len(tools)))
        starts = np.searchsorted(word, np.arange(len(terms) + 1))
        found = np.diff(starts)
        rarity = np.log(1 + (len(tools) - found + 0.5) / (found + 0.5))
        average = np.maximum(lengths.mean(0) if len(tools) else np.ones(FIELDS), 1.0)
        scaled = ((counts / (1 - _LENGTH + _LENGTH * lengths[row] / average)) * _WEIGHTS).sum(1)
        there = (counts > 0) * rarity[word, None]
        totals = np.zeros((len(tools), FIELDS))
        np.add.at(totals, row, there)
        worth = rarity[word] * CEILING * scaled / (scaled + _K1)
        group, groups = _groups(tools)
        return cls(
            vocabulary,
            terms,
            rarity.astype(np.float32),
            starts,
            row,
            worth.astype(np.float32),
            there.astype(np.float32),
            totals.astype(np.float32),
            group,
            groups,
        )

    def bm25(self, words: Sequence[int]) -> Numbers:
        """Return the BM25 scores of all tools for these words."""
        scores = np.zeros(len(self.totals), np.float32)
        for word in words:
            span = self._span(word)
            scores[self.tools[span]] += self.worth[span]
        return scores

    def shared(self, words: Sequence[int], rows: Rows) -> Numbers:
        """Return the rarity of the words that some tools have in each field, shape (rows, `FIELDS`)."""
        place = np.full(len(self.totals), -1)
        place[rows] = np.arange(len(rows))
        found = np.zeros((len(rows), FIELDS), np.float32)
        for word in words:
            span = self._span(word)
            places = place[self.tools[span]]
            found[places[places >= 0]] += self.inside[span][places >= 0]
        return found

    def _span(self, word: int) -> slice:
        return slice(self.starts[word], self.starts[word + 1])

    def words(self, text: str) -> list[int]:
        """Return the distinct words of a text that the catalogue knows."""
        found: dict[int, None] = {}
        for part in parts(text):
            found.update(dict.fromkeys(self._known(part)))
        return list(found)


def _numbers(vocabulary: Vocabulary, terms: dict[str, int], part: str) -> tuple[int, ...]:
    """Return the numbers of a word and of those that it is made of, as far as the catalogue knows them."""
    pieces = [] if part in STOP else [part, *vocabulary.apart(part)]
    return tuple(number for piece in pieces if (number := terms.get(stem(piece))) is not None)


def apart(name: str) -> tuple[str, str]:
    """Return the service that a name says, if any, and the rest: `search_for_shop`, `shop__search`, `shop/search`."""
    mark = _SERVICE.search(name)
    if not mark:
        return "", name
    before, after = name[: mark.start()], name[mark.end() :]
    return (after, before) if mark[0] == "_for_" else (before, after)


def service(tool: Tool) -> str:
    """Return who offers a tool: its server, or what the name says."""
    return tool.server or apart(tool.name)[0]


def _groups(tools: Sequence[Tool]) -> tuple[Rows, Rows]:
    """Number the services; a tool that nobody is known to offer is alone."""
    numbers: dict[str, int] = {}
    group = [numbers.setdefault(service(tool) or f"\0{row}", len(numbers)) for row, tool in enumerate(tools)]
    numbered = np.array(group, np.int64)
    return numbered, np.bincount(numbered)[numbered] if len(tools) else numbered


def _occurrences(
    tools: Sequence[Tool], vocabulary: Vocabulary, terms: dict[str, int]
) -> tuple[list[Rows], NDArray[np.float64]]:
    """Return word * tools + tool for each occurrence, by field, and the lengths; `terms` gets the words' numbers."""
    keys: list[list[int]] = [[] for _ in range(FIELDS)]
    lengths = np.zeros((len(tools), FIELDS))
    size = max(1, len(tools))
    for row, tool in enumerate(tools):
        for place, words in enumerate(_fields(tool, vocabulary)):
            lengths[row, place] = len(words)
            keys[place] += [terms.setdefault(word, len(terms)) * size + row for word in words]
    return [np.array(one, np.int64) for one in keys], lengths


def _fields(tool: Tool, vocabulary: Vocabulary) -> Iterable[list[str]]:
    name = [piece for part in parts(tool.name) for piece in (part, *vocabulary.apart(part))]
    inputs = " ".join(f"{one.name} {one.description}" for one in tool.arguments)
    offered = " ".join((tool.server, *tool.tags))
    texts = (tool.description[:DESCRIPTION], inputs[:ARGUMENTS], offered[:TAGS])
    yield from ([stem(word) for word in words if word not in STOP] for words in (name, *map(parts, texts)))


def _pairs(keys: Sequence[Rows]) -> tuple[Rows, NDArray[np.float64]]:
    """Return the distinct keys in order and how often each stands in each field, shape (keys, fields)."""
    counted = [np.unique(one, return_counts=True) for one in keys]
    pairs = np.unique(np.concatenate([one for one, _ in counted]))
    counts = np.zeros((len(pairs), len(keys)))
    for place, (one, times) in enumerate(counted):
        counts[np.searchsorted(pairs, one), place] = times
    return pairs, counts


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
        counts = Counter(word for text in texts for word in parts(text))
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
