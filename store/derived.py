"""Keeping the vector index equal to the record: opening it, taking back what failed, making it anew."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from ..core.errors import OperatorError
from ..core.logs import get_logger
from .lock import CollectionLock
from .record import Record, bump, put
from .vector_index import VECTOR_INDEXES, Generation, IndexUnavailable, VectorIndex

log = get_logger(__name__)

# From so many rows on a rebuild takes a minute or more, and whoever waits for it should know beforehand.
LONG = 50_000
PREFIX = "polyhop-"
PENDING = "chunks c JOIN documents d ON d.id = c.doc WHERE d.live IS NOT c.version"
#: what is told of a rebuild, by what `meta.dirty` or a look at the index says; "" is not worth a notice
REASONS = {
    "new": "",
    "reindexed": "",
    "writing": "the last writer was interrupted",
    "replaying": "an earlier repair did not finish",
    "files": "its files are not as the last writer left them",
}


class Derived:
    """The vector index of a record, opened so that what it holds is what the record calls live.

    `meta.dirty` tells how the last writer ended: "" properly; "writing", it died, or an exception left it with an index
    that could not be mended; "replaying", it died while it rebuilt the index. A writer that dies may leave an embedded
    engine with files that take down whoever reads them. So they are not opened again: the index is rebuilt from the
    stored vectors, and nothing is embedded. A server is still whole; it only forgets what was not acknowledged.

    Args:
        spec: names the engine and its address, as `POLYHOP_INDEX` does.
        lazy: whether an index that nothing speaks against is opened when it is first asked only.
    """

    def __init__(self, record: Record, lock: CollectionLock, embedder: str, *, spec: str, lazy: bool = False) -> None:
        self._record = record
        self._embedder = embedder
        self._lock = lock
        self._spec = spec
        self.location = self._generation("").location
        self.notices: list[str] = []
        self._opening = threading.RLock()
        self._index: VectorIndex | None = None
        self._writing = False
        self._seen: dict[str, object] = {}
        if not self._generation("").embedded:
            self._leave_to_the_original()
        if not lazy or self._suspicion():
            self._open()

    @property
    def index(self) -> VectorIndex:
        """Return the vector index, opened by now."""
        if self._index is not None:  # a writer must not wait for a reader who waits for the writer
            return self._index
        with self._opening:
            return self._index or self._open()

    @contextmanager
    def reading(self) -> Iterator[VectorIndex]:
        """Lend the vector index for a search; what other processes have written since the last one is in it."""
        with self._lock.shared(self._refresh):
            yield self.index

    @contextmanager
    def session(self) -> Iterator[None]:
        """Be the only writer, alone from beginning to end unless locks are on lease: see `alone`."""
        with self._lock.turn() if self._lock.lease else self.alone():
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the collection alone and mark it as being written; inside another such session it adds nothing.

        When the work raises, the batch that was not acknowledged is taken back before the exception goes on.
        """
        if not self._lock.lease:
            _ = self.index
        with self._lock.exclusive():
            if self._writing:
                yield
                return
            if self._lock.lease:
                self._refresh()
            if reason := self._record.get("dirty"):  # an earlier write failed, and so did taking it back
                self._recover(str(reason))
            self.index.check()
            self._begin()
            self._writing = True
            try:
                yield
            except BaseException as error:
                with suppress(Exception):  # then it stays marked, and the next to write or to open sees to it
                    self._mend(error)
                raise
            finally:
                self._writing = False
            self._settle(self.index)

    def rebuild(self, reason: str) -> None:
        """Make a new vector index from the stored vectors; nothing is embedded."""
        with self._lock.exclusive():
            self._rebuild(reason)

    def drop(self) -> None:
        """Delete the vector index, wherever it is."""
        self.close()
        self._generation(self._current()).drop()

    def close(self) -> None:
        """Let go of the vector index."""
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def _refresh(self) -> None:
        """Open the index anew if another process has written to it.

        Raises:
            OperatorError: if another process has changed the embedder.
        """
        with self._opening:
            if self._index is not None and self._seen == self._state():
                return
            if self._record.get("embedder") != self._embedder:
                raise OperatorError(
                    f"the collection was embedded again with {self._record.get('embedder')!r} meanwhile; open it again"
                )
            self.close()
            self._open()

    def _state(self) -> dict[str, object]:
        """Return what every writer changes."""
        keys = ("index", "location", "fingerprint", "generation", "dirty", "embedder")
        with self._record.reading() as connection:
            sql = f"SELECT key, value FROM meta WHERE key IN ({','.join('?' * len(keys))})"
            return dict(connection.execute(sql, keys).fetchall())

    def _open(self) -> VectorIndex:
        with self._lock.when(self._suspicion) as reason:
            return self._recover(reason) if reason else self._index or self._attach()

    def _leave_to_the_original(self) -> None:
        """Give a copied record another id, so that on a server it gets vectors of its own.

        A copy has the names of its original. Both would write into one collection of the server, and each would take
        the other's rows for remains. A file keeps its number when it is moved, a copy has another.
        """
        own = self._record.path.stat().st_ino
        if self._record.get("file") == own:
            return
        with self._record.writing() as connection:
            found = connection.execute("SELECT value FROM meta WHERE key = 'file'").fetchone()
            if found is not None and found[0] != own:
                put(connection, id=secrets.token_hex(8), index="", dirty="")
                self.notices.append("this collection is a copy, so its vectors on the server are made anew")
            put(connection, file=own)

    def _suspicion(self) -> str:
        """Return why the index cannot be trusted as it is, or nothing."""
        if not self._current():
            return "new"
        if self._record.get("location") != self.location:
            return f"moved to {self.location}"
        if dirty := self._record.get("dirty"):
            return str(dirty)
        if self._generation(self._current()).fingerprint() != self._record.get("fingerprint", ""):
            return "files"
        return ""

    def _recover(self, reason: str) -> VectorIndex:
        if reason == "writing" and not self._generation(self._current()).embedded:
            index = self._attach(interrupted=True)
            self._settle(index)
            return index
        return self._rebuild(REASONS.get(reason, reason))

    def _attach(self, *, interrupted: bool = False) -> VectorIndex:
        """Open the index that there is, or make it anew if it cannot be opened or holds other rows."""
        self.close()
        index = self._generation(self._current())
        try:
            index.open()
            if interrupted:
                self._tell(f"the last writer was interrupted: {self._take_back(index)} pending rows dropped")
            index.check(self._record.count()[1])
        except (IndexUnavailable, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of an engine written in Rust is no Exception
            with self._lock.exclusive():
                return self._rebuild(f"it could not be used ({_line(error)})")
        self._index = index
        self._seen = self._state()
        return index

    def _mend(self, error: BaseException) -> None:
        """Take back a batch that failed; an embedded engine that may itself have failed at it is not trusted again."""
        index = self.index
        stopped = isinstance(error, KeyboardInterrupt | SystemExit)
        if index.embedded and not stopped and in_doubt(self._record):
            self._rebuild("a write failed")
        else:
            self._take_back(index)
            self._settle(index)

    def _take_back(self, index: VectorIndex) -> int:
        """Undo what a batch left in record and index before it was acknowledged; return how many rows were pending."""
        dropped = drop_pending(self._record)
        prune(self._record, index, self._embedder)
        return dropped

    def _rebuild(self, reason: str) -> VectorIndex:
        self.close()
        drop_pending(self._record)
        with self._record.writing() as connection:
            number = bump(connection, "rebuilds")
            put(connection, dirty="replaying")
        old = self._current()
        name = self._name(number)
        index = self._generation(name)
        index.open()
        if (rows := self._record.count()[1]) >= LONG:
            log.warning("vector index", begun=f"rebuilding {rows:,} rows from the record, about a minute for 60,000")
        for ids, vectors in self._record.live_vectors(self._embedder):
            index.upsert(ids, vectors, self._record.attributes(ids) if index.holds_metadata else [])
        with self._record.writing() as connection:
            put(connection, index=name, location=self.location)
            connection.execute("DELETE FROM stale")
        self._settle(index)
        self._index = index
        self._sweep(old, number)
        if reason:
            self._tell(f"the vector index was rebuilt from the record: {reason}")
        return index

    def _begin(self) -> None:
        with self._record.writing() as connection:
            put(connection, dirty="writing")
            if self.index.holds_metadata:  # searches under way that let the index filter are made again without it
                bump(connection, "generation")

    def _settle(self, index: VectorIndex) -> None:
        index.commit()
        self._record.put(dirty="", fingerprint=index.fingerprint())
        self._seen = self._state()

    def _current(self) -> str:
        return str(self._record.get("index", ""))

    def _name(self, number: int) -> str:
        return f"{PREFIX}{self._record.get('id')}-{number}"

    def _generation(self, name: str) -> VectorIndex:
        generation = Generation(name, self._record.path.parent / name, int(self._record.get("dimension")))
        return VECTOR_INDEXES.make(self._spec, generation)

    def _sweep(self, old: str, number: int) -> None:
        """Delete the folders of all earlier generations, and from the last complete one on what a server has of them.

        Where the index has moved, the server that it has left is not asked: it may be gone for good.
        """
        for folder in self._record.path.parent.glob(f"{PREFIX}*"):
            if folder.is_dir() and folder.name != self._current():
                shutil.rmtree(folder, ignore_errors=True)
        for earlier in range(int(old.rpartition("-")[2] or number), number):
            with suppress(Exception):  # what cannot be deleted costs room and does no harm
                self._generation(self._name(earlier)).drop()

    def _tell(self, notice: str) -> None:
        self.notices.append(notice)
        log.warning("vector index", notice=notice, record=str(self._record.path))


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]


def in_doubt(record: Record) -> bool:
    """Say whether the vector index may differ from the record: a batch is between its first step and its last."""
    with record.reading() as connection:
        sql = f"SELECT EXISTS (SELECT 1 FROM stale) OR EXISTS (SELECT 1 FROM {PENDING})"
        return bool(connection.execute(sql).fetchone()[0])


def drop_pending(record: Record) -> int:
    """Delete what a writer left behind unflipped, to be pruned from the vector index, and return how many rows.

    The vectors stay for the next try.
    """
    with record.writing() as connection:
        connection.execute(f"INSERT OR IGNORE INTO stale SELECT c.id FROM {PENDING}")
        dropped = connection.execute(f"DELETE FROM chunks WHERE row IN (SELECT c.row FROM {PENDING})").rowcount
        connection.execute("DELETE FROM documents WHERE live IS NULL")
    return dropped


def prune(record: Record, index: VectorIndex, embedder: str) -> None:
    """Take stale ids out of the vector index; those that are live all the same get back what the record says."""
    with record.reading() as connection:
        stale = [row[0] for row in connection.execute("SELECT id FROM stale")]
    if not stale:
        return
    live = record.vectors(stale, embedder)
    index.delete([name for name in stale if name not in live])
    if live and index.holds_metadata:
        index.upsert(list(live), np.stack(list(live.values())), record.attributes(list(live)))
    with record.writing() as connection:
        connection.execute("DELETE FROM stale")
