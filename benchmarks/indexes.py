"""Indexes for the benchmarks, made once for what the corpus says and kept in the cache."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from polyhop.agent import Collection, Document, Settings, __version__

from .common import bar, child, peak_mb, serve, tell, write_json
from .data import Source

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Index:
    """A collection in the cache, and what making it cost; while it is not `done`, the cost so far."""

    home: str
    name: str
    seconds: float = 0.0
    peak_mb: float = 0.0
    chunks: int = 0
    done: bool = False

    @property
    def note(self) -> Path:
        """Return the file beside the collection that keeps these facts."""
        return Path(self.home) / f"{self.name}.json"

    def remembered(self) -> Index:
        """Return the facts on file, of the same collection wherever the cache lies now."""
        if not (Path(self.home) / self.name).is_dir():
            return self
        try:
            noted = json.loads(self.note.read_text(encoding="utf-8"))
            return Index(self.home, self.name, noted["seconds"], noted["peak_mb"], noted["chunks"], noted["done"])
        except (OSError, ValueError, KeyError):
            return self

    def forget(self) -> None:
        """Delete the collection."""
        self.note.unlink(missing_ok=True)
        shutil.rmtree(Path(self.home) / self.name, ignore_errors=True)


def place_of(content: str) -> Index:
    """Return the index for a content, whether it exists or not."""
    settings = Settings()
    mark = blake2b(f"{content} {settings.embedder} {__version__}".encode(), digest_size=16).hexdigest()
    return Index(str(settings.cache.expanduser() / "benchmarks"), mark)


def ensure(source: Source, corpus: Mapping[str, Document], *, fresh: bool = False) -> Index:
    """Return the index of a corpus, making it first in a process of its own; one that was killed is finished."""
    index = place_of(source.digest(corpus))
    if fresh:
        index.forget()
    index = index.remembered()
    if not index.done:
        tell(f"indexing {len(corpus)} passages of {source.folder.name}")
        child(
            "indexes",
            {"folder": str(source.folder), "untitled": source.untitled, "name": index.name, "home": index.home},
        )
    return index.remembered()


def fill(index: Index, documents: Iterable[Document], size: int) -> Index:
    """Add the documents that are not there yet, noting the cost so far all the time, and return the finished index.

    `size` is what there is to do: characters to embed, or documents where they bring vectors of their own.
    """
    with Collection.create(index.home, index.name) as collection, bar("index", size) as advance:
        began = time.perf_counter()

        def heard(amount: int) -> None:
            advance(amount)
            _note(index, began)

        with collection.intake(batch=BATCH, progress=heard) as intake:
            _put(intake, documents, heard)
        if intake.report.skipped:
            tell(f"{len(intake.report.skipped)} passages were refused, the first: {intake.report.skipped[0]}")
        chunks = int(collection.status()["passages"])
    return _note(index, began, chunks=chunks)


def _put(intake: Any, documents: Iterable[Document], heard: Callable[[int], None]) -> None:
    """Hand the documents over; for vectors that are given nobody reports progress, so it is done here."""
    for number, document in enumerate(documents, start=1):
        intake.put(document)
        if document.vector is not None and number % BATCH == 0:
            heard(BATCH)


def _note(before: Index, began: float, *, chunks: int | None = None) -> Index:
    """Write the cost down: that of earlier runs and this one."""
    seconds = round(before.seconds + time.perf_counter() - began, 2)
    peak = max(before.peak_mb, peak_mb())
    now = Index(before.home, before.name, seconds, peak, chunks or 0, chunks is not None)
    write_json(now.note, asdict(now))
    return now


def _make(job: dict[str, Any]) -> dict[str, Any]:
    documents = list(Source(Path(job["folder"]), job["untitled"]).corpus().values())
    characters = sum(len(document.title) + len(document.text) for document in documents)
    return asdict(fill(Index(job["home"], job["name"]).remembered(), documents, characters))


if __name__ == "__main__":
    serve(_make)
