"""The words of a catalogue by field: name, description, inputs, and who offers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.words import STOP
from ..text import ARGUMENTS, DESCRIPTION, TAGS
from ..tool import Tool
from .terms import Vocabulary, parts, stem

Numbers = NDArray[np.float32]
Rows = NDArray[np.int64]

NAME, DESCRIBED, INPUTS, OFFERED = range(4)
FIELDS = 4

# BM25F (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", 2004): what a word in each
# field counts, and how far the field's length is made up for.
_WEIGHTS = np.array([2.0, 1.0, 0.5, 0.7])
_LENGTH = np.array([0.3, 0.6, 0.7, 0.3])
_K1 = 1.2
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
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

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
            if part not in self._known:
                pieces = [] if part in STOP else [part, *self.vocabulary.apart(part)]
                numbers = (self.terms.get(stem(piece)) for piece in pieces)
                self._known[part] = tuple(number for number in numbers if number is not None)
            found.update(dict.fromkeys(self._known[part]))
        return list(found)


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
