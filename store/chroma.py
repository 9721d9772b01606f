"""Chroma: as the vector index, embedded or on a server, and as a source of documents to adopt."""

from __future__ import annotations

import math
import os
import shutil
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import numpy as np

from ..core.deadline import left, within
from ..core.errors import CallerError
from ..core.forked import never_close
from ..core.private import redacted, without_user
from ..core.types import Document, Metadata, Vectors
from .vector_index import Generation, IndexFailed, IndexUnavailable, file_sizes

if TYPE_CHECKING:
    from .collection import Collection
    from .filter import Filter
    from .write import AddReport

# Chroma's default HNSW is tuned for smaller candidate lists than a fused, filtered, multi-hop search asks for.
BREADTH = 256
HNSW = {"space": "ip", "ef_construction": 200, "max_neighbors": 32, "ef_search": BREADTH}
# With lists of one length a graph of more rows misses more: 0.98 of the nearest 20 were found among 100,000 rows and
# 0.95 among 300,000, where lists of the lengths below found more than 0.99.
ROWS, GROWTH, STEP = 30_000, 0.7, 128
MAX_BATCH = 5_000
#: Seconds that a server may take for one request, where the question that asks has no less left.
PATIENCE = 120.0
#: Seconds that it gets at any rate: what a late question still asks for is worth a moment.
GRACE = 1.0
# What adoption reads at a time, and what it compares to see whether the vectors are of the same embedder.
PAGE = 500
SAMPLE = 16
ALIKE = 0.9


Answer = TypeVar("Answer")


def breadth(rows: int) -> int:
    """Return how many candidates a search among so many rows keeps."""
    steps = math.ceil(BREADTH / STEP * math.pow(rows / ROWS, GROWTH))
    return STEP * max(BREADTH // STEP, steps)


# Clients of one folder share what chromadb keeps for it; one must not begin while the last of the others ends it.
_clients = threading.Lock()
# The process that used an embedded Chroma, and the one that had used it when this process was forked from it.
_used_by = _forked_from = 0


class ChromaIndex:
    """A Chroma collection for each generation; no metadata is kept in it, so filters are not its business.

    Args:
        generation: what it is to hold; an embedded Chroma has its files in the generation's folder.
        url: address of a `chroma run` server; empty for an embedded Chroma.
    """

    holds_metadata = False

    def __init__(self, generation: Generation, url: str = "") -> None:
        self.embedded = not url
        self.location = without_user(url) or "embedded Chroma"
        self._name = generation.name
        self._folder = generation.folder
        self._url = url
        self._owner = os.getpid()
        self._client: Any = None
        self._collection: Any = None

    @classmethod
    def configured(cls, argument: str, given: Generation) -> ChromaIndex:
        """Return an index at the address of a server, or an embedded one for no address."""
        return cls(given, argument)

    def open(self) -> None:
        """Connect, and make the Chroma collection where there is none."""
        self._asked(self._open)

    def _open(self) -> None:
        client = connect(self._folder.absolute(), self._url)
        self._collection = client.get_or_create_collection(
            self._name, embedding_function=None, configuration={"hnsw": HNSW}
        )
        self._batch = min(int(client.get_max_batch_size()), MAX_BATCH)
        self._client = client

    def check(self, rows: int | None = None) -> None:
        """Ask for the number of rows, which goes the whole way to a server's database.

        Raises:
            IndexFailed: if it holds another number of rows.
        """
        found = self._count()
        if rows not in (None, found):
            raise IndexFailed(f"it holds {found:,} rows, the record {rows:,}; opening the collection again rebuilds it")

    def fingerprint(self) -> str:
        """Return the sizes of an embedded Chroma's files, which only a writer changes."""
        return file_sizes(self._folder, but=("-wal", "-shm", "-journal")) if self.embedded else ""

    def can_filter(self, condition: Filter) -> bool:
        """Return False."""
        return False

    def query(self, vectors: Vectors, limit: int, where: Filter | None = None) -> list[list[tuple[str, float]]]:
        """Return (id, cosine) per query, best first."""
        found = self._asked(
            lambda: self._collection.query(query_embeddings=vectors, n_results=limit, include=["distances"])
        )
        pairs = zip(found["ids"], found["distances"] or [], strict=True)
        return [[(name, 1.0 - distance) for name, distance in zip(*pair, strict=True)] for pair in pairs]

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadata: Sequence[Metadata]) -> None:
        """Add rows or replace those of the same id."""
        for part in self._parts(ids):
            self._asked(partial(self._collection.upsert, ids=list(ids[part]), embeddings=vectors[part]))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows; ids that are not there are passed over."""
        for part in self._parts(ids):
            self._asked(partial(self._collection.delete, ids=list(ids[part])))

    def ids(self) -> list[str]:
        """Return all ids, sorted."""
        return sorted(self._asked(lambda: self._collection.get(include=[]))["ids"])

    def get(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Return the ids found and their vectors, in the same order."""
        names: list[str] = []
        rows = [np.empty((0, 0), np.float32)]
        for part in self._parts(ids):
            found = self._asked(partial(self._collection.get, ids=list(ids[part]), include=["embeddings"]))
            names += found["ids"]
            rows.append(np.asarray(found["embeddings"], np.float32))
        return names, np.concatenate([block for block in rows if len(block)] or rows[:1])

    def commit(self) -> None:
        """Keep as many candidates as the number of rows asks for; Chroma heeds it from the next opening."""
        wanted = breadth(self._count())
        if self._collection.configuration_json["hnsw"]["ef_search"] != wanted:
            with warnings.catch_warnings():
                # chromadb warns of how it writes down itself that there is no embedding function.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._asked(lambda: self._collection.modify(configuration={"hnsw": {"ef_search": wanted}}))

    def drop(self) -> None:
        """Delete the files, or the Chroma collection on the server."""
        if self.embedded:
            return shutil.rmtree(self._folder, ignore_errors=True)
        self.open()  # makes it where there is none: how its lack is said differs between versions
        self._asked(lambda: self._client.delete_collection(self._name))
        self.close()

    def close(self) -> None:
        """Let go; Chroma shares what it has read between clients of one path and would serve it stale to the next."""
        client, self._client = self._client, None
        if client is None:
            return
        if os.getpid() != self._owner:  # it would wait for threads that stayed behind in the parent
            return never_close(client)
        with _clients:
            client.close()

    def _count(self) -> int:
        return int(self._asked(lambda: self._collection.count()))

    def _parts(self, ids: Sequence[str]) -> Iterator[slice]:
        return (slice(start, start + self._batch) for start in range(0, len(ids), self._batch))

    def _asked(self, work: Callable[[], Answer]) -> Answer:
        """Return what chromadb does, in the time that is left if a server does it.

        What a full disk or a server that went away makes it raise becomes an error that says what to do.
        """
        seconds = max(GRACE, left(PATIENCE))
        try:
            return within(seconds, work) if self._url else work()
        except IndexUnavailable:
            raise
        except TimeoutError as error:
            raise IndexUnavailable(
                f"the Chroma server at {self.location!r} did not answer in {seconds:.3g} s; see that it runs, or give "
                "questions more time (POLYHOP_SECONDS)"
            ) from error
        except Exception as error:
            said = redacted(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            if not self._url:
                raise IndexFailed(
                    f"{said}; the vector index in {str(self._folder)!r} failed: check free disk space and the folder's "
                    "rights, then open the collection again, which rebuilds it"
                ) from error
            raise IndexUnavailable(
                f"the Chroma server at {self.location!r} failed ({said}); see that it runs and open the collection "
                "again"
            ) from error


def connect(folder: Path, url: str) -> Any:
    """Return a Chroma client: embedded in `folder`, or of the server at `url`.

    Raises:
        IndexUnavailable: for an address that is none, a server that does not answer, or a fork of a process that used
            one.
    """
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
        raise IndexUnavailable(f"{without_user(url)!r} is no address of a Chroma server; write it as http://host:port")
    port = parts.port or (443 if parts.scheme == "https" else 8000)
    try:
        return chromadb.HttpClient(parts.hostname, port, ssl=parts.scheme == "https", settings=settings)
    except Exception as error:  # chromadb and httpx raise types of their own here, ValueError among them
        raise IndexUnavailable(
            f"no Chroma server answers at {without_user(url)!r} ({redacted(str(error))}); start it or correct "
            "POLYHOP_INDEX"
        ) from error


def adopt(collection: Collection, chroma: str, name: str) -> AddReport:
    """Add the documents of an existing Chroma collection with the vectors it has; it is only read.

    Args:
        chroma: a folder of an embedded Chroma, or the address of a server.
        name: the Chroma collection.

    Raises:
        CallerError: if its vectors were evidently made by another embedder than the collection's.
    """
    theirs = _chroma_collection(chroma, name)
    _check_alike(collection, theirs.get(limit=SAMPLE, include=["documents", "embeddings"]), name)
    return collection.add(_adopted(theirs))


def _chroma_collection(chroma: str, name: str) -> Any:
    if "://" not in chroma and not (Path(chroma) / "chroma.sqlite3").is_file():
        raise CallerError(
            f"{chroma!r} holds no Chroma database; give the folder with chroma.sqlite3, or a server's address"
        )
    client = connect(Path(chroma), chroma if "://" in chroma else "")
    try:
        return client.get_collection(name, embedding_function=None)
    except Exception as error:  # Chroma's NotFoundError, or a ValueError in older servers
        others = ", ".join(sorted(found.name for found in client.list_collections())) or "none"
        raise CallerError(f"Chroma at {without_user(chroma)!r} has no collection {name!r} (there: {others})") from error


def _check_alike(collection: Collection, sample: Any, name: str) -> None:
    pairs = [
        (text, vector) for text, vector in zip(sample["documents"] or [], sample["embeddings"], strict=False) if text
    ]
    if not pairs:
        return
    theirs = np.array([vector for _, vector in pairs], np.float32)
    ours = collection.embedder.encode_passages([text for text, _ in pairs])
    alike = (
        float((theirs * ours).sum(axis=1).mean() / np.linalg.norm(theirs, axis=1).mean())
        if theirs.shape == ours.shape
        else 0.0
    )
    if alike < ALIKE:
        raise CallerError(
            f"the vectors of Chroma collection {name!r} ({theirs.shape[1]} dimensions, mean cosine {alike:.2f}) were "
            f"not made by {collection.embedder_name!r}; choose the embedder that made them with --embedder, or index "
            "the texts"
        )


def _adopted(theirs: Any) -> Iterator[Document]:
    start = 0
    while True:
        page = theirs.get(limit=PAGE, offset=start, include=["documents", "metadatas", "embeddings"])
        if not page["ids"]:
            return
        start += len(page["ids"])
        for key, text, metadata, vector in zip(
            page["ids"], page["documents"], page["metadatas"], page["embeddings"], strict=True
        ):
            fields = {name: value for name, value in (metadata or {}).items() if value is not None}
            title = fields.get("title")
            yield Document(
                key, text or "", title if isinstance(title, str) else "", fields, "", tuple(map(float, vector))
            )


def _forget() -> None:
    """Begin anew in a forked process, where chromadb would wait for threads that stayed behind in the parent."""
    global _clients, _forked_from
    _clients = threading.Lock()
    _forked_from = _used_by


os.register_at_fork(after_in_child=_forget)
