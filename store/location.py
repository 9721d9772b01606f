"""Where collections are on disk, how they are opened, and what can be wrong with that."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import InitVar, dataclass
from pathlib import Path

from ..core.errors import CallerError, OperatorError
from .lexical import POSTINGS

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
RECORD = "record.sqlite"
# How many documents are written together: it bounds memory and what a kill costs.
BATCH = 1_000
Observe = Callable[[str], None]


class NoCollection(CallerError):
    """There is no such collection."""


class WrongEmbedder(OperatorError):
    """The collection holds the vectors of another embedder."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a collection is opened.

    `wait` is how many seconds to wait for the lock; `index` names the vector index as `POLYHOP_INDEX` does, such as
    `chroma=http://host:8000`, and the vectors move there; `embedder` names the one for a new collection, by default as
    the settings say; `query_transform` names what is done to the vectors of queries, None is as the settings say;
    `observe` hears the name of each step of the write path as it is done. `postings` is how many entries of the word
    index one question may read, rare words first: it bounds the time in a large collection. `lazy` opens the vector
    index when it is first asked, for a collection whose vectors are searched in memory. `chunk_tokens` is how many
    tokens a passage that is written may have, at most what the embedder reads; 0 is as the collection has it. With
    `lease` other processes may write between two searches, and a writer holds the collection alone only while a batch
    becomes searchable; without, an open collection keeps writers out.
    """

    wait: float = 2.0
    index: str = "chroma"
    embedder: str = ""
    query_transform: str | None = None
    observe: Observe = lambda step: None
    postings: int = POSTINGS
    lazy: bool = False
    chunk_tokens: int = 0
    lease: bool = False
    chroma_url: InitVar[str] = ""

    def __post_init__(self, chroma_url: str) -> None:
        """Heed the old name of `index`."""
        if chroma_url:
            warnings.warn(f"Options(chroma_url=...) is index='chroma={chroma_url}' now", DeprecationWarning, 3)
            object.__setattr__(self, "index", f"chroma={chroma_url}")


def folder_of(home: Path | str, name: str) -> Path:
    """Return the folder of a collection, refusing names that are no plain file name.

    Raises:
        CallerError: for a name that is no plain file name.
    """
    if not _NAME.fullmatch(name):
        raise CallerError(
            f"{name!r} is no name for a collection; use lower-case letters, digits, '.', '_' and '-', at most 63"
        )
    return Path(home) / name


def names(home: Path | str) -> list[str]:
    """Return the names of the collections in `home`, sorted."""
    return sorted(path.parent.name for path in Path(home).glob(f"*/{RECORD}"))
