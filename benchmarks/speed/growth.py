"""How the time of a question grows with the collection, and whether the vector index still finds the nearest."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Collection
from polyhop.agent.evaluate.systems import SYSTEMS

from ..common import child, peak_mb, positive, progress, serve, tell, write_text
from ..data import Question, Source
from ..indexes import Index
from .filler import Floats
from .grown import ensure_sizes
from .plot import lines
from .timing import percentile, ratio

QUESTIONS = 100
WARM = 8
WARM_CHARACTERS = 80
CHUNKS = 20
RECALL = 5
NEAREST = 20
# Cosines are compared to six decimals everywhere: what is as near as the last one counts as found.
TOLERANCE = 1e-6


def sizes(text: str) -> list[int]:
    """Read a list of sizes from the command line."""
    return sorted({positive(size) for size in text.split(",")})


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return for each size and system p50, p95 and recall, and of the last size what it is of the first."""
    source = Source(options.folder.absolute())
    corpus = source.corpus()
    questions = source.questions(options.split, options.limit or QUESTIONS)
    indexes = ensure_sizes(source, corpus, options.sizes)
    warm = [document.text[:WARM_CHARACTERS] for document in list(corpus.values())[:WARM]]
    job = {"questions": [question.text for question in questions], "warm": warm}
    done: dict[int, list[dict[str, Any]]] = {index.chunks: [] for index in indexes}
    # There and back, so that a machine that gets slower is unfair to no size.
    for index in (*indexes, *reversed(indexes)):
        tell(f"{index.chunks} passages")
        done[index.chunks].append(
            child("speed.growth", {**job, "index": asdict(index), "exact": not done[index.chunks]})
        )
    result = _figures(indexes, done, questions)
    if options.plot:
        write_text(options.plot, picture(result))
    return result


def _figures(
    indexes: Sequence[Index], done: dict[int, list[dict[str, Any]]], questions: Sequence[Question]
) -> dict[str, Any]:
    rows = []
    for index in indexes:
        first, second = done[index.chunks]
        row: dict[str, Any] = {"passages": index.chunks}
        for system in SYSTEMS:
            ms = [*first["ms"][system], *second["ms"][system]]
            row |= {f"{system} p50 ms": percentile(ms), f"{system} p95 ms": percentile(ms, 95)}
            row[f"{system} recall@{RECALL}"] = _recall(first["rankings"][system], questions)
        row[f"ANN recall@{NEAREST}"] = first["ann"]
        rows.append(row | {"peak MB": first["peak_mb"], "index s": index.seconds})
    growth = {system: ratio(rows[-1][f"{system} p50 ms"], rows[0][f"{system} p50 ms"]) for system in SYSTEMS}
    return {"questions": len(questions), "growth": growth, "rows": rows}


def _recall(rankings: Sequence[Sequence[str]], questions: Sequence[Question]) -> float:
    shares = [
        len(question.gold.intersection(ranking[:RECALL])) / len(question.gold)
        for question, ranking in zip(questions, rankings, strict=True)
    ]
    return round(float(np.mean(shares)), 4)


def picture(result: dict[str, Any]) -> str:
    """Return the plot of the p50 over the size."""
    series = {
        system: [(float(row["passages"]), float(row[f"{system} p50 ms"])) for row in result["rows"]]
        for system in SYSTEMS
    }
    return lines("Milliseconds of one question, by passages in the collection", series)


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Ask all systems everything at one size, question by question, taking turns in who comes first."""
    index = Index(**job["index"])
    with Collection.open(index.home, index.name) as collection:
        systems = [(name, make(collection)) for name, make in SYSTEMS.items()]
        for question in job["warm"]:
            for _, search in systems:
                search(question, CHUNKS)
        ms: dict[str, list[float]] = {name: [] for name in SYSTEMS}
        rankings: dict[str, list[list[str]]] = {name: [] for name in SYSTEMS}
        for number, question in enumerate(progress(job["questions"], "growth", len(job["questions"]))):
            start = number % len(systems)
            for name, search in (*systems[start:], *systems[:start]):
                began = time.perf_counter()
                found = search(question, CHUNKS)
                ms[name].append(1000 * (time.perf_counter() - began))
                rankings[name].append(list(dict.fromkeys(one.document for one in found)))
        ann = approximate_recall(collection, job["questions"]) if job["exact"] else None
    return {"ms": ms, "rankings": rankings, "ann": ann, "peak_mb": peak_mb()}


def approximate_recall(collection: Collection, questions: Sequence[str]) -> float:
    """Return the share of the exact nearest passages that dense search finds, by the cosines of what it returns."""
    vectors = collection.embedder.encode_queries(questions)
    found = collection.dense(vectors, NEAREST)
    last = _nearest(collection, vectors)[-1]
    shares = [
        sum(hit.score >= bound - TOLERANCE for hit in hits) / max(1, len(hits))
        for hits, bound in zip(found, last.tolist(), strict=True)
    ]
    return round(float(np.mean(shares)), 4)


def _nearest(collection: Collection, vectors: Floats) -> Floats:
    """Return the highest cosines of each vector, shape (`NEAREST` at most, vectors), highest first."""
    best = np.empty((0, len(vectors)), np.float32)
    for _, rows in collection.record.live_vectors(collection.embedder_name):
        joined = np.concatenate([best, rows @ vectors.T])
        best = -np.sort(-joined, axis=0)[:NEAREST]
    return best


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of its own."""
    parser.add_argument(
        "--sizes", type=sizes, default=[10_000, 100_000, 300_000], help="passages (default: 10000,100000,300000)"
    )
    parser.add_argument("--plot", type=Path, metavar="OUT.svg", help="draw the p50 over the size into this file")


if __name__ == "__main__":
    serve(_work)
