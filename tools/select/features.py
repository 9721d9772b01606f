"""What is known of each candidate for each text that is searched for: the whole request, and its intents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.types import Vectors
from ...core.vectors import cosines
from .lexicon import CEILING, DESCRIBED, INPUTS, NAME, OFFERED, Lexicon, Numbers, Rows

#: of a text and a tool; those that compare with the best or with the catalogue as a whole carry over between catalogues
NAMES = tuple(
    "cosine cosine_spread cosine_behind cosine_place bm25 bm25_share bm25_place"
    " name_recall name_precision described_recall described_precision inputs_recall"
    " offered_recall offered_precision name_rarity bm25_spread".split()
)
# Places beyond this count as none.
DEEP = 60
_SMALL = 1e-6


@dataclass(frozen=True, slots=True)
class Depths:
    """How many candidates each text brings from each half, and how many services bring all their tools."""

    whole: int = 40
    intent: int = 20
    services: int = 6
    siblings: int = 20


@dataclass(frozen=True, slots=True)
class CandidateFeatures:
    """Candidates as rows of the catalogue, and their features for each text, shape (texts, candidates, features)."""

    rows: Rows
    features: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Searched:
    """Both halves' scores of the whole catalogue, shape (texts, tools); the first text is the request.

    `rarities` are those of all words of a text that the catalogue knows, at least 1.
    """

    cosines: Numbers
    bm25: Numbers
    words: Sequence[Sequence[int]]
    rarities: Numbers

    def only(self, text: int) -> Searched:
        """Return one of the texts as a request of its own."""
        one = slice(text, text + 1)
        return Searched(self.cosines[one], self.bm25[one], self.words[one], self.rarities[one])


def search(texts: Sequence[str], vectors: Vectors, tools: Vectors, lexicon: Lexicon) -> Searched:
    """Compare each text, by its words and its vector, with every tool."""
    words = [lexicon.words(text) for text in texts]
    bm25 = np.stack([lexicon.bm25(one) for one in words])
    rarities = np.array([max(1.0, lexicon.rarity[one].sum()) for one in words], np.float32)
    return Searched(cosines(vectors, tools), bm25, words, rarities)


def read(
    searched: Searched,
    lexicon: Lexicon,
    allowed: Rows | None = None,
    *,
    also: Sequence[int] = (),
    depths: Depths | None = None,
) -> CandidateFeatures:
    """Return the candidates of both halves and of all texts with their features; only `allowed` rows if given.

    Rows in `also` are candidates whatever else speaks for them.
    """
    depths = depths or Depths()
    pool = np.arange(searched.cosines.shape[1]) if allowed is None else allowed
    near, bm25 = searched.cosines, searched.bm25
    if allowed is not None:
        near, bm25 = near[:, pool], bm25[:, pool]
    if not len(pool):
        return CandidateFeatures(pool, np.zeros((len(near), 0, len(NAMES)), np.float32))
    spread = _spread(near), _spread(bm25)
    sides = _places(near), _places(bm25, above=0.0)
    both: Numbers = (spread[0] / 3 + spread[1] / 6).astype(np.float32)
    found = _candidates(sides, both, depths)
    found = _with_siblings(found, both, lexicon.group[pool], depths)
    place = {row: at for at, row in enumerate(pool.tolist())} if len(also) else {}
    found = np.array(list(dict.fromkeys([*(place[row] for row in also if row in place), *found.tolist()])), np.int64)
    top = near.max(1), np.maximum(bm25.max(1), _SMALL)
    columns = _features(searched, pool[found], lexicon, top)
    for feature, side in zip(
        ("cosine_spread", "bm25_spread", "cosine_place", "bm25_place"), (*spread, *sides), strict=True
    ):
        columns[:, :, NAMES.index(feature)] = side[:, found] / (10 if feature == "bm25_spread" else 1)
    return CandidateFeatures(pool[found], columns)


def _spread(scores: Numbers) -> Numbers:
    """Return the scores in standard deviations from their mean over the catalogue, text by text."""
    result: Numbers = (scores - scores.mean(1, keepdims=True)) / (scores.std(1, keepdims=True) + _SMALL)
    return result


def _places(scores: Numbers, above: float = -1.5) -> Numbers:
    """Return 1 for the best tool of a text, 1/2 for the next, and 0 beyond `DEEP` or where a score is not `above`."""
    places = np.zeros_like(scores)
    for text, row in enumerate(scores):
        first = _best(row, DEEP)
        places[text, first] = 1 / np.arange(1, len(first) + 1)
    places[scores <= above] = 0.0
    return places


def _best(scores: Numbers, count: int) -> Rows:
    """Return the places of the best scores, best first, ties by place."""
    count = min(count, len(scores))
    first = np.sort(np.argpartition(-scores, count - 1)[:count]) if count else np.zeros(0, np.int64)
    result: Rows = first[np.argsort(-scores[first], kind="stable")]
    return result


def _candidates(sides: Sequence[Numbers], both: Numbers, depths: Depths) -> Rows:
    found: dict[int, None] = {}
    for text in range(len(both)):
        depth = depths.intent if text else depths.whole
        for side in sides:
            placed = np.flatnonzero(side[text])
            found.update(dict.fromkeys(placed[np.argsort(-side[text, placed])][:depth].tolist()))
        found.update(dict.fromkeys(_best(both[text], depth).tolist()))
    return np.array(list(found), np.int64)


def _with_siblings(found: Rows, both: Numbers, group: Rows, depths: Depths) -> Rows:
    """Add the tools that the services of the best candidates offer besides."""
    order = found[np.argsort(-(both[:, found].max(0) + both[0, found]), kind="stable")]
    size = np.bincount(group)
    groups = dict.fromkeys(group[order[size[group[order]] > 1]].tolist())
    every = dict.fromkeys(found.tolist())
    for one in list(groups)[: depths.services]:
        every.update(dict.fromkeys(np.flatnonzero(group == one)[: depths.siblings].tolist()))
    return np.array(list(every), np.int64)


def _features(searched: Searched, rows: Rows, lexicon: Lexicon, top: tuple[Numbers, Numbers]) -> NDArray[np.float32]:
    """Return the features that need no other tool than the best; the others are zero."""
    totals = np.maximum(lexicon.totals[rows], 1e-3)
    nothing = np.zeros(len(rows))
    texts = []
    for text, rarity in enumerate(searched.rarities):
        near, matched = searched.cosines[text, rows], searched.bm25[text, rows]
        shared = lexicon.shared(searched.words[text], rows)
        columns = [
            near,
            nothing,
            near - top[0][text],
            nothing,
            matched / (rarity * CEILING),
            matched / top[1][text],
            nothing,
            shared[:, NAME] / rarity,
            shared[:, NAME] / totals[:, NAME],
            shared[:, DESCRIBED] / rarity,
            shared[:, DESCRIBED] / totals[:, DESCRIBED],
            shared[:, INPUTS] / rarity,
            shared[:, OFFERED] / rarity,
            shared[:, OFFERED] / totals[:, OFFERED],
            shared[:, NAME] / 10,
            nothing,
        ]
        texts.append(np.column_stack(columns))
    return np.stack(texts).astype(np.float32)
