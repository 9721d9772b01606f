"""Rankings made by hand, a run that knows their words, and weights for the listwise scorer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from polyhop.core.types import Passage
from polyhop.core.words import content_words, word_key
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.listwise import CROSS, NAMES, SUMMARY, Reading
from polyhop.retrieval.rerank.role import Reranker
from polyhop.retrieval.run import LoadedPassage, Run


class Told:
    """A run over texts that are told; their vectors say nothing."""

    def __init__(self, question: str, texts: Mapping[str, str], weights: Mapping[str, float] | None = None) -> None:
        self.question = question
        asked = dict.fromkeys(map(word_key, content_words(question)), 1.0)
        self.weights = asked if weights is None else dict(weights)
        self._texts = texts

    def load(self, ids: Sequence[str]) -> None:
        """Do nothing: all is known."""

    def known(self, name: str) -> LoadedPassage | None:
        """Return a passage, or None if it was not told."""
        if name not in self._texts:
            return None
        text = self._texts[name]
        passage = Passage(name, name, "", "", text)
        return LoadedPassage(passage, np.zeros(384, np.float32), 0.0, frozenset(map(word_key, content_words(text))))


def told(question: str, texts: Mapping[str, str], weights: Mapping[str, float] | None = None) -> Run:
    """Return a run for rerankers, which ask it for words and passages only."""
    return cast(Run, Told(question, texts, weights))


def item(name: str, score: float, **facts: Any) -> Candidate:
    """Return a passage in a ranking, found by search."""
    usual = {"kind": "question", "via": "search", "path": [], "name": "", "parts": {"search": score}}
    return cast(Candidate, {"id": name, "score": score, **usual, **facts})


def reading(items: Sequence[Candidate], question: str = "", texts: Mapping[str, str] | None = None) -> Reading:
    """Return the head of a ranking."""
    return Reading.of(items, told(question, texts or {}))


def weights(path: Path, **units: Mapping[str, float]) -> Path:
    """Write listwise weights: `plain`, `cross` and `sufficiency` by feature, 0 where nothing is said."""
    rows = {}
    for kind, names in (("plain", NAMES), ("cross", (*NAMES, *CROSS))):
        own, whole = units.get(kind, {}), units.get("sufficiency", {})
        assert set(own) <= {*names, "bias"} and set(whole) <= {*SUMMARY, "bias"}
        rows[kind] = {"scorer": _unit(names, own), "sufficiency": _unit(SUMMARY, whole)}
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def _unit(names: Sequence[str], own: Mapping[str, float]) -> dict[str, Any]:
    return {"weights": {name: own.get(name, 0.0) for name in names}, "bias": own.get("bias", 0.0)}


@dataclass(frozen=True)
class Chain:
    """Rerankers one after the other, as a run applies them."""

    parts: tuple[Reranker, ...]
    name: str = "chain"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return what the last one makes of it."""
        found = list(ranked)
        for one in self.parts:
            found = one.rerank(found, run)
        return found
