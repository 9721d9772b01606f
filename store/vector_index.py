"""The role of a vector index: nearest neighbours over unit vectors, derived from the record and deletable at any time.

Another engine is one file with one class that has the methods of `VectorIndex`. `POLYHOP_INDEX` names it: by a name
that comes along (`chroma`), by the entry point of a package, or as `module:Class`; what stands behind `=` is its
address.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..core.errors import OperatorError
from ..core.registry import Registry
from ..core.types import Metadata, Vectors

if TYPE_CHECKING:
    from .filter import Filter


class IndexUnavailable(OperatorError):
    """The vector index cannot be reached; nothing is wrong with what it holds."""


class IndexFailed(OperatorError):
    """The vector index cannot be read or written, or holds something else than the record; a rebuild mends it."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One making of a collection's index; a rebuilt one is another generation, so that no stale client can meet it.

    Args:
        name: unique among all collections: lower-case letters, digits and dashes.
        folder: for the files of an embedded engine; nobody else writes there, it need not exist, and it is deleted when
            the generation is no longer used.
        dimension: of the vectors.
    """

    name: str
    folder: Path
    dimension: int


@runtime_checkable
class VectorIndex(Protocol):
    """Nearest neighbours over unit vectors, by id; one object is one generation.

    Making the object touches nothing: files and servers are looked at from `open` on. Ids and rows may be any number,
    the engine cuts them into what it can take. Each method may be called from several threads, and may raise
    `IndexUnavailable` or whatever the engine raises, which then counts as damage that a rebuild mends.
    """

    @property
    def location(self) -> str:
        """Return where the vectors are, for people and to notice a move: without secrets, without the folder."""

    @property
    def embedded(self) -> bool:
        """Say whether this process writes the files itself.

        If it is killed while it writes, nobody opens them again: the next generation is made from the record.
        """

    @property
    def holds_metadata(self) -> bool:
        """Say whether metadata is kept beside the vectors; if so, changed metadata is upserted too."""

    @classmethod
    def configured(cls, argument: str, given: Generation) -> VectorIndex:
        """Return the index of a generation at the address that the settings give, unopened.

        Raises:
            OperatorError: for an address that the engine cannot have.
        """

    def open(self) -> None:
        """Open the generation, making it where there is none.

        Raises:
            IndexUnavailable: if a server does not answer.
        """

    def check(self, rows: int | None = None) -> None:
        """Do nothing if the open index works and holds as many rows as it should.

        Raises:
            IndexUnavailable: if a server does not answer.
            IndexFailed: if it holds another number of rows.
        """

    def fingerprint(self) -> str:
        """Return what tells torn or exchanged files, such as their sizes, without opening them; a server has none."""

    def can_filter(self, condition: Filter) -> bool:
        """Say whether `query` can apply this filter, exactly as `Filter.matches` does."""

    def query(self, vectors: Vectors, limit: int, where: Filter | None = None) -> list[list[tuple[str, float]]]:
        """Return (id, cosine) per row of `vectors` (n, dimension), best first, at most `limit` each.

        `where` is a filter that `can_filter` has accepted; without one all rows count.
        """

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadata: Sequence[Metadata]) -> None:
        """Add rows or replace those of the same id.

        `vectors` is (n, dimension). `metadata` holds for each row what filters see of its document, `key`, `title` and
        `source` included; it is empty unless `holds_metadata`.
        """

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows; ids that are not there are passed over."""

    def ids(self) -> list[str]:
        """Return all ids."""

    def get(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Return those of the ids that are there, in any order, and their vectors (n, dimension) in the same order."""

    def commit(self) -> None:
        """Make durable what was written, and fit searches to the number of rows; called once a write is complete."""

    def drop(self) -> None:
        """Delete the generation, which is not open and may not exist."""

    def close(self) -> None:
        """Let go; closing twice, or what was never opened, does no harm."""


VECTOR_INDEXES: Registry[VectorIndex] = Registry(
    "vector index", "polyhop.vector_indexes", {"chroma": "polyhop.store.chroma:ChromaIndex"}, VectorIndex
)


def file_sizes(folder: Path, *, but: tuple[str, ...] = ()) -> str:
    """Return the sizes of the files in a folder, a fingerprint for engines whose readers leave sizes alone.

    Files whose names end as one of `but` are left out.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(but))
    return json.dumps({str(path.relative_to(folder)): path.stat().st_size for path in files})
