"""Data sets ready to be asked: their collections, made once for what the corpus says and kept in the cache."""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from polyhop.agent import Collection, Document, Settings, __version__

from .data import Question, Source
from .harness import BenchmarkError, bar, child, peak_mb, tell, write_text

BATCH = 1_000
WARM, WARM_CHARACTERS = 8, 80


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
            return Index(**json.loads(self.note.read_text(encoding="utf-8")) | {"home": self.home, "name": self.name})
        except (OSError, ValueError, TypeError):
            return self

    def forget(self) -> None:
        """Delete the collection."""
        self.note.unlink(missing_ok=True)
        shutil.rmtree(Path(self.home) / self.name, ignore_errors=True)

    def opened(self, **more: Any) -> Collection:
        """Open the collection."""
        return Collection.open(self.home, self.name, **more)

    def noted(self) -> Index:
        """Write the facts down."""
        write_text(self.note, json.dumps(asdict(self)))
        return self


@dataclass(frozen=True, slots=True)
class Arm:
    """A data set with or without titles and what to ask of it; `missing` gold passages are not in its corpus."""

    source: Source
    split: str
    questions: Sequence[Question]
    index: Index
    corpus: Mapping[str, Document]
    missing: int = 0

    @property
    def title(self) -> str:
        """Return what to call it."""
        return f"{self.source.folder.name} {'without' if self.source.untitled else 'with'} titles"

    @property
    def gold(self) -> list[frozenset[str]]:
        """Return what is to be found for each question."""
        return [question.gold for question in self.questions]

    @property
    def texts(self) -> list[str]:
        """Return the questions as they are asked."""
        return [question.text for question in self.questions]

    @property
    def warm(self) -> list[str]:
        """Return openings of passages, which warm systems up: no question is asked before its time is taken."""
        return [document.text[:WARM_CHARACTERS] for document in islice(self.corpus.values(), WARM)]

    def facts(self) -> dict[str, Any]:
        """Return what its figures are about."""
        about = {"dataset": self.source.folder.name, "split": self.split, "untitled": self.source.untitled}
        return {**about, "questions": len(self.questions)}


def arm_of(folder: Path, options: argparse.Namespace, *, untitled: bool = False, fresh: bool = False) -> Arm:
    """Read a data set, so that every mistake in it shows before anything is indexed, and return it with its index."""
    source = Source(folder.absolute(), untitled)
    corpus = source.corpus()
    questions = source.questions(options.split, options.limit)
    missing = sum(len(question.gold.difference(corpus)) for question in questions)
    return Arm(source, options.split, questions, ensure(source, corpus, fresh=fresh), corpus, missing)


def arms(options: argparse.Namespace) -> Iterator[tuple[int, Arm]]:
    """Yield each set with and without titles, as asked for, with a seed that both share.

    All question files are read at once, so that a mistake in one of them shows before anything is measured.
    """
    if options.titled and options.untitled:
        raise BenchmarkError("--titled and --untitled exclude each other; without either, both are measured")
    folders = list(dict.fromkeys(options.folders))
    for folder in folders:
        Source(folder.absolute()).questions(options.split, options.limit)
    for number, folder in enumerate(folders):
        for untitled in (False, True):
            if not (options.titled if untitled else options.untitled):
                yield options.seed + number, arm_of(folder, options, untitled=untitled)


def place_of(content: str) -> Index:
    """Return the index for a content with the facts on file, whether it exists or not."""
    settings = Settings()
    mark = blake2b(f"{content} {settings.embedder} {__version__}".encode(), digest_size=16).hexdigest()
    return Index(str(settings.cache.expanduser() / "benchmarks"), mark).remembered()


def ensure(source: Source, corpus: Mapping[str, Document], *, fresh: bool = False) -> Index:
    """Return the index of a corpus, making it first in a process of its own; one that was killed is finished."""
    index = place_of(source.digest(corpus))
    if fresh:
        index.forget()
        index = Index(index.home, index.name)
    if not index.done:
        tell(f"indexing {len(corpus)} passages of {source.folder.name}")
        child(_make, folder=str(source.folder), untitled=source.untitled, index=asdict(index))
    return index.remembered()


def _make(job: dict[str, Any]) -> dict[str, Any]:
    documents = list(Source(Path(job["folder"]), job["untitled"]).corpus().values())
    characters = sum(len(document.title) + len(document.text) for document in documents)
    return asdict(fill(Index(**job["index"]), documents, characters))


def fill(index: Index, documents: Iterable[Document], size: int) -> Index:
    """Add the documents that are not there yet, noting the cost so far all the time, and return the finished index.

    `size` is what there is to do: characters to embed, or documents where they bring vectors of their own.
    """
    began = time.perf_counter()

    def cost(chunks: int | None = None) -> Index:
        """Note what earlier runs and this one cost."""
        seconds = round(index.seconds + time.perf_counter() - began, 2)
        peak = max(index.peak_mb, peak_mb())
        return Index(index.home, index.name, seconds, peak, chunks or 0, chunks is not None).noted()

    with Collection.create(index.home, index.name) as collection, bar("index", size) as advance:

        def heard(amount: int) -> None:
            advance(amount)
            cost()

        with collection.intake(batch=BATCH, progress=heard) as intake:
            _put(intake, documents, heard)
        if intake.report.skipped:
            tell(f"{len(intake.report.skipped)} passages were refused, the first: {intake.report.skipped[0]}")
        chunks = int(collection.status()["passages"])
    return cost(chunks)


def _put(intake: Any, documents: Iterable[Document], heard: Callable[[int], None]) -> None:
    """Hand the documents over; for vectors that are given nobody reports progress, so it is done here."""
    for number, document in enumerate(documents, start=1):
        intake.put(document)
        if document.vector is not None and number % BATCH == 0:
            heard(BATCH)
