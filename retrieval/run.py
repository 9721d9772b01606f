"""What a run works with: the question's words and vector, and the passages it has met, in bounded memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..core.types import Passage, Vectors
from ..core.words import STOP, content_words, word_key
from ..store.names import Kind, names_of
from .query.understood import Understood
from .retriever import Retriever

#: How much a name of each kind is worth, from a title to an inexact match.
WORTH = {Kind.TITLE: 1.0, Kind.LEAD: 0.9, Kind.SHORT: 0.7, Kind.ALIAS: 0.6, Kind.FUZZY: 0.5}


#: Passages of a document that a link to it may lead to. A longer document is met further in by search.
HEADS = 8


class Known(NamedTuple):
    """A passage with what every judgement of it needs; `words` are its word keys."""

    passage: Passage
    vector: Vectors
    cosine: float
    words: frozenset[str]

    def names(self) -> Mapping[str, int]:
        """Return the names it bears; only the first passage of a document opens with the document's."""
        return _names(self.passage.title, self.passage.text if self.passage.place == 0 else "")


class Run:
    """The memory of one run. It is derived: a resumed run fills it again from the record.

    Args:
        capacity: passages to keep; the least recently used are forgotten and read again when needed.
        k: passages that are asked for in the end; a search has to look that deep.
    """

    def __init__(
        self, retriever: Retriever, question: str, where: str = "", *, capacity: int = 4_000, k: int = 0
    ) -> None:
        self.retriever = retriever
        self.question = question
        self.where = where
        self.k = k
        #: what the question says besides itself, where it says anything
        self.understood: Understood | None = None
        self.gone: set[str] = set()
        #: what earlier searches found, and the passages that were gone on from; the search node says so
        self.found: frozenset[str] = frozenset()
        self.expanded: frozenset[str] = frozenset()
        #: vectors that an updater derived, by its checkpoint and the path; bounded by the queries of a run
        self.derived: dict[tuple[str, ...], Vectors] = {}
        self._capacity = capacity
        self._vector: Vectors | None = None
        self._weights: dict[str, float] | None = None
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._rarity: dict[str, float] = {}
        self._embedded: dict[str, Vectors] = {}
        self._heads: dict[str, Sequence[str]] = {}
        self._covered: dict[frozenset[str], float] = {}

    @property
    def vector(self) -> Vectors:
        """Return the question's unit vector, shape (dimension,)."""
        # Not a `cached_property`: up to Python 3.11 that lets only one thread compute, of all runs.
        if self._vector is None:
            self._vector = self.retriever.embedder.encode_queries([self.question])[0]
        return self._vector

    @property
    def weights(self) -> dict[str, float]:
        """Return the rarity of each word key of the question."""
        if self._weights is None:
            self._weights = self._weigh()
        return self._weights

    def _weigh(self) -> dict[str, float]:
        words = list(dict.fromkeys(content_words(self.question)))
        self._count(words)
        weights: dict[str, float] = {}
        for word in words:
            weights[word_key(word)] = max(weights.get(word_key(word), 0.0), self._rarity[word])
        return weights

    def load(self, ids: Iterable[str]) -> None:
        """Read the passages that are not known yet, all in one go; those that no longer exist are noted in `gone`."""
        new = [name for name in dict.fromkeys(ids) if name not in self._known and name not in self.gone]
        if not new:
            return
        passages, vectors = self.retriever.passages(new), self.retriever.vectors(new)
        for name in new:
            if name not in passages or name not in vectors:
                self.gone.add(name)
                continue
            passage, vector = passages[name], vectors[name]
            self._known[name] = Known(passage, vector, float(vector @ self.vector), _words(passage.title, passage.text))
        while len(self._known) > max(self._capacity, len(new)):
            self._known.popitem(last=False)

    def known(self, name: str) -> Known | None:
        """Return a passage, or None if it is gone."""
        if name not in self._known:
            self.load([name])
        elif len(self._known) > self._capacity // 2:
            self._known.move_to_end(name)
        return self._known.get(name)

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors of the passages that are there."""
        self.load(ids)
        return {name: known.vector for name in ids if (known := self.known(name)) is not None}

    def embed(self, text: str) -> Vectors:
        """Return a text's unit vector; a run asks for the same few texts again after each hop."""
        if text == self.question:
            return self.vector
        if text not in self._embedded:
            self._embedded[text] = self.retriever.embedder.encode_queries([text])[0]
        return self._embedded[text]

    def lacking(self, words: frozenset[str]) -> str:
        """Return the question without the words that `words` hold; function words stay, and at least one word."""
        kept = []
        for word in self.question.split():
            meant = content_words(word)
            if not meant or word_key(meant[0]) not in words:
                kept.append(word)
        return " ".join(kept) or self.question

    def covered(self, words: frozenset[str], among: Iterable[str] | None = None) -> float:
        """Return the share, by rarity, of the question's words (or of those `among` them) that `words` hold."""
        if among is None and words in self._covered:
            return self._covered[words]
        weights = self.weights
        wanted = weights if among is None else among
        total = sum(weights.values()) or 1.0
        share = sum(weights[key] for key in wanted if key in words) / total
        if among is None:
            self._covered[words] = share
        return share

    def rarity(self, key: str) -> float:
        """Return how rare a name is, from 0 to 1: as its rarest word, or the last one of an inexact name."""
        words = [key.split("*")[1]] if "*" in key else [word for word in key.split() if word not in STOP]
        self._count(words)
        return max((self._rarity[word] for word in words), default=0.0)

    def prepare(self, keys: Iterable[str]) -> None:
        """Count the words of many names at once, before `rarity` is asked for each."""
        self._count([word for key in keys for word in key.replace("*", " ").split()])

    def nearest(self, bearers: Sequence[tuple[str, int]], most: int) -> list[tuple[Known, Kind]]:
        """Return (passage, kind) for the bearers to follow, each document by its passage nearest to the question.

        The surest kind first, then the nearest, then by id. Call `meet` with all bearers before.
        """
        found = []
        for document, kind in bearers:
            there = [known for name in self._heads.get(document, ()) if (known := self.known(name)) is not None]
            if there:
                best = min(there, key=lambda known: (-round(known.cosine, 6), known.passage.id))
                found.append((-WORTH[Kind(kind)], -round(best.cosine, 6), best.passage.id, best, Kind(kind)))
        return [(best, kind) for _, _, _, best, kind in sorted(found, key=lambda bearer: bearer[:3])[:most]]

    def meet(self, documents: Iterable[str]) -> None:
        """Read the first passages of documents that are about to be followed, all in one go."""
        new = [document for document in dict.fromkeys(documents) if document not in self._heads]
        if new:
            self._heads.update(self.retriever.heads(new, HEADS, where=self.where))
            self.load(name for document in new for name in self._heads.get(document, ()))

    def texts(self, ids: Sequence[str]) -> list[str]:
        """Return the texts of passages that are there."""
        return [known.passage.text for known in map(self.known, ids) if known is not None]

    def _count(self, words: Sequence[str]) -> None:
        new = [word for word in dict.fromkeys(words) if word not in self._rarity]
        if not new:
            return
        counts, total = self.retriever.frequency(new)
        for word in new:
            # Where nothing is known of frequencies every word counts alike.
            self._rarity[word] = (
                math.log((total + 1) / (counts.get(word, 0) + 1)) / math.log(total + 1) if total else 1.0
            )


@lru_cache(maxsize=16_384)
def _words(title: str, text: str) -> frozenset[str]:
    return frozenset(map(word_key, set(content_words(f"{title} {text}"))))


@lru_cache(maxsize=4_096)
def _names(title: str, opening: str) -> Mapping[str, int]:
    return dict(names_of(title, opening))
