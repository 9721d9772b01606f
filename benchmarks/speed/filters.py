"""Filtered against unfiltered search over clustered vectors, and whether it still finds the right ones."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyhop.agent import Collection, Document
from polyhop.retrieval.fusion.rrf import rrf

from ..common import child, progress, serve, tell
from ..indexes import Index, fill, place_of
from .timing import milliseconds, percentile, ratio

Floats = NDArray[np.float32]

SEED = 0
DIMENSION = 384
MEMBERS = 100
SPREAD = 0.5
WORDS = 20_000
SHORTEST, LONGEST, ASKED = 10, 60, 6
K = 10
DEPTH = 50
WARM = 5


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter in polyhop's language, and the rows of the cloud that it lets pass."""

    name: str
    where: str
    passing: NDArray[np.bool_]


class Cloud:
    """Random unit vectors in clusters of 100, each with a cluster number and an independent random share."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(SEED)
        self.clusters = np.arange(count) // MEMBERS
        centres = _unit(random.standard_normal((int(self.clusters[-1]) + 1, DIMENSION), np.float32))
        noise = _unit(random.standard_normal((count, DIMENSION), np.float32))
        self.vectors = _unit(centres[self.clusters] + SPREAD * noise)
        self.shares = random.random(count)
        # Common and rare words in texts of different lengths: BM25 seldom ties, as with real texts.
        self.words = _words(random, (count, LONGEST))
        self.lengths = random.integers(SHORTEST, LONGEST + 1, count)

    def documents(self) -> Iterator[Document]:
        """Yield a document for each vector."""
        for number, vector in enumerate(self.vectors):
            metadata = {"cluster": int(self.clusters[number]), "share": float(self.shares[number])}
            text = _text(self.words[number, : self.lengths[number]])
            yield Document(key=str(number), text=text, metadata=metadata, vector=tuple(vector.tolist()))

    def filters(self) -> list[Filter]:
        """Return filters that pass a half, a tenth and a thousandth: of everything alike, or of whole clusters."""
        found = []
        for share in (0.5, 0.1, 0.001):
            bound = max(1, round(share * (int(self.clusters[-1]) + 1)))
            found.append(Filter(f"{share:.1%} anywhere", f"share < {share}", self.shares < share))
            found.append(Filter(f"{share:.1%} in clusters", f"cluster < {bound}", self.clusters < bound))
        return found

    def queries(self, count: int, *, seed: int = SEED + 1) -> list[tuple[Floats, str]]:
        """Return vectors near random ones of the cloud, each with a question of four words."""
        random = np.random.default_rng(seed)
        near = self.vectors[random.integers(0, len(self.vectors), count)]
        vectors = _unit(near + SPREAD * _unit(random.standard_normal(near.shape, np.float32)))
        questions = map(_text, _words(random, (count, ASKED)))
        return list(zip(vectors, questions, strict=True))


def _words(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return word numbers, the higher the rarer."""
    return (WORDS * random.random(shape) ** 3).astype(np.int64)


def _text(words: NDArray[np.int64]) -> str:
    return " ".join(f"word{word}" for word in words)


def _unit(rows: Floats) -> Floats:
    units: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return for each filter the p50 of dense and hybrid search, what of unfiltered that is, and the recall."""
    index = _index(options.vectors)
    cloud = Cloud(options.vectors)
    queries = cloud.queries(options.queries)
    filters = [Filter("no filter", "", np.ones(options.vectors, bool)), *cloud.filters()]
    with Collection.open(index.home, index.name) as collection:
        for query in cloud.queries(WARM, seed=SEED + 2):
            _once(collection, filters, query)
        times = [_once(collection, filters, query) for query in progress(queries, "filters", len(queries))]
        recalls = [_recall(collection, cloud, one, [vector for vector, _ in queries]) for one in filters]
    rows = [_row(one, times, recall) for one, recall in zip(filters, recalls, strict=True)]
    return {"vectors": options.vectors, "queries": len(queries), "k": K, "index_s": index.seconds, "rows": rows}


def _index(count: int) -> Index:
    index = place_of(f"cloud {count} {DIMENSION} {MEMBERS} {SPREAD} {WORDS} {SHORTEST} {LONGEST} {SEED}").remembered()
    if not index.done:
        tell(f"indexing {count} vectors")
        child("speed.filters", {"home": index.home, "name": index.name, "count": count})
    return index.remembered()


def _once(collection: Collection, filters: Sequence[Filter], query: tuple[Floats, str]) -> dict[tuple[str, str], float]:
    """Time one query under each filter, one after the other."""
    vector, question = query
    spent: dict[tuple[str, str], float] = {}
    for one in filters:
        spent["dense", one.name], _ = milliseconds(partial(collection.dense, vector, K, where=one.where))
        spent["hybrid", one.name], _ = milliseconds(partial(_hybrid, collection, vector, question, one.where))
    return spent


def _hybrid(collection: Collection, vector: Floats, question: str, where: str) -> list[Any]:
    (near,) = collection.dense(vector, DEPTH, where=where)
    return rrf([near, collection.lexical(question, DEPTH, where=where)])[:K]


def _recall(collection: Collection, cloud: Cloud, one: Filter, queries: Sequence[Floats]) -> float:
    """Return the share of the exact nearest k that dense search finds, of as many as there are."""
    rows = np.flatnonzero(one.passing)
    shares = []
    for vector in queries:
        exact = rows[np.argsort(-(cloud.vectors[rows] @ vector))[:K]]
        (hits,) = collection.dense(vector, K, where=one.where)
        there = collection.passages([hit.id for hit in hits])
        found = {int(passage.document) for passage in there.values()}
        shares.append(len(found.intersection(exact.tolist())) / len(exact) if len(exact) else float(not found))
    return round(float(np.mean(shares)), 4)


def _row(one: Filter, times: Sequence[Mapping[tuple[str, str], float]], recall: float) -> dict[str, Any]:
    row: dict[str, Any] = {"filter": one.name, "passing": int(one.passing.sum())}
    for way in ("dense", "hybrid"):
        mine, plain = (percentile([spent[way, name] for spent in times]) for name in (one.name, "no filter"))
        row |= {f"{way} p50 ms": mine, f"{way} of unfiltered": ratio(mine, plain)}
    return row | {f"dense recall@{K}": recall}


def _make(job: dict[str, Any]) -> dict[str, Any]:
    index = Index(job["home"], job["name"]).remembered()
    return asdict(fill(index, Cloud(job["count"]).documents(), job["count"]))


if __name__ == "__main__":
    serve(_make)
