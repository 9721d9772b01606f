"""The gate: whether a question is to be reformulated, decided after the first search and from what that says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np

from ...core.errors import CallerError
from ...core.types import Numbers
from ...core.weights_file import Linear, load_linear
from ..candidate import Candidate
from ..run import Run

SHIPPED = Path(__file__).parent / "weights" / "gate.json"
FORMAT = 1
#: what the gate knows of a question, of what was found, and of how both fit
FEATURES = (
    "words",
    "mean rarity",
    "highest rarity",
    "first cosine",
    "cosine gap",
    "agreement",
    "first fused",
    "named",
    "best named",
    "first score",
    "score gap",
    "score gap behind",
    "covered",
    "covered by first",
)
_FIRST, _DEPTH = 5, 10


@dataclass(frozen=True, slots=True)
class Gate:
    """Augments where the chance that it helps is high enough.

    M-Solomon (arXiv 2511.02358) learns the decision as a part of the embedder, from labels by data set. Here it is a
    linear unit over numbers that the first search leaves behind, trained on labels by question: did the reformulation
    raise the gold passages? It costs well under a millisecond.

    Args:
        threshold: chance from which on a question is augmented.
        file: weights, by name of the augmenter.
    """

    augmenter: str
    threshold: float = 0.5
    file: Path = SHIPPED

    def chance(self, ranked: Sequence[Candidate], found: Sequence[Candidate], run: Run) -> float:
        """Return the probability that the augmenter raises the gold passages rather than lowers them, from 0 to 1.

        Raises:
            CallerError: if the gate was not trained for this augmenter.
            OperatorError: if the weights are missing or not as they should be.
        """
        logit = float(self._unit()(features(ranked, found, run)[None])[0])
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def checked(self) -> Self:
        """Return this gate if it can be used, or raise what `chance` would."""
        self._unit()
        return self

    def _unit(self) -> Linear:
        units = load(self.file)
        if self.augmenter not in units:
            raise CallerError(
                f"the gate knows {sorted(units)}, not {self.augmenter!r}; train one for it with "
                "`python -m polyhop.training.augment`, or leave `gate` out of the profile"
            )
        return units[self.augmenter]


@lru_cache(maxsize=4)
def load(file: Path = SHIPPED) -> Mapping[str, Linear]:
    """Return the units of a file by the name of their augmenter.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    return load_linear(
        file,
        lambda held: {name: Linear.of(row, FEATURES) for name, row in held["gates"].items()},
        what="weights of the gate",
        command="training.augment",
        format=FORMAT,
    )


def features(ranked: Sequence[Candidate], found: Sequence[Candidate], run: Run) -> Numbers:
    """Return what is known after the first search, shape (len(FEATURES),); the embedder is not asked again."""
    rarities = sorted(run.weights.values(), reverse=True) or [0.0]
    known = [one for item in ranked if (one := run.known(item["id"])) is not None]
    cosines = sorted((one.cosine for one in known), reverse=True) or [0.0]
    fused = [one["score"] for one in found if one["kind"] == "question"][:_DEPTH]
    named = [one["score"] for one in found if one["kind"] == "named"]
    scores = [item["score"] for item in ranked[:_DEPTH]] or [0.0]
    shown = frozenset[str]().union(*(one.words for one in known[:_FIRST]))
    return np.array(
        [
            math.log1p(len(run.question.split())),
            sum(rarities) / len(rarities),
            rarities[0],
            cosines[0],
            cosines[0] - cosines[min(_DEPTH, len(cosines)) - 1],
            # More than a half has only what both halves found, where ranks are fused.
            sum(value > 0.5 for value in fused) / max(1, len(fused)),
            max(fused, default=0.0),
            math.log1p(len(named)),
            max(named, default=0.0),
            scores[0],
            scores[0] - scores[min(_FIRST, len(scores)) - 1],
            scores[min(_FIRST, len(scores)) - 1] - scores[-1],
            run.covered(shown),
            run.covered(known[0].words) if known else 0.0,
        ]
    )
