"""The passages that training searches, all in memory, and their embedding, kept in the cache."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import CallerError
from ..core.files import write_whole
from ..core.types import Chunk, Hit, Passage, Vectors
from ..encoders.role import Encoder
from ..store.collection import Collection
from .harness import TrainingWatcher

BLOCK = 1_024
QUERIES = 256


@dataclass(frozen=True)
class Pool:
    """Passages with their unit vectors, one row each. It is searched exactly, and so serves as a tree's place.

    `bare` are the vectors of the same passages without their titles: half of the batches are made of them, so that a
    network learns to do without.
    """

    passages: Sequence[Passage]
    matrix: Vectors
    bare: Vectors | None = None

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Return the row of each passage by its id."""
        return {passage.id: row for row, passage in enumerate(self.passages)}

    def nearest(self, vectors: Vectors, k: int) -> NDArray[np.int64]:
        """Return for each vector the rows of its k nearest passages, best first."""
        k = min(k, len(self.passages))
        found = np.empty((len(vectors), k), np.int64)
        for start in range(0, len(vectors), QUERIES):
            scores = vectors[start : start + QUERIES] @ self.matrix.T
            some = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
            found[start : start + QUERIES] = np.take_along_axis(some, order, axis=1)
        return found

    def dense(self, vectors: Vectors, k: int) -> list[list[Hit]]:
        """Return for each query vector its k nearest passages, best first."""
        hits = []
        for vector, rows in zip(vectors, self.nearest(vectors, k), strict=True):
            cosines = self.matrix[rows] @ vector
            hits.append([Hit(self.passages[row].id, float(cosine)) for row, cosine in zip(rows, cosines, strict=True)])
        return hits

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the vectors of the passages that are there, by id."""
        return {name: self.matrix[self.rows[name]] for name in ids if name in self.rows}


def of_collection(collection: Collection, *, most: int, seed: int) -> Pool:
    """Return the passages of a collection with their stored vectors, or a sample of `most`, in the order of ids."""
    ids = collection.record.live_ids()
    if not ids:
        raise CallerError(f"collection {collection.name!r} is empty; index something before training on it")
    if len(ids) > most:
        drawn = np.random.default_rng(seed).choice(len(ids), most, replace=False)
        ids = [ids[place] for place in sorted(drawn)]
    passages: list[Passage] = []
    vectors: list[Vectors] = []
    for start in range(0, len(ids), BLOCK):
        some = ids[start : start + BLOCK]
        there, stored = collection.passages(some), collection.vectors(some)
        whole = [name for name in some if name in there and name in stored]
        passages += [there[name] for name in whole]
        vectors += [stored[name] for name in whole]
    return Pool(passages, np.stack(vectors))


def of_texts(texts: Iterable[tuple[str, str]], embedder: Encoder, cache: Path, watcher: TrainingWatcher) -> Pool:
    """Return a pool of (title, text) pairs, each once, embedded as a collection would embed them."""
    passages = {}
    for title, text in texts:
        name = key_of(title, text)
        passages[name] = Passage(name, name, title, "", text)
    if not passages:
        raise CallerError("there are no passages to train on; give files that hold some")
    ordered = [passages[name] for name in sorted(passages)]
    read = [Chunk(one.text, one.title, one.heading).embed_text for one in ordered]
    bare = (
        embedded([one.text for one in ordered], embedder, cache, watcher) if any(one.title for one in ordered) else None
    )
    return Pool(ordered, embedded(read, embedder, cache, watcher), bare)


def key_of(title: str, text: str) -> str:
    """Return the identity of a passage that has no other: a hash of its title and text."""
    return blake2b(f"{title}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def embedded(
    texts: Sequence[str], embedder: Encoder, cache: Path, watcher: TrainingWatcher, *, queries: bool = False
) -> Vectors:
    """Return the vectors of passages or queries, shape (len(texts), dimension).

    Each block of them is kept in the cache, so that a killed run goes on where it was.
    """
    blocks = []
    for start in range(0, len(texts), BLOCK):
        some = texts[start : start + BLOCK]
        blocks.append(_block(some, embedder, cache / "training", queries=queries))
        watcher.step("embedding", start + len(some), len(texts))
    if not blocks:
        return np.empty((0, embedder.dimension), np.float32)
    result: Vectors = np.concatenate(blocks)
    return result


def _block(texts: Sequence[str], embedder: Encoder, folder: Path, *, queries: bool) -> Vectors:
    read = [embedder.name, *(["queries", getattr(embedder, "checkpoint", "")] if queries else []), *texts]
    mark = blake2b("\0".join(read).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    path = folder / f"{mark}.npy"
    try:
        kept: Vectors = np.load(path)
        if kept.shape == (len(texts), embedder.dimension):
            return kept
    except (OSError, ValueError, EOFError):
        pass  # there is none, or none that can be read
    vectors = embedder.encode_queries(texts) if queries else embedder.encode_passages(texts)
    held = io.BytesIO()
    np.save(held, vectors)
    write_whole(path, held.getvalue())
    return vectors
