"""The engine of selection: a catalogue's words and vectors in memory, and what a request finds in them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from ...core.types import Vectors
from ..catalogue import Catalogue
from ..snapshot import Snapshot
from . import features
from .features import CandidateFeatures, Depths
from .intents import searched
from .lexicon import Lexicon, Rows
from .model import HEAD, Scores, ToolScorer, Values

# Candidates that go on to the choice: enough for any k that an agent can use.
MOST = 64


class ToolCandidate(TypedDict):
    """A tool that may be chosen: scores of the whole request and of each intent, and the intent it serves best."""

    id: str
    score: float
    whole: float
    intents: list[float]
    intent: int
    named: bool


class SearchResult(TypedDict):
    """What a search found: candidates, best first, and the probability that they answer the request."""

    candidates: list[ToolCandidate]
    answerable: float


@dataclass(frozen=True, slots=True)
class ToolIndex:
    """One state of a catalogue, ready to be searched, and what is usual in it."""

    snapshot: Snapshot
    lexicon: Lexicon
    background: Values


class Engine:
    """Searches a catalogue for all that a request asks; its index is made anew only when the catalogue has changed.

    Any number of threads may share one.
    """

    def __init__(self, catalogue: Catalogue, model: ToolScorer, depths: Depths | None = None) -> None:
        self.catalogue = catalogue
        self.model = model
        self.depths = depths or Depths()
        self._index: ToolIndex | None = None
        self._bank: Vectors | None = None
        self._making = threading.Lock()

    def index(self) -> ToolIndex:
        """Return the catalogue as it is now."""
        snapshot = self.catalogue.snapshot()
        with self._making:
            if self._index is None or self._index.snapshot is not snapshot:
                lexicon = Lexicon.of(snapshot.tools)
                self._index = ToolIndex(snapshot, lexicon, self._background(snapshot, lexicon))
            return self._index

    def _background(self, snapshot: Snapshot, lexicon: Lexicon) -> Values:
        bank = self.model.bank
        if not (bank and snapshot.tools):
            return np.zeros(len(HEAD))
        if self._bank is None:
            self._bank = self.catalogue.embedder.encode_queries(bank)
        return self.model.background(features.search(bank, self._bank, snapshot.vectors, lexicon), lexicon)

    def search(self, request: str, intents: Sequence[str], *, where: str = "") -> SearchResult:
        """Return the candidates for a request and its intents, which are one text where there is no other.

        A tool whose exact name stands in the request comes before all others.
        """
        index = self.index()
        if not index.snapshot.tools:
            return SearchResult(candidates=[], answerable=0.0)
        texts = searched(request, intents)
        vectors = self.catalogue.embedder.encode_queries(texts)
        compared = features.search(texts, vectors, index.snapshot.vectors, index.lexicon)
        allowed = self._allowed(index, where) if where.strip() else None
        named = _named(index.snapshot, request, allowed)
        reading = features.read(compared, index.lexicon, allowed, also=named, depths=self.depths)
        if not len(reading.rows):
            return SearchResult(candidates=[], answerable=0.0)
        scores = self.model(reading, index.lexicon)
        answerable = 1.0 if named else self.model.answers(reading, scores, index.background, len(index.snapshot.tools))
        return SearchResult(candidates=_candidates(index, reading, scores, set(named)), answerable=answerable)

    def _allowed(self, index: ToolIndex, where: str) -> Rows:
        row = index.snapshot.row
        found = self.catalogue.collection.keys(where)
        return np.array(sorted(row[name] for name in found if name in row), np.int64)


def _named(snapshot: Snapshot, request: str, allowed: Rows | None) -> list[int]:
    """Return the rows of the tools that a request calls by name, in its order."""
    rows = dict.fromkeys(row for mention in snapshot.mentioned(request) for row in mention.rows)
    kept = None if allowed is None else set(allowed.tolist())
    return [row for row in rows if kept is None or row in kept]


def _candidates(index: ToolIndex, reading: CandidateFeatures, scores: Scores, named: set[int]) -> list[ToolCandidate]:
    ids, rows, intent = index.snapshot.ids, reading.rows.tolist(), scores.intent.tolist()
    total = np.round(scores.total, 5)
    order = sorted(range(len(rows)), key=lambda place: (rows[place] not in named, -total[place], ids[rows[place]]))
    return [
        ToolCandidate(
            id=ids[rows[place]],
            score=float(total[place]),
            whole=round(float(scores.whole[place]), 5),
            intents=[round(float(value), 5) for value in scores.intents[:, place]],
            intent=intent[place],
            named=rows[place] in named,
        )
        for place in order[:MOST]
    ]
