"""Keeping the vector index equal to the record: opening, replaying, rebuilding."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from ..core.logs import get_logger
from .lock import CollectionLock
from .record import Record, blocks, bump, put
from .vectors import ChromaIndex, IndexUnavailable, VectorIndex
from .write import drop_pending

log = get_logger(__name__)

TOLERANCE = 1e-4
PROBES = 32
PROBE_DEPTH = 10
# From so many rows on a rebuild takes a minute or more, and whoever waits for it should know beforehand.
LONG = 50_000

OpenIndex = Callable[[str], VectorIndex]


class Derived:
    """The vector index of a record, opened so that what it holds is what the record calls live.

    `meta.dirty` tells how the last writer ended: "" properly; "writing", it died while writing: the differences are
    replayed; "replaying", even that did not end (Chroma can take the process down): the index is rebuilt from the
    stored vectors without reading the old one. The sizes of Chroma's files are noted at each proper end, and a folder
    that looks different on opening (truncated, half copied) is rebuilt without being opened.

    Args:
        url: address of a Chroma server; empty for an embedded one beside the record.
        lazy: whether an index that nothing speaks against is opened when it is first asked only.
    """

    def __init__(
        self, record: Record, lock: CollectionLock, embedder: str, *, url: str = "", lazy: bool = False
    ) -> None:
        self._record = record
        self._embedder = embedder
        self._lock = lock
        self._folder = record.path.parent
        self._url = url
        self.notices: list[str] = []
        self._opening = threading.RLock()
        self._index: VectorIndex | None = None
        if not lazy or self._suspicion():
            self._index = self._open()

    @property
    def index(self) -> VectorIndex:
        """Return the vector index, opened by now."""
        with self._opening:
            if self._index is None:
                self._index = self._open()
            return self._index

    @index.setter
    def index(self, index: VectorIndex) -> None:
        self._index = index

    @contextmanager
    def session(self, in_doubt: Callable[[], bool]) -> Iterator[None]:
        """Hold the collection alone and mark it as being written.

        When the work raises while `in_doubt`, the differences are replayed before the exception goes on.
        """
        _ = self.index  # opened before the record says that it is being written
        with self._lock.exclusive():
            self._record.put(dirty="writing")
            try:
                yield
            except BaseException:
                if in_doubt():
                    self.index.close()
                    self._recover("writing")
                else:
                    drop_pending(self._record)
                    self._settle()
                raise
            self.index.tune()
            self._settle()

    def rebuild(self, reason: str) -> None:
        """Make a new vector index from the stored vectors; nothing is embedded."""
        with self._lock.exclusive():
            self.index.close()
            self._rebuild(reason)

    def close(self) -> None:
        """Let go of the vector index."""
        if self._index is not None:
            self._index.close()

    def _open(self) -> VectorIndex:
        with self._lock.when(self._suspicion) as reason:
            if reason:
                return self._recover(reason)
        try:
            return self._attach()
        except (IndexUnavailable, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            with self._lock.exclusive():
                return self._rebuild(f"Chroma could not open it ({_line(error)})")

    def _suspicion(self) -> str:
        """Return why the index cannot be trusted as it is, or nothing."""
        dirty = self._record.get("dirty", "")
        if not self._record.get("chroma"):
            return "new"
        if self._record.get("url", "") != self._url:
            return "moved to " + (self._url or "embedded Chroma")
        if dirty:
            return str(dirty)
        if not self._url and self._fingerprint() != self._record.get("fingerprint", ""):
            return "files"
        return ""

    def _recover(self, reason: str) -> VectorIndex:
        if reason == "new":
            return self._rebuild("")
        if reason == "replaying":
            return self._rebuild("an earlier repair did not finish")
        if reason == "files":
            return self._rebuild("its files are not as the last writer left them")
        if reason != "writing":
            return self._rebuild(reason)
        dropped = drop_pending(self._record)
        self._record.put(dirty="replaying")
        try:
            index = self._attach(counted=False)
            changed = self._replay(index)
        except (IndexUnavailable, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            return self._rebuild(f"Chroma could not read it ({_line(error)})")
        self.index = index
        self._settle()
        self._tell(
            f"the last writer was interrupted: {dropped} pending rows dropped, "
            f"{changed} rows of the vector index replayed"
        )
        return index

    def _attach(self, *, counted: bool = True) -> VectorIndex:
        index = self._named(str(self._record.get("chroma")))
        if counted and index.count() != self._record.count()[1]:
            if self._url:  # a server may have been restored from an older copy
                with self._lock.exclusive():
                    self._tell(f"the Chroma server held other rows: {self._replay(index)} replayed")
                return index
            raise ValueError("it holds another number of rows than the record")
        return index

    def _replay(self, index: VectorIndex) -> int:
        """Make the index hold the live vectors and nothing else; return how many rows differed."""
        have = set(index.ids())
        live = self._record.live_ids()
        extra = sorted(have.difference(live))
        for block in blocks(extra, index.max_batch):
            index.delete(block)
        changed = len(extra)
        for ids, vectors in self._record.live_vectors(self._embedder):
            places = {name: place for place, name in enumerate(ids)}
            wrong = set(ids) - have
            found, stored = index.get([name for name in ids if name in have])
            for name, vector in zip(found, stored, strict=True):
                if not np.allclose(vector, vectors[places[name]], atol=TOLERANCE):
                    wrong.add(name)
            if wrong:
                index.upsert(sorted(wrong), vectors[[places[name] for name in sorted(wrong)]])
                changed += len(wrong)
        self._probe(index)
        with self._record.writing() as connection:
            connection.execute("DELETE FROM stale")
        return changed

    def _probe(self, index: VectorIndex) -> None:
        """Raise unless a sample of vectors finds itself: rows may be there and yet unreachable in a torn graph."""
        if index.count() != self._record.count()[1]:
            raise ValueError("it holds another number of rows than the record after replaying")
        ids = self._record.live_ids()
        sample = ids[:: max(1, len(ids) // PROBES)][:PROBES]
        if not sample:
            return
        vectors = self._record.vectors(sample, self._embedder)
        found = index.query(np.stack([vectors[name] for name in sample]), min(PROBE_DEPTH, len(ids)))
        for name, near in zip(sample, found, strict=True):
            if not near or near[0][1] < 1 - TOLERANCE:
                raise ValueError(f"row {name} does not find itself")

    def _rebuild(self, reason: str) -> VectorIndex:
        drop_pending(self._record)
        with self._record.writing() as connection:
            number = bump(connection, "rebuilds")
            put(connection, dirty="replaying")
        old = self._record.get("chroma", "")
        name = f"polyhop-{self._record.get('id')}-{number}"
        index = self._named(name)
        if (rows := self._record.count()[1]) >= LONG:
            log.warning("vector index", begun=f"rebuilding {rows:,} rows from the record, about a minute for 60,000")
        for ids, vectors in self._record.live_vectors(self._embedder):
            index.upsert(ids, vectors)
        index.tune()
        with self._record.writing() as connection:
            put(connection, chroma=name, url=self._url)
            connection.execute("DELETE FROM stale")
        self.index = index
        self._settle()
        self._sweep(old, name)
        if reason:
            self._tell(f"the vector index was rebuilt from the record: {reason}")
        return index

    def _settle(self) -> None:
        self._record.put(dirty="", fingerprint="" if self._url else self._fingerprint())

    def _named(self, name: str) -> VectorIndex:
        return ChromaIndex(name, folder=self._folder / name, url=self._url)

    def _sweep(self, old: str, current: str) -> None:
        for folder in self._folder.glob("polyhop-*"):
            if folder.is_dir() and (folder.name != current or self._url):
                shutil.rmtree(folder, ignore_errors=True)
        if self._url and old and old != current:
            gone = self._named(old)
            gone.drop()
            gone.close()

    def _fingerprint(self) -> str:
        """Return the sizes of Chroma's files, which only a writer changes."""
        folder = self._folder / str(self._record.get("chroma"))
        files = sorted(
            path
            for path in folder.rglob("*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm", "-journal"))
        )
        return json.dumps({str(path.relative_to(folder)): path.stat().st_size for path in files})

    def _tell(self, notice: str) -> None:
        self.notices.append(notice)
        log.warning("vector index", notice=notice, record=str(self._record.path))


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
