"""Documents in: checked, compared with what is there, cut, embedded and written in batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..core.check import unit_rows
from ..core.errors import CallerError
from ..core.types import Document
from ..encoders.role import Encoder
from .chunk import chunk_all
from .derived import Derived
from .filter import attribute_rows
from .record import Record
from .write import BatchWriter, Observe, Prepared, digest, drop_unused_vectors, store_vectors

# A batch is flushed at so many documents or characters, whichever comes first: it bounds memory and what a kill costs.
BATCH = 1_000
BATCH_CHARACTERS = 4_000_000
MAX_KEY = 4_096

Progress = Callable[[int], None]


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
        progress: Progress = lambda characters: None,
    ) -> None:
        self.report = AddReport()
        self.writer = BatchWriter(record, derived.index, embedder.name, observe)
        self._record = record
        self._embedder = embedder
        self._observe = observe
        self._batch = batch
        self._progress = progress
        self._after: list[Callable[[], None]] = []
        self._waiting: dict[str, Document | Prepared] = {}
        self._characters = 0

    def put(self, item: Document | Prepared) -> None:
        """Take a document, or one that was cut before; may write a batch."""
        document = item.document if isinstance(item, Prepared) else item
        if not isinstance(document, Document):
            raise CallerError(f"{item!r:.80} is no Document; give Document(key, text, title, metadata)")
        if reason := unfit(document, self._embedder.dimension):
            self.report.skipped.append((str(document.key), reason))
            return
        if document.key in self._waiting:
            self.flush()
        self._waiting[document.key] = item
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
        marks = {key: item.digest if isinstance(item, Prepared) else digest(item) for key, item in waiting.items()}
        new = [item for key, item in waiting.items() if known.get(key) != marks[key]]
        self.report.unchanged += len(waiting) - len(new)
        batch = [item for item in new if isinstance(item, Prepared)]
        whole = [item for item in new if isinstance(item, Document)]
        for document, chunks in chunk_all(whole, self._embedder.count_tokens, self._embedder.max_tokens):
            batch.append(Prepared(document, chunks, marks[document.key]))
        if batch:
            self._write(batch, known)
        after, self._after = self._after, []
        for work in after:
            work()

    def remove(self, keys: Sequence[str]) -> None:
        """Remove documents."""
        if keys:
            self.report.removed += self.writer.remove(keys)

    def finish(self) -> AddReport:
        """Write what is waiting, drop vectors that nothing uses any more, and return the report."""
        self.flush()
        if self.report.changed or self.report.removed:
            drop_unused_vectors(self._record)
        return self.report

    def _write(self, batch: Sequence[Prepared], known: dict[str, bytes]) -> None:
        vectors, embedded = store_vectors(self._record, self._embedder, batch, self._progress)
        self._observe("embedded")
        self.writer.write(batch, vectors)
        self.report.embedded += embedded
        self.report.passages += sum(len(item.chunks) for item in batch)
        changed = sum(item.document.key in known for item in batch)
        self.report.changed += changed
        self.report.added += len(batch) - changed

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
        json.dumps(dict(document.metadata), allow_nan=False).encode()
        attribute_rows(document.metadata)
        if document.vector is not None:
            unit_rows([document.vector], dimension)
    except (CallerError, ValueError, TypeError) as error:
        return str(error)
    return ""
