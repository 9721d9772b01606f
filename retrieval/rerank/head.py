"""The head of a ranking: the passages that a reranker reads, and everything behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ...core.errors import OperatorError
from ..candidate import Candidate
from ..run import LoadedPassage, Run
from .role import reordered


class Head(NamedTuple):
    """The first passages of a ranking as far as they are still there, and the others in their order."""

    items: list[Candidate]
    known: list[LoadedPassage]
    rest: list[Candidate]

    def rescored(self, scores: Sequence[float], name: str) -> list[Candidate]:
        """Return the ranking with these scores for the head, and the others behind it.

        Scores are rounded to six digits: a model gives the same text slightly different ones in different company.
        A score that is not finite is an `OperatorError`.
        """
        odd = next((place for place, score in enumerate(scores) if not math.isfinite(score)), None)
        if odd is not None:
            raise OperatorError(
                f"reranker {name!r}: the score of passage {self.items[odd]['id']!r} is {scores[odd]!r}; the model's "
                "weights or its number type are broken, choose another model"
            )
        return reordered([*self.items, *self.rest], [round(score, 6) for score in scores], name)


def head_of(ranked: Sequence[Candidate], depth: int, run: Run) -> Head:
    """Return the first `depth` passages that are still there; one that is gone goes to the others."""
    first = ranked[: max(0, depth)]
    run.load(item["id"] for item in first)
    items, known, rest = [], [], []
    for item in first:
        if (there := run.known(item["id"])) is None:
            rest.append(item)
        else:
            items.append(item)
            known.append(there)
    return Head(items, known, [*rest, *ranked[len(first) :]])
