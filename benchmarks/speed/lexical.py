"""What reading a bounded number of postings costs in recall, and saves in milliseconds, against reading all of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Collection, Options
from polyhop.agent.evaluate.metrics import DEPTHS
from polyhop.agent.evaluate.systems import SYSTEMS, best_documents

from ..common import child, progress, serve
from ..data import Question, Source
from ..indexes import Index, ensure
from .grown import ensure_sizes
from .timing import milliseconds, percentile

SYSTEMS_ASKED = ("bm25", "hybrid", "polyhop")
READINGS = {"bounded": Options().postings, "unbounded": 2**62}
SHOWN = (5, 20)
WARM = 8
WARM_CHARACTERS = 80


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return a row for each folder and system: recall and p50 of both readings, and the points of recall lost."""
    rows = [row for folder in options.folders for row in _folder(folder, options)]
    lost = {f"lost@{k}": max(row[f"lost@{k}"] for row in rows) for k in SHOWN}
    return {"postings": READINGS["bounded"], **lost, "rows": rows}


def _folder(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    source = Source(folder.absolute(), options.untitled)
    corpus = source.corpus()
    questions = source.questions(options.split, options.limit)
    index = ensure_sizes(source, corpus, [options.size])[0] if options.size else ensure(source, corpus)
    warm = [document.text[:WARM_CHARACTERS] for document in list(corpus.values())[:WARM]]
    job = {"index": asdict(index), "questions": [question.text for question in questions], "warm": warm}
    done = child("speed.lexical", job)
    return [_row(folder.name, system, done[system], questions) for system in SYSTEMS_ASKED]


def _row(data: str, system: str, done: dict[str, Any], questions: Sequence[Question]) -> dict[str, Any]:
    row: dict[str, Any] = {"questions of": data, "system": system}
    for k in SHOWN:
        bounded, unbounded = (_recall(done[reading]["rankings"], questions, k) for reading in READINGS)
        row |= {f"recall@{k}": bounded, f"unbounded @{k}": unbounded, f"lost@{k}": round(unbounded - bounded, 2)}
    bounded_ms, unbounded_ms = (percentile(done[reading]["ms"]) for reading in READINGS)
    return row | {"p50 ms": bounded_ms, "unbounded ms": unbounded_ms}


def _recall(rankings: Sequence[Sequence[str]], questions: Sequence[Question], k: int) -> float:
    """Return the recall in percent."""
    pairs = zip(rankings, questions, strict=True)
    return round(
        100 * float(np.mean([len(one.gold.intersection(ranking[:k])) / len(one.gold) for ranking, one in pairs])), 2
    )


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Ask each system everything by both readings, taking turns in which comes first."""
    index = Index(**job["index"])
    opened = {
        reading: Collection.open(index.home, index.name, options=Options(postings=postings))
        for reading, postings in READINGS.items()
    }
    done: dict[str, Any] = {}
    for system in SYSTEMS_ASKED:
        searches = [(reading, SYSTEMS[system](collection)) for reading, collection in opened.items()]
        for question in job["warm"]:
            for _, search in searches:
                best_documents(search, question, DEPTHS[-1])
        told: dict[str, dict[str, list[Any]]] = {reading: {"rankings": [], "ms": []} for reading in opened}
        for number, question in enumerate(progress(job["questions"], system, len(job["questions"]))):
            for reading, search in searches if number % 2 else reversed(searches):
                spent, ranking = milliseconds(lambda: best_documents(search, question, DEPTHS[-1]))  # noqa: B023
                told[reading]["rankings"].append(ranking)
                told[reading]["ms"].append(spent)
        done[system] = told
    for collection in opened.values():
        collection.close()
    return done


if __name__ == "__main__":
    serve(_work)
