"""Hybrid search against its bare parts: the embedder, Chroma and FTS5, asked for the same on the same data."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyhop.agent import Collection, OperatorError
from polyhop.retrieval.fusion.rrf import rrf

from ..common import progress
from ..data import Source
from ..indexes import ensure
from .timing import milliseconds, percentile, ratio

DEPTH = 50
READ = 10
WARM = 8
PARTS = ("encode", "chroma", "fts5")


class Bare:
    """Chroma on a copy of the collection's vectors and SQLite on its record, without polyhop."""

    def __init__(self, folder: Path, copy: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        (original,) = (path for path in folder.glob("polyhop-*") if path.is_dir())
        shutil.copytree(original, copy / original.name)
        client = chromadb.PersistentClient(str(copy / original.name), settings=Settings(anonymized_telemetry=False))
        self._vectors = client.get_collection(original.name, embedding_function=None)
        self._record = sqlite3.connect(f"file:{folder / 'record.sqlite'}?mode=ro", uri=True)

    def chroma(self, vectors: Any) -> list[str]:
        """Return the ids of the nearest rows."""
        limit = min(DEPTH, self._vectors.count())
        return list(self._vectors.query(query_embeddings=vectors, n_results=limit, include=["distances"])["ids"][0])

    def fts5(self, statement: str) -> int:
        """Run a statement and return how many rows it has."""
        return len(self._record.execute(statement).fetchall()) if statement else 0

    def close(self) -> None:
        """Close the record."""
        self._record.close()


def overheard(collection: Collection, question: str) -> str:
    """Return the statement by which the collection reads FTS5: bare SQLite is to be asked for exactly the same.

    Nothing is timed meanwhile: FTS5 reports thousands of statements of its own to whoever listens.
    """
    statements: list[str] = []
    with collection.record.reading() as connection:
        connection.set_trace_callback(statements.append)
    try:
        found = collection.lexical(question, DEPTH)
    finally:
        with collection.record.reading() as connection:
            connection.set_trace_callback(None)
    statement = next((text for text in statements if "lexical MATCH" in text), "")
    if found and not statement:
        raise OperatorError("no statement that reads FTS5 was overheard; the store reads its record another way now")
    return statement


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the p50 of hybrid search and of its parts, question by question in one run."""
    source = Source(options.folder.absolute())
    corpus = source.corpus()
    questions = [question.text for question in source.questions(options.split, options.limit)]
    index = ensure(source, corpus)
    warm = [document.text[:80] for document in list(corpus.values())[:WARM]]
    with tempfile.TemporaryDirectory() as copy, Collection.open(index.home, index.name) as collection:
        bare = Bare(collection.folder, Path(copy))
        for question in warm:
            _once(collection, bare, question)
        times = [_once(collection, bare, question) for question in progress(questions, "search", len(questions))]
        bare.close()
    return _figures(times)


def _once(collection: Collection, bare: Bare, question: str) -> dict[str, float]:
    """Time one question: the whole first, so that the caches favour the parts."""
    spent: dict[str, float] = {}
    spent["hybrid"], hits = milliseconds(lambda: hybrid(collection, question))
    spent["reading passages"], _ = milliseconds(lambda: collection.passages([hit.id for hit in hits[:READ]]))
    spent["encode"], vectors = milliseconds(lambda: collection.embedder.encode_queries([question]))
    statement = overheard(collection, question)
    spent["chroma"], _ = milliseconds(lambda: bare.chroma(vectors))
    spent["fts5"], _ = milliseconds(lambda: bare.fts5(statement))
    return spent


def hybrid(collection: Collection, question: str) -> Sequence[Any]:
    """Return the fused ranking."""
    (near,) = collection.dense(collection.embedder.encode_queries([question]), DEPTH)
    return rrf([near, collection.lexical(question, DEPTH)])


def _figures(times: Sequence[dict[str, float]]) -> dict[str, Any]:
    sums = [sum(spent[part] for part in PARTS) for spent in times]
    whole, parts = percentile([spent["hybrid"] for spent in times]), percentile(sums)
    added = percentile([spent["hybrid"] - total for spent, total in zip(times, sums, strict=True)])
    columns = {name: [spent[name] for spent in times] for name in ("hybrid", *PARTS, "reading passages")}
    columns["sum of encode, chroma and fts5"] = sums
    rows = [{"what": what, "p50 ms": percentile(ms), "p95 ms": percentile(ms, 95)} for what, ms in columns.items()]
    return {"questions": len(times), "ratio": ratio(whole, parts), "added_p50_ms": added, "rows": rows}
