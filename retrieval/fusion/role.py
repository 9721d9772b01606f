"""The fusion role: the dense and the lexical ranking in, one ranking on a known scale out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ...core.registry import Registry
from ...core.types import Hit, Vectors

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FusionInput:
    """What a fusion may know besides the two rankings: the query, and look-ups that cost nothing until they are made.

    Args:
        text: the query as words.
        vector: the query's unit vector, shape (dimension,).
        depth: passages that each half was asked for; a shorter ranking holds all that the half has.
        vectors: passage ids -> the unit vectors of those that are there.
        frequency: words -> (in how many passages each stands, how many passages there are); (…, 0) if that is unknown.
    """

    text: str
    vector: Vectors
    depth: int
    vectors: Callable[[Sequence[str]], Mapping[str, Vectors]]
    frequency: Callable[[Sequence[str]], tuple[Mapping[str, int], int]]


@runtime_checkable
class Fusion(Protocol):
    """Makes one ranking of two.

    The scale is part of the role, since what is fused is added to other evidence: scores go from 0 to 1, and where
    both rankings have the same leader the best score is 1.
    """

    @property
    def name(self) -> str: ...

    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        """Return everything that a ranking holds, once, best first, ties by id.

        A ranking beside an empty one keeps its order.
        """
        ...


FUSIONS: Registry[Fusion] = Registry(
    "fusion",
    "polyhop.fusions",
    {
        "rrf": "polyhop.retrieval.fusion.rrf:ReciprocalRank",
        "minmax": "polyhop.retrieval.fusion.minmax:MinMax",
        "adaptive": "polyhop.retrieval.fusion.adaptive:Adaptive",
        "guided": "polyhop.retrieval.fusion.guided:Guided",
    },
    Fusion,
)


def ranked(scores: Mapping[str, float], *, digits: int = 6) -> list[Hit]:
    """Return hits best first, ties by id; cosines are not exact below six decimals, sums of ranks to twelve."""
    kept = {name: round(min(1.0, max(0.0, score)), digits) for name, score in scores.items()}
    return [Hit(name, score) for name, score in sorted(kept.items(), key=lambda item: (-item[1], item[0]))]


def pool(dense: Sequence[Hit], lexical: Sequence[Hit]) -> list[str]:
    """Return the ids of both rankings, each once."""
    return list(dict.fromkeys(hit.id for hits in (dense, lexical) for hit in hits))


def cosines(ids: Sequence[str], dense: Sequence[Hit], asked: FusionInput) -> Values:
    """Return the cosine of each passage with the query, always by its own vector.

    What an index says of many vectors at once differs from that in the seventh decimal, which a fusion would magnify. A
    passage that is gone has what the ranking says, else its lowest cosine.
    """
    vectors = asked.vectors(ids)
    told = {hit.id: hit.score for hit in dense}
    lowest = dense[-1].score if dense else 0.0
    query = asked.vector.astype(np.float64)
    known = {name: float(vector.astype(np.float64) @ query) for name, vector in vectors.items()}
    return np.array([known.get(name, told.get(name, lowest)) for name in ids], np.float64)


def lexical_scores(ids: Iterable[str], lexical: Sequence[Hit], asked: FusionInput) -> Values:
    """Return the lexical score of each passage: for one that is not in the ranking a bound on the true one.

    A ranking shorter than `depth` holds every passage that has a word of the query, so that the others have truly 0.
    Of a full one, what is missing has at most the score of the last, and is given just that.
    """
    known = {hit.id: hit.score for hit in lexical}
    floor = lexical[-1].score if len(lexical) >= asked.depth else 0.0
    return np.array([known.get(name, floor) for name in ids], np.float64)


def spread(scores: Values) -> Values:
    """Return scores from 0 for the lowest to 1 for the highest; equal ones are all the highest."""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.ones(len(scores))
