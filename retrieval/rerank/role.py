"""The rank and rerank roles: one ranking out of everything found so far, and a closer look at its head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from ...core.errors import OperatorError
from ...core.registry import Registry
from ..candidate import Candidate
from ..run import LoadedPassage, Run

#: how far behind the head the rest begins
STEP = 1e-3
#: the part that stands for a whole score whose parts nobody told
WHOLE = "score"


@runtime_checkable
class Ranker(Protocol):
    """Orders passages in the light of the question and of the paths that found them; asked after each search."""

    @property
    def name(self) -> str: ...

    def rank(self, found: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return each passage found that is still there, once, best first, ties by id."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Looks again at the head of a ranking, or at all of it, once, after the last search."""

    @property
    def name(self) -> str: ...

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the same passages, each once, best first.

        The scores are finite, fall along the ranking, and are the sums of the `parts`. Equal input gives equal output,
        and what is handed in is left as it was. What lies behind the head that it looks at keeps its order behind it.
        """
        ...


RERANKERS: Registry[Reranker] = Registry(
    "reranker",
    "polyhop.rerankers",
    {
        "learned": "polyhop.retrieval.rerank.learned:Learned",
        "listwise": "polyhop.retrieval.rerank.listwise:Listwise",
        "reader": "polyhop.retrieval.rerank.reader_reranker:ReaderReranker",
        "cross": "polyhop.retrieval.rerank.cross:CrossEncoder",
        "cover": "polyhop.retrieval.rerank.cover:Cover",
        "rocchio": "polyhop.retrieval.rerank.rocchio:Rocchio",
        "adapter": "polyhop.retrieval.rerank.adapter:QueryAdapter",
        "e2rank": "polyhop.retrieval.rerank.e2rank:E2Rank",
        "cross-encoder": "polyhop.retrieval.rerank.sentence_cross_encoder:SentenceCross",
    },
    Reranker,
)


def reordered(ranked: Sequence[Candidate], scores: Sequence[float], name: str) -> list[Candidate]:
    """Return a ranking whose first passages have new scores, those behind them pushed down to stay behind.

    What a score gains or loses is its part `name`.
    """
    head = [added(item, score - item["score"], name) for item, score in zip(ranked, scores, strict=False)]
    head.sort(key=order)
    rest = ranked[len(scores) :]
    if not head or not rest:
        return [*head, *rest]
    down = min(0.0, head[-1]["score"] - rest[0]["score"] - STEP)
    return [*head, *(added(item, down, name) for item in rest)]


def order(item: Candidate) -> tuple[float, str]:
    """Return what rankings are sorted by: the best score first, ties by id."""
    return -round(item["score"], 6), item["id"]


def added(item: Candidate, by: float, name: str) -> Candidate:
    """Return a candidate whose score has gained `by`, as its part `name`."""
    parts = item.get("parts", {WHOLE: item["score"]})
    moved = {**parts, name: parts.get(name, 0.0) + by}
    return Candidate(**{**item, "score": item["score"] + by, "parts": moved})


class Head(NamedTuple):
    """The first passages of a ranking as far as they are still there, and the others in their order."""

    items: list[Candidate]
    known: list[LoadedPassage]
    rest: list[Candidate]

    def read(self, logits: Sequence[float]) -> Head:
        """Return the head with what a cross-encoder makes of each passage."""
        read = zip(self.items, logits, strict=True)
        return self._replace(items=[Candidate(**{**item, "logit": logit}) for item, logit in read])

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


#: more than any probability: no ranking is as sure as this
ALWAYS = 1.1


class Sufficiency(Protocol):
    """Estimates from a ranking whether its first five passages hold everything needed, however many are asked for."""

    def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
        """Return a probability, from 0 to 1."""
        ...
