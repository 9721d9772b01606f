"""One question on its way: its parts, its clock, its words and vector, and the passages it has met."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..core.errors import CallerError
from ..core.telemetry import RunTrace, new_id
from ..core.types import Block, Passage, Spent, Vectors
from ..core.words import STOP, content_words, word_key
from ..store.names import Kind, names_of
from .candidate import Candidate, Understood
from .query.clauses import clauses
from .retriever import Retriever

if TYPE_CHECKING:
    from ..core.llm.gateway import Gateway
    from .config import Config

#: The weight of a name by its kind, from a title to an inexact match.
KIND_WEIGHT = {Kind.TITLE: 1.0, Kind.LEAD: 0.9, Kind.SHORT: 0.7, Kind.ALIAS: 0.6, Kind.FUZZY: 0.5}


#: Passages of a document that a link to it may lead to. A longer document is met further in by search.
HEADS = 8


class LoadedPassage(NamedTuple):
    """A passage with what every judgement of it needs; `words` are its word keys."""

    passage: Passage
    vector: Vectors
    cosine: float
    words: frozenset[str]

    def names(self) -> Mapping[str, int]:
        """Return the names it bears; only the first passage of a document opens with the document's."""
        blocks = self.passage.layout.blocks if self.passage.layout else ()
        return _names(self.passage.title, self.passage.text if self.passage.place == 0 else "", blocks)


class Run:
    """One question on its way: what is asked, the parts that answer it, its clock, and what it has met so far.

    The memory is derived: a resumed run fills it again from the record, and `about` empties it for anything else that
    is asked. A run is for one question; `begin` refuses a second one.

    Args:
        retriever: where the passages are.
        question: what is looked for, where it is known already; the nodes of a graph say it with `about`.
        where: a filter.
        k: passages that are asked for in the end; a search has to look that deep.
        config: the parts; those of the default configuration if none is given.
        llm: the way to language models, if there is one.
        cancelled: set by whoever wants the run to end.
        capacity: passages to keep; the least recently used are forgotten and read again when needed.
    """

    def __init__(
        self,
        retriever: Retriever,
        question: str = "",
        where: str = "",
        *,
        k: int = 0,
        config: Config | None = None,
        llm: Gateway | None = None,
        cancelled: threading.Event | None = None,
        capacity: int = 4_000,
    ) -> None:
        #: what its log lines, its trace and its result bear; ids sort by when runs were made
        self.id = new_id()
        #: its spans, where somebody traces
        self.trace: RunTrace | None = None
        self.retriever = retriever
        self.llm = llm
        self.cancelled = cancelled or threading.Event()
        #: when it began; until then when it was made, since a question may wait for its turn
        self.started = time.monotonic()
        #: hears the events of the run as they happen
        self.emit: Callable[[Any], None] = _nobody
        #: whether somebody listens to the pieces of an answer as they are written
        self.heard = False
        self._config = config
        self._begun = False
        self._resumed = False
        self._capacity = capacity
        self._ask(question, where, k, None)

    def _ask(self, question: str, where: str, k: int, understood: Understood | None) -> None:
        self.question, self.where, self.k = question, where, k
        #: what the question says besides itself, where it says anything
        self.understood = understood
        self.gone: set[str] = set()
        #: what earlier searches found, and the passages that were expanded; the search node says so
        self.found: frozenset[str] = frozenset()
        self.expanded: frozenset[str] = frozenset()
        #: every way to each passage found; the steps that look again say so
        self.ways: Mapping[str, Sequence[Candidate]] = {}
        #: vectors that an updater derived, by its checkpoint and the path; bounded by the queries of a run
        self.derived: dict[tuple[str, ...], Vectors] = {}
        self._vector: Vectors | None = None
        self._clauses: Vectors | None = None
        self._weights: dict[str, float] | None = None
        self._known: OrderedDict[str, LoadedPassage] = OrderedDict()
        self._rarity: dict[str, float] = {}
        self._embedded: dict[str, Vectors] = {}
        self._heads: dict[str, Sequence[str]] = {}
        self._covered: dict[frozenset[str], float] = {}

    @property
    def config(self) -> Config:
        """Return the parts of the run."""
        if self._config is None:
            from .config import Config  # it knows the parts, which know the run

            self._config = Config()
        return self._config

    def begin(self) -> None:
        """Start the clock; the first node of a run says so.

        Raises:
            CallerError: where this run has begun before; its memory, budget and clock are used up.
        """
        if self._begun:
            raise CallerError("this run has had its question; make a new one for each")
        self._begun, self.started = True, time.monotonic()

    def pause(self, seconds: float) -> None:
        """Leave out of the run's time what it has waited for other runs."""
        self.started += seconds
        if self.llm is not None:
            self.llm.deadline += seconds

    def expired(self) -> bool:
        """Say whether the run is to end now, whatever else could be done."""
        return self.cancelled.is_set() or time.monotonic() - self.started >= self.config.seconds

    def about(self, question: str, where: str, k: int, understood: Understood | None = None) -> None:
        """Say what is asked; where that is something else than before the memory is empty again."""
        if (self.question, self.where, self.k, self.understood) != (question, where, k, understood):
            self._ask(question, where, k, understood)

    def model(self, spent: Sequence[Spent] = ()) -> Gateway | None:
        """Return the way to language models, if there is one; it ends with the run.

        Args:
            spent: what the run had spent before it was resumed; it counts.
        """
        if self.llm is not None and not self._resumed:
            self.llm.resume(spent)
            self.llm.deadline = min(self.llm.deadline, self.started + self.config.seconds)
            self._resumed = True
        return self.llm

    @property
    def vector(self) -> Vectors:
        """Return the question's unit vector, shape (dimension,)."""
        # Not a `cached_property`: up to Python 3.11 that lets only one thread compute, of all runs.
        if self._vector is None:
            self._vector = self.retriever.embedder.encode_queries([self.question])[0]
        return self._vector

    @property
    def clauses(self) -> Vectors:
        """Return the unit vectors of the question's clauses, shape (clauses, dimension): none if it is of one piece."""
        if self._clauses is None:
            texts = list(clauses(self.question))
            made = self.retriever.embedder.encode_queries(texts) if texts else np.zeros((0, len(self.vector)))
            self._clauses = np.asarray(made, np.float32)
        return self._clauses

    @property
    def weights(self) -> dict[str, float]:
        """Return the rarity of each word key of the question."""
        if self._weights is None:
            words = list(dict.fromkeys(content_words(self.question)))
            self._count(words)
            self._weights = {}
            for key, rarity in ((word_key(word), self._rarity[word]) for word in words):
                self._weights[key] = max(self._weights.get(key, 0.0), rarity)
        return self._weights

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
            self._known[name] = LoadedPassage(
                passage, vector, float(vector @ self.vector), _words(passage.title, passage.text)
            )
        while len(self._known) > max(self._capacity, len(new)):
            self._known.popitem(last=False)

    def known(self, name: str) -> LoadedPassage | None:
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

    def nearest(self, bearers: Sequence[tuple[str, int]], most: int) -> list[tuple[LoadedPassage, Kind]]:
        """Return (passage, kind) for the bearers to follow, each document by its passage nearest to the question.

        The surest kind first, then the nearest, then by id. Call `meet` with all bearers before.
        """
        found = []
        for document, kind in bearers:
            there = [known for name in self._heads.get(document, ()) if (known := self.known(name)) is not None]
            if there:
                best = min(there, key=lambda known: (-round(known.cosine, 6), known.passage.id))
                found.append((-KIND_WEIGHT[Kind(kind)], -round(best.cosine, 6), best.passage.id, best, Kind(kind)))
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


def _nobody(event: Any) -> None:
    """Hear an event of a run that nobody listens to."""


@lru_cache(maxsize=16_384)
def _words(title: str, text: str) -> frozenset[str]:
    return frozenset(map(word_key, set(content_words(f"{title} {text}"))))


@lru_cache(maxsize=4_096)
def _names(title: str, opening: str, blocks: tuple[Block, ...]) -> Mapping[str, int]:
    return dict(names_of(title, opening, blocks))
