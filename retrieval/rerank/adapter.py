"""A small trained network that makes a new query of the first candidates' vectors, and orders all by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...core.errors import CallerError
from ..candidate import Candidate
from ..retriever import Retriever
from ..run import Run
from .adapted import Adapter
from .adapter_weights import load, shipped
from .head import head_of


@dataclass(frozen=True, slots=True)
class QueryAdapter:
    """Compares the head with the query that the network makes of the question and the head's first passages.

    The idea of `E2Rank` without a language model: each passage of the head gains `weight * cos(q*, passage)`. It reads
    stored vectors alone and takes less than a millisecond. `Rocchio` is its untrained neighbour. The weights fit one
    embedder only.

    Args:
        weight: what a cosine of 1 is worth, where `PathScore` has its `cosine_weight`.
        depth: passages to order anew.
        digest: of the file that the weights came from.
    """

    adapter: Adapter = field(repr=False)
    weight: float = 0.5
    depth: int = 30
    digest: str = ""
    name: str = "adapter"

    @classmethod
    def configured(cls, argument: str, given: Retriever | None) -> QueryAdapter:
        """Return the adapter for a retriever's embedder, with the weights of the file `argument` or those shipped."""
        if given is None:
            raise CallerError("reranker 'adapter' needs to know the embedder; call Config.of(settings, retriever)")
        path = Path(argument).expanduser() if argument else None
        return cls.of(given.embedder.name, given.embedder.dimension, path=path)

    @classmethod
    def of(cls, embedder: str, dimension: int, *, path: Path | None = None, weight: float = 0.5) -> QueryAdapter:
        """Return the adapter with the weights at `path`, or those that come with polyhop.

        Raises:
            NoCheckpoint: if there is no such file.
            BrokenCheckpoint: if it holds no sound weights.
            ForeignCheckpoint: if they are another embedder's.
        """
        found = load(path or shipped(), embedder=embedder, dimension=dimension)
        return cls(found.adapter, weight=weight, digest=found.digest)

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its head in the order of the new scores."""
        head = head_of(ranked, self.depth, run)
        if not head.items:
            return list(ranked)
        vectors = np.stack([known.vector for known in head.known])
        gains = (self.weight * (vectors @ self.adapter(run.vector, vectors))).tolist()
        return head.rescored([item["score"] + gain for item, gain in zip(head.items, gains, strict=True)], self.name)
