"""The catalogue: a collection whose documents are tools, kept in step with the sources they come from."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from ..core.check import check_k, unit_rows
from ..core.errors import CallerError, PolyhopError
from ..core.types import Chunk, Document, Hit
from ..core.vectors import cosines
from ..encoders.role import Encoder
from ..store.collection import Collection, Options
from ..store.record import Record
from ..store.write import Prepared, digest
from .importers.role import ToolSource
from .snapshot import Snapshot, best, load, metadata
from .tool import Note, SyncReport, Tool

DEFAULT = "tools"
MOST = 200_000


class Catalogue:
    """Tools by the thousand, searched by what they do.

    Open one with `Catalogue.open` or `Catalogue.create`; it is a context manager, and threads may share it. Each source
    owns what it brought: a sync adds, changes and removes tools of that owner and no others.

    Raises:
        CallerError: for a collection of documents.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._syncing = threading.Lock()
        self._snapshot: Snapshot | None = None
        if not holds_tools(collection.record, empty=True):
            raise CallerError(
                f"collection {collection.name!r} holds documents, not tools; give the catalogue another name"
            )

    @classmethod
    def open(
        cls,
        home: Path | str,
        name: str = DEFAULT,
        *,
        embedder: Encoder | None = None,
        options: Options | None = None,
    ) -> Catalogue:
        """Open an existing catalogue; see `Collection.open` for what can be wrong with it.

        Raises:
            CallerError: for a collection of documents, or none of that name.
            OperatorError: as for `Collection.open`.
        """
        return _around(Collection.open(home, name, embedder=embedder, options=_lazy(options)))

    @classmethod
    def create(
        cls,
        home: Path | str,
        name: str = DEFAULT,
        *,
        embedder: Encoder | None = None,
        options: Options | None = None,
    ) -> Catalogue:
        """Open a catalogue, making it if there is none.

        Raises:
            CallerError: for a collection of documents.
            OperatorError: as for `Collection.create`.
        """
        return _around(Collection.create(home, name, embedder=embedder, options=_lazy(options)))

    @property
    def embedder(self) -> Encoder:
        """Return the embedder of the catalogue."""
        return self.collection.embedder

    # Writing

    def sync(self, source: ToolSource) -> SyncReport:
        """Bring the tools of a source's owner up to date with it, and return what happened.

        A source that cannot be read is reported and its tools stay; one of which a part could not be read loses none.
        Whatever is wrong with single tools is in the notes.
        """
        report = SyncReport(source.owner)
        with self._syncing:
            try:
                tools = list(_numbered(_taken(source, report), report))
            except PolyhopError as error:
                report.failed = str(error)
                return report
            self._write(source.owner, tools, report)
        report.notes += self._doubles(source.owner)
        return report

    def remove(self, owner: str) -> int:
        """Remove all tools of an owner and return how many there were."""
        return self.collection.remove(self._keys(owner))

    # Reading

    def __len__(self) -> int:
        return self.collection.record.count()[0]

    def owners(self) -> dict[str, int]:
        """Return how many tools each owner has."""
        return dict(sorted(Counter(tool.owner for tool in self.tools()).items()))

    def tools(self) -> tuple[Tool, ...]:
        """Return all tools, by id."""
        return self.snapshot().tools

    def get(self, name: str) -> Tool:
        """Return the tool of an id, a name, or a server and name.

        Raises:
            CallerError: if there is none, or several; the message says who offers them.
        """
        snapshot = self.snapshot()
        rows = snapshot.by_name(name)
        if len(rows) == 1:
            return snapshot.tools[rows[0]]
        if not rows:
            raise CallerError(f"no tool {name!r:.80} among {len(snapshot.tools)}; `polyhop tools list` shows them")
        offered = ", ".join(f"{snapshot.shown[row]!r} of {snapshot.tools[row].owner!r}" for row in rows[:8])
        raise CallerError(f"{len(rows)} tools are called {name!r}: {offered}; give one of these names")

    def snapshot(self) -> Snapshot:
        """Return all tools in memory as the record has them now; it is read anew after a write only."""
        record = self.collection.record
        generation = int(record.get("generation", 0))
        known = self._snapshot
        if known is None or known.generation != generation:
            dimension = int(record.get("dimension"))
            known = self._snapshot = load(record, self.collection.embedder_name, dimension, generation)
        return known

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return for each query vector its k nearest tools by cosine, ties by id; hits bear the ids of tools.

        Raises:
            CallerError: for a k or a filter that is none.
            VectorError: for vectors that cannot be searched with.
        """
        snapshot = self.snapshot()
        if where.strip():
            return [_named(hits, snapshot) for hits in self.collection.dense(vectors, k, where=where)]
        queries = unit_rows(vectors, int(self.collection.record.get("dimension")))
        check_k(k)
        scores = cosines(queries, snapshot.vectors)
        return [[Hit(*one) for one in best(row, snapshot.ids, k)] for row in scores]

    def lexical(self, text: str, k: int, *, where: str = "") -> list[Hit]:
        """Return the k tools that BM25 likes best for the words of a text; hits bear the ids of tools."""
        return _named(self.collection.lexical(text, k, where=where), self.snapshot())

    def status(self) -> Mapping[str, Any]:
        """Return what there is to know of the collection."""
        return self.collection.status()

    def close(self) -> None:
        """Let go of the collection."""
        self.collection.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _write(self, owner: str, tools: Sequence[Tool], report: SyncReport) -> None:
        known = set(self._keys(owner))
        gone = sorted(known.difference(tool.id for tool in tools))
        if gone and any(note.lost for note in report.notes):
            report.kept, gone = len(gone), []
        with self.collection.intake() as intake:
            for tool in tools:
                intake.put(prepared(tool))
            intake.flush()
            intake.remove(gone)
        done = intake.report
        report.added, report.changed, report.unchanged = done.added, done.changed, done.unchanged
        report.removed = done.removed
        report.notes += [Note(owner, key, reason, "left out; mend it at its owner") for key, reason in done.skipped]

    def _keys(self, owner: str) -> list[str]:
        with self.collection.record.reading() as connection:
            rows = connection.execute("SELECT key FROM documents WHERE source = ? AND live IS NOT NULL", (owner,))
            return [row[0] for row in rows]

    def _doubles(self, owner: str) -> Iterator[Note]:
        """Yield a note for each name of this owner's that another server offers too."""
        offers: dict[str, list[Tool]] = {}
        for tool in self.tools():
            offers.setdefault(tool.name, []).append(tool)
        for name, tools in offers.items():
            if len({(tool.owner, tool.server) for tool in tools}) > 1 and any(tool.owner == owner for tool in tools):
                by = ", ".join(f"{tool.server or 'nobody'!r} of {tool.owner!r}" for tool in tools[:6])
                yield Note(owner, name, f"{len(tools)} tools bear this name, offered by {by}", _QUALIFY)


_QUALIFY = "each is shown behind its server's name; rename one to tell them apart sooner"


def prepared(tool: Tool) -> Prepared:
    """Return the document of a tool: one passage, of which an embedder reads as far as it can."""
    document = Document(tool.id, tool.text, title=tool.title, metadata=metadata(tool), source=tool.owner)
    return Prepared(document, [Chunk(document.text, title=document.title)], digest(document))


def holds_tools(record: Record, *, empty: bool) -> bool:
    """Say whether what a record holds are tools; `empty` is said of one that holds nothing yet."""
    with record.reading() as connection:
        row = connection.execute("SELECT metadata FROM documents WHERE live IS NOT NULL LIMIT 1").fetchone()
    return empty if row is None else "definition" in json.loads(row[0])


def _lazy(options: Options | None) -> Options:
    """Leave the vector index alone until a filter or a write needs it: the snapshot has all vectors."""
    return replace(options or Options(), lazy=True)


def _around(collection: Collection) -> Catalogue:
    try:
        return Catalogue(collection)
    except BaseException:
        collection.close()
        raise


def _taken(source: ToolSource, report: SyncReport) -> Iterator[Tool]:
    """Yield the tools of a source, as many as a catalogue takes, and put the rest of what it says on the report."""
    taken = 0
    for item in source.read():
        if isinstance(item, Note):
            report.notes.append(item)
        elif taken == MOST:
            what = f"it offers more than {MOST} tools"
            report.notes.append(
                Note(source.owner, item.name, what, "the rest is left out; split the source", lost=True)
            )
            return
        else:
            taken += 1
            yield replace(item, owner=source.owner)


def _numbered(tools: Iterable[Tool], report: SyncReport) -> Iterator[Tool]:
    """Yield the tools, different ones of one server and name with numbers; what is said twice is taken once."""
    seen: dict[str, list[Tool]] = {}
    for tool in tools:
        others = seen.setdefault(tool.id, [])
        if tool in others:
            report.notes.append(Note(tool.owner, tool.qualified, "it is offered twice", "taken once; name it once"))
            continue
        others.append(tool)
        if len(others) > 1:
            what = f"{len(others)} different tools of this server bear this name"
            numbered = replace(tool, number=len(others))
            remedy = f"this one is kept as {numbered.qualified!r}; give each a name of its own"
            report.notes.append(Note(tool.owner, tool.qualified, what, remedy))
            yield numbered
        else:
            yield tool


def _named(hits: Sequence[Hit], snapshot: Snapshot) -> list[Hit]:
    rows = snapshot.passage_row
    return [Hit(snapshot.ids[rows[hit.id]], hit.score) for hit in hits if hit.id in rows]
