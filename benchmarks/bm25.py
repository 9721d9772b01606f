"""What selection of tools is compared with: plain BM25, and both halves by reciprocal rank."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from polyhop.core.types import Hit
from polyhop.retrieval.fusion.rrf import rrf

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FUNCTION = frozenset(
    "a an the of in on at by to for from with as is are was were be been it its this that these those he she they i we "
    "you my your our me us him her them who what which when where how and or not no so also can could would should "
    "will do does did have has had if there their any all some".split()
)


def words(text: str) -> list[str]:
    """Return the words of a text, identifiers in their parts, without function words."""
    return [word for word in _WORD.findall(_HUMP.sub(" ", text).lower()) if word not in _FUNCTION]


class Bm25:
    """BM25 over texts with the usual k1 1.5 and b 0.75 (Robertson and Zaragoza, 2009)."""

    def __init__(self, names: Sequence[str], texts: Iterable[str], *, k1: float = 1.5, b: float = 0.75) -> None:
        self._names = names
        counted = [Counter(words(text)) for text in texts]
        lengths = np.array([sum(one.values()) for one in counted], np.float64)
        shares = k1 * (1 - b + b * lengths / max(1.0, lengths.mean()))
        found: dict[str, list[tuple[int, int]]] = {}
        for row, one in enumerate(counted):
            for word, times in one.items():
                found.setdefault(word, []).append((row, times))
        self._worth: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, places in found.items():
            rows, times = (np.array(column) for column in zip(*places, strict=True))
            rarity = np.log(1 + (len(counted) - len(rows) + 0.5) / (len(rows) + 0.5))
            self._worth[word] = rows, rarity * times * (k1 + 1) / (times + shares[rows])

    def rank(self, text: str, k: int) -> list[str]:
        """Return the names of the k best texts."""
        scores = np.zeros(len(self._names))
        for word in set(words(text)):
            if word in self._worth:
                rows, worth = self._worth[word]
                scores[rows] += worth
        order = np.argsort(-scores, kind="stable")[:k]
        return [self._names[row] for row in order if scores[row] > 0]


def fused(*rankings: Sequence[str]) -> list[str]:
    """Return one ranking of several, by reciprocal rank with equal weights."""
    hits = [[Hit(name, -float(place)) for place, name in enumerate(one)] for one in rankings]
    return [hit.id for hit in rrf(hits)]
