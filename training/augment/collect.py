"""From question files to examples: what is known after the first search, and what each reformulation changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...graphs.loop import ask
from ...graphs.state import Request
from ...retrieval.candidate import Candidate
from ...retrieval.config import Config
from ...retrieval.query.gate import FEATURES, Gate, features
from ...retrieval.query.role import Augmenter
from ...retrieval.run import Run
from ...store.collection import Collection
from ..rerank.collect import Sources, of_each
from ..treehop.questions import HopQuestion
from ..watch import Watcher

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Example:
    """A question: the gate's numbers after the first search, and nDCG@10 as it is and with each reformulation."""

    question: str
    features: Sequence[float]
    without: float
    augmented: Mapping[str, float]

    def __post_init__(self) -> None:
        if len(self.features) != len(FEATURES) or not np.isfinite(self.features).all():
            raise ValueError(f"{len(self.features)} features, not {len(FEATURES)} finite ones")


@dataclass(frozen=True)
class Noting(Gate):
    """Lets everything through and keeps what a gate would have looked at."""

    augmenter: str = ""
    seen: list[Sequence[float]] = field(default_factory=list)

    def chance(self, ranked: Sequence[Candidate], finds: Sequence[Candidate], run: Run) -> float:
        """Return that it is certain to help."""
        self.seen.append(features(ranked, finds, run).tolist())
        return 1.0


def collect(sources: Sources, home: Path, watcher: Watcher, augmenters: Sequence[Augmenter]) -> list[Example]:
    """Return an example for each question; the collection is kept in `home`, so that a killed run goes on where it was.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    return of_each(sources, home, watcher, lambda one, collection: _example(one, collection, augmenters))


def _example(one: HopQuestion, collection: Collection, augmenters: Sequence[Augmenter]) -> Example:
    gold, gate = set(one.identities()), Noting()
    documents = {"": _documents(one.question, collection)}
    for augmenter in augmenters:
        documents[augmenter.name] = _documents(one.question, collection, augmenter, gate)
    gains = {name: gain(found, gold) for name, found in documents.items()}
    return Example(one.question, gate.seen[0] if gate.seen else (), gains.pop(""), gains)


def _documents(
    question: str, collection: Collection, augmenter: Augmenter | None = None, gate: Gate | None = None
) -> list[str]:
    """Return the first documents of a run with the default parts."""
    config = Config(augment=augmenter, gate=gate, sufficiency=None, duplicates=None, seconds=math.inf)
    ranked = ask(Request(question=question, k=DEPTH), Run(collection, config=config))["ranked"][: 2 * DEPTH]
    there = collection.passages([item["id"] for item in ranked])
    return list(dict.fromkeys(there[item["id"]].document for item in ranked if item["id"] in there))[:DEPTH]


def gain(documents: Sequence[str], gold: set[str]) -> float:
    """Return the normalised discounted cumulative gain of a ranking, from 0 to 1.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    worth = 1 / np.log2(np.arange(2, DEPTH + 2))
    found = sum(worth[place] for place, name in enumerate(documents[:DEPTH]) if name in gold)
    return float(found / worth[: len(gold)].sum())
