"""The reward of a set of queries: how right the tools are that it finds, merged with those of the request itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from ...encoders.role import Encoder
from ...tools.select import model as scorer
from ...tools.select.features import Searched, read, search
from ...tools.select.lexicon import Numbers
from ..tools.collect import Request, Shop
from .recipe import Recipe

# Reciprocal rank fusion (Cormack et al., 2009) of the two halves of a text's list, with its usual constant.
_SMOOTH = 60


@dataclass(frozen=True, slots=True)
class Judge:
    """Searches a catalogue for a request and its queries, and says what the outcome is worth."""

    shop: Shop
    embedder: Encoder
    recipe: Recipe = field(default_factory=Recipe)

    def ranked(self, request: str, queries: Sequence[str]) -> list[int]:
        """Return the rows of the first k tools; without queries, those of the request alone."""
        texts = [request, *queries]
        searched = search(texts, self.embedder.encode_queries(texts), self.shop.vectors, self.shop.lexicon)
        if self.recipe.ranking == "select":
            return self._selected(searched)
        return interleaved(_lists(searched, self.recipe.k), self.recipe.k)

    def reward(self, request: Request, queries: Sequence[str]) -> float:
        """Return the metric, from 0 to 1."""
        found = self.ranked(request.text, queries)
        return worth(found, set(request.gold.tolist()), precise=self.recipe.metric == "precision")

    def mean(self, asked: Sequence[Request], written: Iterable[Sequence[str]]) -> float:
        """Return the mean reward of the queries of several requests."""
        return float(np.mean([self.reward(one, queries) for one, queries in zip(asked, written, strict=True)]))

    def _selected(self, searched: Searched) -> list[int]:
        reading = read(searched, self.shop.lexicon)
        order = np.argsort(-scorer.load()(reading, self.shop.lexicon).total, kind="stable")
        return [int(row) for row in reading.rows[order[: self.recipe.k]]]


def interleaved(lists: Iterable[Sequence[int]], k: int) -> list[int]:
    """Return the first k of the first of every list, then the second of every list, and so on, each once."""
    merged = dict.fromkeys(row for rank in zip_longest(*lists) for row in rank if row is not None)
    return list(merged)[:k]


def worth(found: Sequence[int], gold: set[int], *, precise: bool) -> float:
    """Return the recall of what was found, or its average precision, out of what as many places can hold."""
    places = [place for place, row in enumerate(found, start=1) if row in gold]
    most = min(len(gold), len(found))
    if not most:
        return 0.0
    return sum(hits / place if precise else 1.0 for hits, place in enumerate(places, start=1)) / most


def _lists(searched: Searched, depth: int) -> list[list[int]]:
    """Return for each text its best tools by words and by meaning together."""
    fused = _shares(searched.cosines, -2.0) + _shares(searched.bm25, 0.0)
    return [np.argsort(-row, kind="stable")[:depth].tolist() for row in fused]


def _shares(scores: Numbers, above: float) -> Numbers:
    order = np.argsort(-scores, axis=1, kind="stable")
    shares = np.zeros(scores.shape, np.float32)
    np.put_along_axis(shares, order, (1 / (_SMOOTH + 1 + np.arange(scores.shape[1], dtype=np.float32)))[None], 1)
    shares[scores <= above] = 0.0
    return shares
