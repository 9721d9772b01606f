"""A small trained network that makes a new query of the first candidates' vectors, and orders all by it; in numpy.

E2Rank (arXiv 2510.22733) has a language model read the first candidates as a longer query, and orders all of them by
their cosines with its vector. An embedder that cannot read a list has their vectors to go by:

    w_i = rank_i + a (cos(q, d_i) - 1/2) + b (cos(d_1, d_i) - 1/2) + (A q) . (B d_i)
    c   = sum_i w_i d_i
    q*  = unit(q + c + O tanh(V [c, q] sqrt(dimension) + v))

Its parameters start so that q* is q. Nothing here needs torch: the trainer's network has the same parameters under
the same names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...core.errors import CallerError
from ...core.types import Vectors
from ...core.vectors import unit
from ...core.weights_file import Card, Parameters, WeightsFile
from ..candidate import Candidate
from ..retriever import Retriever
from ..run import Run
from .role import head_of

FORMAT = 1
SHIPPED = Path(__file__).parent / "weights"
_KIND = WeightsFile(
    header="adapter",
    format=FORMAT,
    what="adapter weights",
    absent="check the path, or leave the adapter out",
    broken="train it again with `python -m polyhop.training.rerank.adapter`, or restore the file from a copy",
    foreign="leave the adapter out, or train one for it",
)
MIDDLE = 0.5  # of the cosines among candidates, roughly; it only makes the weights easier to learn


@dataclass(frozen=True, slots=True)
class AdapterShape:
    """The sizes of an adapter.

    Args:
        dimension: of the vectors.
        first: candidates that the query is made of.
        attention: dimensions in which question and candidates are compared for their weights.
        hidden: units of the layer that moves the query further.
    """

    dimension: int
    first: int = 10
    attention: int = 16
    hidden: int = 64

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by name; matrices are (out, in)."""
        return {
            "rank": (self.first,),
            "near": (2,),
            "query.weight": (self.attention, self.dimension),
            "key.weight": (self.attention, self.dimension),
            "read.weight": (self.hidden, 2 * self.dimension),
            "read.bias": (self.hidden,),
            "move.weight": (self.dimension, self.hidden),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """The network with its weights."""

    shape: AdapterShape
    parameters: Parameters

    def __call__(self, query: Vectors, candidates: Vectors) -> Vectors:
        """Return the unit vector to order by, shape (dimension,).

        Args:
            query: the question's unit vector.
            candidates: unit vectors in the order of their ranking, shape (candidates, dimension); none leave the query
                as it is.
        """
        rows, own = candidates[: self.shape.first], self.parameters
        if not len(rows):
            return unit(query)
        near = np.stack([rows @ query, rows @ rows[0]], axis=1) - np.float32(MIDDLE)
        weights = own["rank"][: len(rows)] + near @ own["near"]
        weights = weights + rows @ (own["key.weight"].T @ (own["query.weight"] @ query))
        centre = weights @ rows
        seen = np.concatenate([centre, query]) * np.float32(np.sqrt(self.shape.dimension))
        moved = own["move.weight"] @ np.tanh(own["read.weight"] @ seen + own["read.bias"])
        return unit((query + centre + moved).astype(np.float32, copy=False))


@dataclass(frozen=True, slots=True)
class Loaded:
    """An adapter that is ready for use; `digest` is a hash of the whole file and tells one from another."""

    card: Card[AdapterShape] = field(compare=False)
    digest: str
    adapter: Adapter = field(repr=False, compare=False)


def shipped() -> Path:
    """Return where the weights lie that come with polyhop."""
    return SHIPPED / "adapter.safetensors"


def save(path: Path, parameters: Parameters, card: Card[AdapterShape]) -> str:
    """Write weights as 16-bit floats in one step, and return the digest of the file."""
    return _KIND.save_halves(path, parameters, card)


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Loaded:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of an adapter's weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    card, digest, parameters = _KIND.load(path, AdapterShape, embedder=embedder, dimension=dimension)
    return Loaded(card, digest, Adapter(card.shape, parameters))


@dataclass(frozen=True, slots=True)
class QueryAdapter:
    """Compares the head with the query that the network makes of the question and the head's first passages.

    The idea of `E2Rank` without a language model: each passage of the head gains `weight * cos(q*, passage)`. It reads
    stored vectors alone and takes less than a millisecond. `Rocchio` is its untrained neighbour. The weights fit one
    embedder only.

    Args:
        weight: the gain of a cosine of 1, where `PathScore` has its `cosine_weight`.
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
        """Return the adapter for a retriever's embedder, with the weights of the file `argument` or those shipped.

        Raises:
            CallerError: where no retriever is given.
        """
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
