"""The write path: pending rows, vector index, flip, clean up; a kill between any two steps loses nothing.

Order of one batch, each step named as the `observe` callback hears it:

1. `embedded`   new vectors are in the record (a later run finds them by content hash, nothing is embedded twice);
2. `pending`    the chunks are in the record under a version that no search sees;
3. `upserted`   the vector index has the new ids;
4. `flipped`    one transaction makes the version live, with its FTS5 rows, names, links and attributes: acknowledged;
5. `pruned`     the vector index has lost the ids that the flip replaced.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np

from ..core.check import unit_rows
from ..core.errors import CallerError
from ..core.types import Chunk, Document, Metadata, Vectors
from ..encoders.role import Encoder
from . import links
from .chunk import chunk_all
from .derived import Derived, prune
from .files import forget_source
from .filter import attribute_rows
from .layout import written
from .lexical import analyse
from .location import BATCH, Observe
from .names import names_of
from .record import LIVE, Record, attributes, bump, put
from .sites import elect

# Small enough for a progress bar to move and for a kill to cost little; the embedder batches by length inside.
EMBED_BLOCK = 128
# A batch is flushed at `BATCH` documents or so many characters, whichever comes first.
BATCH_CHARACTERS = 4_000_000
MAX_KEY = 4_096
REINDEX_BLOCK = 1_024
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a document has to do with its file, beside its source.

    `replaces` is the key that it had before, of a document that goes in the same transaction; `original` is the hash of
    the file's bytes, where those are kept.
    """

    replaces: str = ""
    original: bytes = b""


NO_ORIGIN = Origin()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document cut into chunks, with everything that is computed before the first row is written."""

    document: Document
    chunks: Sequence[Chunk]
    digest: bytes
    given: Vectors | None = None  # (chunks, dimension): vectors that came with the chunks, from an export
    kept: Sequence[
        bytes
    ] = ()  # the content hashes that such vectors go by: a text may have one of its own and a computed one
    origin: Origin = NO_ORIGIN

    def vectors(self) -> Vectors:
        """Return the vectors that need not be computed, a unit row for each chunk, or no row at all."""
        if self.given is not None:
            return self.given
        own = self.document.vector
        return np.empty((0, 0), np.float32) if own is None else unit_rows([own], len(own))

    def hashes(self) -> list[bytes]:
        """Return the content hash of each chunk, the key under which its vector is kept."""
        if self.kept:
            return list(self.kept)
        return [content_hash(chunk, _own(self.document)) for chunk in self.chunks]

    def ids(self, hashes: Sequence[bytes]) -> list[str]:
        """Return the chunk ids: document key, content and which occurrence of that content it is.

        Equal chunks of two documents have different ids, so that removing one leaves the other.
        """
        seen: dict[bytes, int] = {}
        ids = []
        for content in hashes:
            seen[content] = seen.get(content, 0) + 1
            ids.append(_hash(self.document.key.encode(), content, str(seen[content]).encode()).hex())
        return ids


def digest(document: Document, chunk_tokens: int = 0) -> bytes:
    """Return a hash of everything that the caller gave, and of the length of passages if it is one of the user's."""
    given: list[object] = [document.text, document.title, document.source, dict(document.metadata)]
    if document.blocks or document.links:
        given += [document.blocks, document.links]
    if document.anchors:
        given.append(document.anchors)
    cut = (str(chunk_tokens).encode(),) if chunk_tokens else ()
    return _hash(json.dumps(given, sort_keys=True).encode(), _own(document), *cut)


def content_hash(chunk: Chunk, own: bytes = b"") -> bytes:
    """Return the hash under which the vector of a passage is kept; `own` are the bytes of a vector that came with it.

    A vector that the embedder did not make here so has a hash of its own, and never becomes that of an equal text.
    """
    return _hash(chunk.embed_text.encode(), own)


def imported_digest(document: Document, chunks: Sequence[Chunk], hashes: Sequence[bytes]) -> bytes:
    """Return a hash of everything that an import gave, which no document of a caller has: see `digest`."""
    given = [document.title, document.source, dict(document.metadata)]
    pieces = [[chunk.text, chunk.title, chunk.heading, written(chunk.layout)] for chunk in chunks]
    return _hash(b"imported", json.dumps([given, pieces], sort_keys=True).encode(), b"".join(hashes))


def _own(document: Document) -> bytes:
    """Return the bytes of the vector that a document brings, whatever sequence of numbers it is, or none."""
    return b"" if document.vector is None else np.asarray(document.vector, np.float64).tobytes()


def _hash(*parts: bytes) -> bytes:
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "little") + part)
    return state.digest()


def store_vectors(
    record: Record, embedder: Encoder, batch: Sequence[Prepared], progress: Callable[[int], None]
) -> tuple[dict[bytes, Vectors], int]:
    """Return a vector for every chunk of the batch, and how many were embedded: those the record has not.

    Each block is committed when it is done, so that a killed run keeps it; `progress` hears how many characters of it
    were embedded.
    """
    own = {key: vector for item in batch for key, vector in zip(item.hashes(), item.vectors(), strict=False)}
    texts = {key: chunk.embed_text for item in batch for key, chunk in zip(item.hashes(), item.chunks, strict=True)}
    known = record.known_vectors(texts, embedder.name)
    missing = [key for key in texts if key not in known]
    embedded = 0
    for start in range(0, len(missing), EMBED_BLOCK):
        block = missing[start : start + EMBED_BLOCK]
        to_embed = [key for key in block if key not in own]
        new = dict(zip(to_embed, embedder.encode_passages([texts[key] for key in to_embed]), strict=True))
        new.update((key, own[key]) for key in block if key in own)
        with record.writing() as connection:
            rows = [(key, embedder.name, vector.astype("<f4").tobytes()) for key, vector in new.items()]
            connection.executemany("INSERT OR REPLACE INTO vectors (hash, embedder, vector) VALUES (?, ?, ?)", rows)
        known.update(new)
        progress(sum(len(texts[key]) for key in to_embed))
        embedded += len(to_embed)
    return known, embedded


class BatchWriter:
    """Takes one batch of prepared documents, of distinct keys, through the write path."""

    def __init__(self, record: Record, derived: Derived, embedder: str, observe: Observe) -> None:
        self._record = record
        self._derived = derived
        self._embedder = embedder
        self._observe = observe

    def write(self, batch: Sequence[Prepared], vectors: dict[bytes, Vectors]) -> set[str]:
        """Make the batch live, and return the keys that took the place of others."""
        rows: dict[str, Vectors] = {}
        metadata: dict[str, Metadata] = {}
        with self._record.writing() as connection:
            version = bump(connection, "clock")
            for item in batch:
                hashes = item.hashes()
                ids = item.ids(hashes)
                _insert_pending(connection, item, version, list(zip(ids, hashes, strict=True)))
                rows.update((name, vectors[key]) for name, key in zip(ids, hashes, strict=True))
                metadata.update(dict.fromkeys(ids, _attributes(item.document)))
        self._observe("pending")
        index = self._derived.index
        holds = index.holds_metadata
        new = list(rows) if holds else self._not_live(list(rows))
        if new:
            filtered = [metadata[name] for name in new] if holds else []
            index.upsert(new, np.stack([rows[name] for name in new]), filtered)
        self._observe("upserted")
        with self._record.writing() as connection:
            for item in batch:
                _flip(connection, item, version)
            replacing = {item.document.key for item in batch if _drop(connection, item.origin.replaces)}
            bump(connection, "generation")
        self._observe("flipped")
        self.prune()
        return replacing

    def remove(self, keys: Sequence[str]) -> int:
        """Remove documents and return how many there were.

        The files they came from are forgotten, so that indexing those again brings the documents back.
        """
        removed = 0
        with self._record.writing() as connection:
            for key in keys:
                row = connection.execute("SELECT source FROM documents WHERE key = ?", (key,)).fetchone()
                if row:
                    forget_source(connection, row[0])
                    removed += _drop(connection, key)
            bump(connection, "generation")
        self._observe("flipped")
        self.prune()
        return removed

    def prune(self) -> None:
        """Take out of the vector index what the record no longer has."""
        prune(self._record, self._derived.index, self._embedder)
        self._observe("pruned")

    def _not_live(self, ids: Sequence[str]) -> list[str]:
        live = self._record.passages(ids)
        return [name for name in ids if name not in live]


def _insert_pending(
    connection: sqlite3.Connection, item: Prepared, version: int, keys: Sequence[tuple[str, bytes]]
) -> None:
    connection.execute("INSERT OR IGNORE INTO documents (key) VALUES (?)", (item.document.key,))
    doc = connection.execute("SELECT id FROM documents WHERE key = ?", (item.document.key,)).fetchone()[0]
    connection.executemany(
        "INSERT INTO chunks (id, doc, version, ord, title, heading, text, hash, layout) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (name, doc, version, number, chunk.title, chunk.heading, chunk.text, key, written(chunk.layout))
            for number, ((name, key), chunk) in enumerate(zip(keys, item.chunks, strict=True))
        ),
    )


def _flip(connection: sqlite3.Connection, item: Prepared, version: int) -> None:
    document = item.document
    doc, old = connection.execute("SELECT id, live FROM documents WHERE key = ?", (document.key,)).fetchone()
    rows = connection.execute(
        "SELECT row, id, title, heading, text FROM chunks WHERE doc = ? AND version = ? ORDER BY ord", (doc, version)
    ).fetchall()
    if old is not None:
        _retire(connection, doc, old, keep=frozenset(row[1] for row in rows))
        connection.execute("DELETE FROM attributes WHERE doc = ?", (doc,))
    connection.execute(
        "UPDATE documents SET live = ?, title = ?, source = ?, digest = ?, metadata = ?, indexed = ?, original = ?"
        " WHERE id = ?",
        (
            version,
            document.title,
            document.source,
            item.digest,
            json.dumps(dict(document.metadata)),
            time.time(),
            item.origin.original or None,
            doc,
        ),
    )
    found = attribute_rows(_attributes(document))
    connection.executemany("INSERT INTO attributes VALUES (?, ?, ?, ?)", ((doc, *row) for row in found))
    connection.executemany("INSERT INTO lexical (rowid, title, body) VALUES (?, ?, ?)", map(lexical_row, rows))
    first = item.chunks[0]
    names = names_of(document.title, first.text, first.layout.blocks if first.layout else ())
    connection.executemany("INSERT INTO names VALUES (?, ?, ?)", ((name, doc, kind) for name, kind in names))
    parts = [links.Part(chunk.text, chunk.layout) for chunk in item.chunks]
    links.insert(connection, doc, [row[0] for row in rows], links.rows_of(document, parts))


def _drop(connection: sqlite3.Connection, key: str) -> bool:
    """Delete a document, and say whether there was one."""
    row = connection.execute("SELECT id, live FROM documents WHERE key = ?", (key,)).fetchone()
    if row is None:
        return False
    _retire(connection, row[0], row[1], keep=frozenset())
    connection.execute("DELETE FROM attributes WHERE doc = ?", (row[0],))
    connection.execute("DELETE FROM documents WHERE id = ?", (row[0],))
    return True


def _retire(connection: sqlite3.Connection, doc: int, version: int | None, *, keep: frozenset[str]) -> None:
    """Delete a version's chunks and everything derived from them; `keep` are ids that stay in the vector index."""
    if version is None:
        return
    rows = connection.execute(
        "SELECT row, id, title, heading, text FROM chunks WHERE doc = ? AND version = ?", (doc, version)
    ).fetchall()
    delete = "INSERT INTO lexical (lexical, rowid, title, body) VALUES ('delete', ?, ?, ?)"
    connection.executemany(delete, map(lexical_row, rows))
    connection.execute("DELETE FROM names WHERE doc = ?", (doc,))
    links.delete(connection, doc, (row[0] for row in rows))
    connection.executemany("INSERT OR IGNORE INTO stale VALUES (?)", ((row[1],) for row in rows if row[1] not in keep))
    connection.execute("DELETE FROM chunks WHERE doc = ? AND version = ?", (doc, version))


def _attributes(document: Document) -> Metadata:
    return attributes(document.metadata, document.key, document.title, document.source)


def lexical_row(row: tuple[int, str, str, str, str]) -> tuple[int, str, str]:
    """Return the FTS5 row of (row, id, title, heading, text); a deletion must give exactly the same again."""
    number, _, title, heading, text = row
    return number, analyse(title), analyse(f"{heading}\n{text}" if heading else text)


def drop_unused_vectors(record: Record) -> int:
    """Delete vectors that no chunk refers to and return how many; called when a run is over.

    Not sooner: the vectors of a file that moved are found again by content while the run lasts.
    """
    sql = "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.hash = vectors.hash)"
    with record.writing() as connection:
        return connection.execute(sql).rowcount


@dataclass(slots=True)
class AddReport:
    """What became of the documents; `skipped` pairs a key with the reason."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    embedded: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


class Intake:
    """Takes documents one at a time inside a write session; what `flush` has returned from is safe.

    A document that cannot be stored is put on the report with its reason and the rest goes on.
    """

    def __init__(
        self,
        record: Record,
        derived: Derived,
        embedder: Encoder,
        *,
        observe: Observe,
        batch: int = BATCH,
        chunk_tokens: int = 0,
        progress: Progress = lambda characters: None,
    ) -> None:
        self.report = AddReport()
        self.writer = BatchWriter(record, derived, embedder.name, observe)
        self._record = record
        self._derived = derived
        self._embedder = embedder
        self._observe = observe
        self._batch = batch
        self._chunk_tokens = chunk_tokens
        self._progress = progress
        self._after: list[Callable[[], None]] = []
        self._touched = False
        self._waiting: dict[str, tuple[Document | Prepared, Origin]] = {}
        self._characters = 0

    def put(self, item: Document | Prepared, origin: Origin = NO_ORIGIN) -> None:
        """Take a document, or one that was cut before; may write a batch.

        Raises:
            CallerError: for what is no `Document`.
        """
        document = item.document if isinstance(item, Prepared) else item
        if not isinstance(document, Document):
            raise CallerError(f"{item!r:.80} is no Document; give Document(key, text, title, metadata)")
        if reason := unfit(document, self._embedder.dimension):
            self.report.skipped.append((str(document.key), reason))
            return
        if document.key in self._waiting:
            self.flush()
        self._waiting[document.key] = (item, origin)
        self._characters += len(document.text)
        if len(self._waiting) >= self._batch or self._characters >= BATCH_CHARACTERS:
            self.flush()

    def then(self, work: Callable[[], None]) -> None:
        """Do something once everything taken so far is safe."""
        self._after.append(work)

    def flush(self) -> None:
        """Write what is waiting; afterwards all of it is searchable and survives a kill."""
        waiting, self._waiting, self._characters = self._waiting, {}, 0
        known = self._digests(list(waiting))
        marks = {key: self._mark(item) for key, (item, _) in waiting.items()}
        new = {key: pair for key, pair in waiting.items() if known.get(key) != marks[key]}
        self.report.unchanged += len(waiting) - len(new)
        batch = [replace(item, origin=origin) for item, origin in new.values() if isinstance(item, Prepared)]
        whole = [item for item, _ in new.values() if isinstance(item, Document)]
        limit = self._chunk_tokens or self._embedder.max_tokens
        for document, chunks in chunk_all(whole, self._embedder.count_tokens, limit):
            key = document.key
            batch.append(Prepared(document, chunks, marks[key], origin=new[key][1]))
        if batch:
            self._write(batch, known)
        after, self._after = self._after, []
        for work in after:
            work()

    def remove(self, keys: Sequence[str]) -> None:
        """Remove documents."""
        if keys:
            with self._derived.alone():
                self.report.removed += self.writer.remove(keys)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the collection alone for what changes the record beside documents."""
        with self._derived.alone():
            yield
            self.writer.prune()

    def finish(self) -> AddReport:
        """Write what is waiting, drop vectors that nothing uses any more, and return the report."""
        self.flush()
        if self._touched or self.report.changed or self.report.removed:
            drop_unused_vectors(self._record)
        if self._touched or self.report.added or self.report.changed or self.report.removed:
            elect(self._record)
        return self.report

    def pause(self, report: AddReport) -> None:
        """Hear what another intake has written in between; what it left over is cleared away at the end of this one."""
        self._touched |= bool(report.added or report.changed or report.removed)

    def _write(self, batch: Sequence[Prepared], known: dict[str, bytes]) -> None:
        vectors, embedded = store_vectors(self._record, self._embedder, batch, self._progress)
        self._observe("embedded")
        with self._derived.alone():
            replacing = self.writer.write(batch, vectors)
        self.report.embedded += embedded
        self.report.passages += sum(len(item.chunks) for item in batch)
        changed = sum(item.document.key in known or item.document.key in replacing for item in batch)
        self.report.changed += changed
        self.report.added += len(batch) - changed

    def _mark(self, item: Document | Prepared) -> bytes:
        return item.digest if isinstance(item, Prepared) else digest(item, self._chunk_tokens)

    def _digests(self, keys: Sequence[str]) -> dict[str, bytes]:
        sql = "SELECT key, digest FROM documents WHERE live IS NOT NULL AND key IN (SELECT value FROM json_each(?))"
        with self._record.reading() as connection:
            return {key: bytes(mark or b"") for key, mark in connection.execute(sql, (json.dumps(keys),))}


def unfit(document: Document, dimension: int) -> str:
    """Return why a document cannot be stored, or nothing."""
    if not isinstance(document.key, str) or not 0 < len(document.key) <= MAX_KEY or "\0" in document.key:
        return f"its key must be a string of 1 to {MAX_KEY} characters without NUL"
    if not isinstance(document.text, str) or not document.text.strip():
        return "it has no text"
    if not isinstance(document.title, str) or not isinstance(document.source, str):
        return f"its title {document.title!r:.80} and source {document.source!r:.80} must be strings"
    if not isinstance(document.metadata, Mapping):
        return f"its metadata {document.metadata!r:.80} must be a mapping"
    try:
        "".join((document.key, document.text, document.title, document.source)).encode()
        "".join((*(link.target for link in document.links), *(one.name for one in document.anchors))).encode()
        json.dumps(dict(document.metadata), allow_nan=False).encode()
        attribute_rows(document.metadata)
        if document.vector is not None:
            unit_rows([document.vector], dimension)
    except (CallerError, ValueError, TypeError) as error:
        return str(error)
    return ""


def embed_again(record: Record, embedder: Encoder, progress: Callable[[int, int], None]) -> int:
    """Put a vector of `embedder` beside each live chunk, and return the number of chunks.

    Each block is committed when it is done, so that a killed run goes on where it was.
    """
    without = f"{LIVE} WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = c.hash AND v.embedder = ?)"
    missing = f"SELECT DISTINCT c.hash, c.title, c.heading, c.text FROM {without} LIMIT ?"
    left = f"SELECT count(*) FROM {without}"
    total = record.count()[1]
    while True:
        with record.reading() as connection:
            progress(total - connection.execute(left, (embedder.name,)).fetchone()[0], total)
            rows = connection.execute(missing, (embedder.name, REINDEX_BLOCK)).fetchall()
        if not rows:
            break
        vectors = embedder.encode_passages([Chunk(text, title, heading).embed_text for _, title, heading, text in rows])
        with record.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors (hash, embedder, vector) VALUES (?, ?, ?)",
                (
                    (row[0], embedder.name, vector.astype("<f4").tobytes())
                    for row, vector in zip(rows, vectors, strict=True)
                ),
            )
    return total


def change_embedder(record: Record, embedder: Encoder) -> None:
    """Make another embedder the collection's, once `embed_again` is done.

    The caller, who is alone, then opens the vector index again, which finds none and builds it.
    """
    with record.writing() as connection:
        put(connection, embedder=embedder.name, dimension=embedder.dimension, dirty="reindexed")
        connection.execute("DELETE FROM vectors WHERE embedder <> ?", (embedder.name,))
