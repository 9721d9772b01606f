"""A collection: documents in, ranked passages out, on disk between the two."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import CallerError, OperatorError
from ..core.private import private_folder
from ..core.settings import Settings
from ..core.types import Document
from ..encoders import load, load_recorded, with_transform
from ..encoders.role import Encoder, accepted
from .derived import PREFIX, Derived
from .files import Files
from .location import BATCH, RECORD, NoCollection, Options, WrongEmbedder, folder_of, names
from .lock import CollectionLock
from .originals import Originals
from .record import RESTORE, Record
from .search import CollectionReader

if TYPE_CHECKING:
    from .write import AddReport, Intake, Prepared, Progress

__all__ = ["Collection", "NoCollection", "Options", "WrongEmbedder", "delete", "names"]

#: what is said of a collection that was brought to this format, by the one that it had
UPGRADED = {
    1: "it was made by polyhop 0.1, which cannot open it any more; `polyhop index` of its folders reads their files "
    "again, for pages, sections, links and keys without the path of the folder",
    2: "it was made before links between passages were kept; `polyhop index` of its folders reads their files again, "
    "and what was added otherwise has links when it is added again",
}


class Collection(CollectionReader, AbstractContextManager["Collection"]):
    """One collection, open for reading, and for writing whenever no other process reads it.

    With `Options(lease=True)`, as an `Agent` opens it, others may write between two searches.

    Open it with `Collection.open` or `Collection.create`; it is a context manager. Reads may come from many threads;
    writes queue. Every error a user can cause is a `CallerError` or an `OperatorError`.
    """

    def __init__(self, folder: Path, embedder: Encoder | None, options: Options) -> None:
        self.folder = folder
        self.name = folder.name
        self._options = options
        self._intake: Intake | None = None  # the outermost of those under way
        self._lock = CollectionLock(folder, wait=options.wait, lease=options.lease)
        try:
            self._record = Record(folder / RECORD)
            self.files = Files(self._record)
            self._originals = Originals(self._record)
        except BaseException:
            self._lock.close()
            raise
        try:
            self._embedder = self._identify(None if embedder is None else self._for_queries(accepted(embedder)))
            self._attach()
            if self._record.upgraded_from:
                self._derived.notices.append(UPGRADED[self._record.upgraded_from])
            self._lock.rest()
        except BaseException:
            self._record.close()
            self._lock.close()
            raise

    @classmethod
    def open(
        cls,
        home: Path | str,
        name: str = "default",
        *,
        embedder: Encoder | None = None,
        options: Options | None = None,
    ) -> Collection:
        """Open an existing collection; its own embedder is loaded when a text has to be embedded.

        Raises:
            NoCollection: if there is none of that name; the message lists those there are.
            LockedError: if another process is writing to it.
            WrongEmbedder: if `embedder` is not the one it was made with.
            OperatorError: for files that cannot be read or are of another format.
        """
        folder = folder_of(home, name)
        if not (folder / RECORD).is_file():
            others = ", ".join(names(home)) or "none yet"
            raise NoCollection(
                f"no collection {name!r} in {str(home)!r} (there: {others}); run `polyhop index PATH` first"
            )
        _refuse_emptied(folder, new=False)
        return cls(folder, embedder, options or Options())

    @classmethod
    def create(
        cls,
        home: Path | str,
        name: str = "default",
        *,
        embedder: Encoder | None = None,
        options: Options | None = None,
    ) -> Collection:
        """Open a collection, making it if there is none.

        Raises:
            CallerError: for a name that is no plain file name.
            OperatorError: for a folder that cannot be made; otherwise as for `open`.
        """
        folder = folder_of(home, name)
        try:
            private_folder(folder)
        except OSError as error:
            raise OperatorError(f"cannot make the folder {str(folder)!r} ({error}); choose another home") from error
        _refuse_emptied(folder, new=True)
        return cls(folder, embedder, options or Options())

    # Writing

    @contextmanager
    def intake(self, *, batch: int = BATCH, progress: Progress = lambda characters: None) -> Iterator[Intake]:
        """Hold the collection alone and take documents; they are safe after each `flush`, at the latest on leaving.

        `progress` hears the number of characters that were embedded, a few hundred texts at a time. In there, and
        between two documents, another intake of the same thread may write: what it has flushed stays, whatever becomes
        of the first. It clears nothing away, for the first may hold vectors and copies of files that no document has.
        """
        from .write import Intake

        cut = self.chunk_tokens
        with self._derived.session():
            if cut != self._recorded_chunk_tokens():
                self._record.put(chunk_tokens=cut)
            intake = Intake(
                self._record,
                self._derived,
                self.embedder,
                observe=self._options.observe,
                batch=batch,
                chunk_tokens=cut,
                progress=progress,
            )
            outer, self._intake = self._intake, self._intake or intake
            try:
                yield intake
                if outer is None:
                    intake.finish()
                    self._originals.sweep()
                else:
                    intake.flush()
                    outer.pause(intake.report)
            finally:
                self._intake = outer

    def add(self, documents: Iterable[Document | Prepared], *, batch: int = BATCH) -> AddReport:
        """Add documents or replace those of the same key; what has not changed is left alone.

        Documents that cannot be stored are on the report with their reasons. If the process dies in the middle, batches
        that were written stay and the next call goes on from there.

        Raises:
            CallerError: for what is no `Document`.
            OperatorError: where another process has the collection, or the disk fails.
        """
        with self.intake(batch=batch) as intake:
            for document in documents:
                intake.put(document)
        return intake.report

    def remove(self, keys: Sequence[str] = (), *, where: str = "") -> int:
        """Remove documents and return how many there were.

        `keys` may also be sources, or paths of files: all documents of a file go. `where` is a filter.

        Raises:
            CallerError: for one string in the place of keys, or a filter that cannot be read.
            OperatorError: where another process has the collection, or the disk fails.
        """
        if isinstance(keys, str):
            raise CallerError(f"keys must be a list, not the string {keys!r:.80}; put it in brackets")
        keys = [*keys, *(self.keys(where) if where.strip() else [])]
        known = self.files.existing(keys)
        keys = [found for key in keys for found in ([key] if key in known else self.files.resolve(key))]
        with self.intake() as intake:
            intake.remove(list(dict.fromkeys(keys)))
        return intake.report.removed

    def reindex(self, embedder: Encoder, *, progress: Callable[[int, int], None] | None = None) -> int:
        """Embed every passage with another embedder and return how many there were.

        The old vectors serve until the new ones are complete, with locks on lease also other processes; those have to
        open the collection again afterwards. A killed run goes on where it was.

        Raises:
            CallerError: for what is no encoder.
            OperatorError: where another process has the collection, or the disk fails.
        """
        from .write import change_embedder, embed_again

        with self._lock.turn() if self._options.lease else self._lock.exclusive():
            encoder = self._for_queries(accepted(embedder))
            count: int = embed_again(self._record, encoder, progress or (lambda done, total: None))
            with self._lock.exclusive():
                change_embedder(self._record, encoder)
                self._derived.close()
                self._embedder, self.embedder_name = encoder, encoder.name
                self._attach()
        return count

    # Reading

    @property
    def embedder(self) -> Encoder:
        """Return the embedder of the collection, loading it the first time.

        Raises:
            CallerError: for the name of a class that the settings do not name.
            OperatorError: for a model that cannot be loaded.
            WrongEmbedder: for one that is not that of the collection.
        """
        if self._embedder is None:
            settings = Settings()
            if self._options.embedder:
                settings = settings.model_copy(update={"embedder": self._options.embedder})
            self._embedder = self._for_queries(load_recorded(self.embedder_name, settings))
            self._identify(self._embedder)
        return self._embedder

    @property
    def chunk_tokens(self) -> int:
        """Return how many tokens a passage may have that is written now; 0 is as many as the embedder reads.

        Raises:
            CallerError: if the options ask for more than the embedder reads.
        """
        asked = self._options.chunk_tokens or self._recorded_chunk_tokens()
        if not asked:
            return 0
        window = self.embedder.max_tokens
        if self._options.chunk_tokens > window:
            raise CallerError(
                f"passages of {asked} tokens are longer than embedder {self.embedder_name!r} reads; "
                f"set POLYHOP_CHUNK_TOKENS to {window} at most"
            )
        return 0 if asked >= window else asked

    def _recorded_chunk_tokens(self) -> int:
        return int(self._record.get("chunk_tokens", 0))

    def original(self, key: str) -> Path | None:
        """Return a copy of the file that a document was read from, None where originals were not kept.

        The copy is named by its content and must not be changed; it goes with the last document that comes from it.
        """
        return self._originals.of(key)

    def documents(self, *, where: str = "") -> Iterator[tuple[str, str, str]]:
        """Yield (key, title, source) of the documents, sorted by key."""
        keys = set(self.keys(where)) if where.strip() else None
        with self._record.reading() as connection:
            rows = connection.execute(
                "SELECT key, title, source FROM documents WHERE live IS NOT NULL ORDER BY key"
            ).fetchall()
        return (row for row in rows if keys is None or row[0] in keys)

    def status(self) -> Mapping[str, Any]:
        """Return what there is to know without reading everything."""
        documents, passages = self._record.count()
        return {
            "name": self.name,
            "documents": documents,
            "passages": passages,
            "embedder": self.embedder_name,
            "dimension": int(self._record.get("dimension")),
            "vectors": self._derived.location,
            "chunk_tokens": self._recorded_chunk_tokens() or None,
            "folders": [root.path for root in self.files.roots()],
            "originals": len(self._originals.sizes()),
            "bytes": _size(self.folder),
            "notices": list(self._derived.notices),
        }

    def verify(self) -> list[str]:
        """Return what differs between the record, FTS5 and the vector index; empty means that they are proven equal."""
        from .verify import verify

        with self._derived.reading() as index:
            return verify(self._record, index, self.embedder_name)

    def rebuild(self) -> None:
        """Make the vector index anew from the record; nothing is embedded."""
        self._derived.rebuild("asked for")

    @property
    def notices(self) -> list[str]:
        """Return what was repaired or changed when the collection was opened, a sentence each."""
        return self._derived.notices

    @property
    def originals(self) -> Originals:
        """Return the copies of indexed files."""
        return self._originals

    @property
    def record(self) -> Record:
        """Return the record, for the parts of polyhop that read or write more than passages."""
        return self._record

    def close(self) -> None:
        """Let go of files and lock; closing twice does no harm, using a closed collection is a `CallerError`."""
        self._derived.close()
        self._record.close()
        self._lock.close()

    def __exit__(self, *error: object) -> None:
        self.close()

    def _attach(self) -> None:
        spec, lazy = self._options.index, self._options.lazy
        self._derived: Derived = Derived(self._record, self._lock, self.embedder_name, spec=spec, lazy=lazy)
        dimension, postings = int(self._record.get("dimension")), self._options.postings
        super().__init__(
            self._record, lambda: self._derived.reading(), self.embedder_name, dimension, postings=postings
        )

    def _identify(self, embedder: Encoder | None) -> Encoder | None:
        """Return an encoder once it is the one on record; a new collection takes it down, or loads one first."""
        name = self._record.get("embedder")
        if name is None:  # new, or its maker was killed right here
            embedder = embedder or self._for_queries(load(self._options.embedder or None))
            self._record.put_new(embedder=embedder.name, dimension=embedder.dimension)
            name = self._record.get("embedder")
        self.embedder_name, dimension = str(name), int(self._record.get("dimension"))
        if embedder is not None and (embedder.name, embedder.dimension) != (name, dimension):
            raise WrongEmbedder(
                f"collection {self.name!r} was made with embedder {name!r} ({dimension} dimensions), not "
                f"{embedder.name!r} ({embedder.dimension}); open it with its own, or run "
                f"`polyhop reindex --embedder {embedder.name}`"
            )
        return embedder

    def _for_queries(self, encoder: Encoder) -> Encoder:
        """Return an encoder with the query transform of the options or the settings, if there is one."""
        spec = self._options.query_transform
        return with_transform(encoder, Settings().query_transform if spec is None else spec)


def _refuse_emptied(folder: Path, *, new: bool) -> None:
    """Refuse a record that has lost all that it held, which SQLite takes for a new one.

    A process that is killed just when it makes a collection leaves an empty file too, but nothing beside it.

    Raises:
        OperatorError: with what to do.
    """
    record = folder / RECORD
    if not record.is_file() or record.stat().st_size or (new and not any(folder.glob(f"{PREFIX}*"))):
        return
    raise OperatorError(f"the record {str(record)!r} is empty, so everything in it is lost; {RESTORE}")


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder; a writer may delete some meanwhile."""
    size = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                size += os.stat(os.path.join(place, name)).st_size
    return size


def delete(home: Path | str, name: str, *, options: Options | None = None) -> None:
    """Delete a whole collection.

    Raises:
        CallerError: for a collection that is not there.
        OperatorError: where another process has it, or its files cannot be removed.
    """
    folder = folder_of(home, name)
    with Collection.open(home, name, options=options) as collection, collection._lock.exclusive():
        collection._derived.drop()
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise OperatorError(f"cannot delete {str(folder)!r} ({error}); check the folder's rights") from error
