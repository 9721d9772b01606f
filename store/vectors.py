"""The vector index: derived from the record, deletable at any time.

The role is narrow on purpose: another engine is one file with these methods.
"""

from __future__ import annotations

import math
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np

from ..core.errors import OperatorError
from ..core.forked import never_close
from ..core.types import Vectors

# Chroma's default HNSW is tuned for smaller candidate lists than a fused, filtered, multi-hop search asks for.
BREADTH = 256
HNSW = {"space": "ip", "ef_construction": 200, "max_neighbors": 32, "ef_search": BREADTH}
# With lists of one length a graph of more rows misses more: 0.98 of the nearest 20 were found among 100,000 rows and
# 0.95 among 300,000, where lists of the lengths below found more than 0.99.
ROWS, GROWTH, STEP = 30_000, 0.7, 128


def breadth(rows: int) -> int:
    """Return how many candidates a search among so many rows keeps."""
    steps = math.ceil(BREADTH / STEP * math.pow(rows / ROWS, GROWTH))
    return STEP * max(BREADTH // STEP, steps)


# Clients of one folder share what chromadb keeps for it; one must not begin while the last of the others ends it.
_clients = threading.Lock()
# The process that used an embedded Chroma, and the one that had used it when this process was forked from it.
_used_by = _forked_from = 0


class IndexUnavailable(OperatorError):
    """The vector index cannot be reached or read."""


class IndexFailed(OperatorError):
    """The embedded vector index cannot be read or written; it can be rebuilt once there is room for it."""


class VectorIndex(Protocol):
    """Approximate nearest neighbours over unit vectors, by id. Every method may raise whatever the engine raises."""

    @property
    def max_batch(self) -> int:
        """Return how many rows one `upsert` or `delete` may hold."""
        ...

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None: ...

    def delete(self, ids: Sequence[str]) -> None: ...

    def query(self, vectors: Vectors, limit: int) -> list[list[tuple[str, float]]]:
        """Return (id, cosine) per query, best first, at most `limit` each."""
        ...

    def ids(self) -> list[str]: ...

    def get(self, ids: Sequence[str]) -> tuple[list[str], Vectors]: ...

    def count(self) -> int: ...

    def tune(self) -> None:
        """Fit searches to the number of rows; may hold from the next opening only."""
        ...

    def drop(self) -> None: ...

    def close(self) -> None: ...


class ChromaIndex:
    """A Chroma collection, embedded (`folder`) or on a server (`url`).

    Args:
        name: the Chroma collection; a rebuilt index gets a new name, so that no stale client can meet it.
        folder: where an embedded Chroma keeps its files; ignored with `url`.
        url: address of a `chroma run` server.
    """

    def __init__(self, name: str, *, folder: Path, url: str = "") -> None:
        self._name = name
        self._folder = folder
        self._url = url
        self._owner = os.getpid()
        with self._reached():
            self._client = connect(folder.absolute(), url)
            self._collection = self._client.get_or_create_collection(
                name, embedding_function=None, configuration={"hnsw": HNSW}
            )
            self.max_batch = min(int(self._client.get_max_batch_size()), 5000)

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add rows or replace those of the same id."""
        for start in range(0, len(ids), self.max_batch):
            part = slice(start, start + self.max_batch)
            with self._reached():
                self._collection.upsert(ids=list(ids[part]), embeddings=vectors[part])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows; ids that are not there are passed over."""
        for start in range(0, len(ids), self.max_batch):
            with self._reached():
                self._collection.delete(ids=list(ids[start : start + self.max_batch]))

    def query(self, vectors: Vectors, limit: int) -> list[list[tuple[str, float]]]:
        """Return (id, cosine) per query, best first."""
        with self._reached():
            found = self._collection.query(query_embeddings=vectors, n_results=limit, include=["distances"])
        pairs = zip(found["ids"], found["distances"] or [], strict=True)
        return [[(name, 1.0 - distance) for name, distance in zip(*pair, strict=True)] for pair in pairs]

    def ids(self) -> list[str]:
        """Return all ids, sorted."""
        with self._reached():
            return sorted(self._collection.get(include=[])["ids"])

    def get(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Return the ids found and their vectors, in the same order."""
        if not ids:
            return [], np.empty((0, 0), np.float32)
        with self._reached():
            found: Any = self._collection.get(ids=list(ids), include=["embeddings"])
        return found["ids"], found["embeddings"]

    def count(self) -> int:
        """Return the number of rows."""
        with self._reached():
            return int(self._collection.count())

    def tune(self) -> None:
        """Keep as many candidates as the number of rows asks for; Chroma heeds it from the next opening."""
        wanted = breadth(self.count())
        with self._reached():
            if self._collection.configuration_json["hnsw"]["ef_search"] != wanted:
                with warnings.catch_warnings():
                    # chromadb warns of how it writes down itself that there is no embedding function.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    self._collection.modify(configuration={"hnsw": {"ef_search": wanted}})

    def drop(self) -> None:
        """Delete the Chroma collection."""
        with self._reached():
            self._client.delete_collection(self._name)

    def close(self) -> None:
        """Let go; Chroma shares what it has read between clients of one path and would serve it stale to the next."""
        if os.getpid() != self._owner:  # it would wait for threads that stayed behind in the parent
            return never_close(self._client)
        with _clients:
            self._client.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn what a full disk or a server that went away makes chromadb raise into an error that says what to do."""
        try:
            yield
        except IndexUnavailable:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            if not self._url:
                raise IndexFailed(
                    f"{said}; the vector index in {str(self._folder)!r} failed: check free disk space and the folder's "
                    "rights, then open the collection again, which rebuilds it"
                ) from error
            raise IndexUnavailable(
                f"the Chroma server at {self._url!r} failed ({said}); see that it runs and open the collection again"
            ) from error


def connect(folder: Path, url: str) -> Any:
    """Return a Chroma client: embedded in `folder`, or of the server at `url`."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if not url:
        global _used_by
        if _forked_from:
            raise IndexUnavailable(
                f"the vector index in {str(folder)!r} cannot be opened in a fork of process {_forked_from}, which used "
                "one before; open collections after the fork only, or start processes by spawning"
            )
        with _clients:
            _used_by = os.getpid()
            return chromadb.PersistentClient(str(folder), settings=settings)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise IndexUnavailable(f"{url!r} is no address of a Chroma server; write it as http://host:port")
    port = parts.port or (443 if parts.scheme == "https" else 8000)
    try:
        return chromadb.HttpClient(parts.hostname, port, ssl=parts.scheme == "https", settings=settings)
    except Exception as error:  # chromadb and httpx raise types of their own here, ValueError among them
        raise IndexUnavailable(
            f"no Chroma server answers at {url!r} ({error}); start it or correct POLYHOP_CHROMA_URL"
        ) from error


def _forget() -> None:
    """Begin anew in a forked process, where chromadb would wait for threads that stayed behind in the parent."""
    global _clients, _forked_from
    _clients = threading.Lock()
    _forked_from = _used_by


os.register_at_fork(after_in_child=_forget)
