"""TreeHop alone: plain vector search plus the trained hop, without links and words, at equal k.

python -m benchmarks.treehop DIR [DIR ...] --split dev [--weights FILE ...] --json OUT.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import Collection
from polyhop.agent.evaluate.metrics import intervals
from polyhop.agent.profile import treehop
from polyhop.retrieval.hop.tree import Growth, grow, merged
from polyhop.retrieval.hop.treehop import TreeHop

from .common import BenchmarkError, Parser, positive, run, write_json
from .data import Question, Source
from .indexes import ensure

K = 10
DENSE, SHIPPED = "dense", "treehop"
PRUNINGS = {"": "ranks", ", published pruning": "published"}


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.treehop", description=(__doc__ or "").splitlines()[0])
    made.add_argument("folders", metavar="DIR", nargs="+", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
    made.add_argument("--split", default="dev", help="which questions to ask (default: %(default)s)")
    made.add_argument("--weights", metavar="FILE", action="append", type=Path, default=[], help="other weights beside")
    made.add_argument("--width", type=positive, default=Growth().width, help="kept of a layer (default: %(default)s)")
    made.add_argument("--limit", type=positive, help="ask only the first N questions")
    made.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure each set with and without titles, show the tables and write the figures."""
    options = parser().parse_args(arguments)
    arms = [
        _arm(Source(folder.absolute(), untitled), options) for folder in options.folders for untitled in (False, True)
    ]
    if options.json:
        write_json(options.json, {"command": f"python -m benchmarks.treehop {shlex.join(arguments)}", "arms": arms})


def _arm(source: Source, options: argparse.Namespace) -> dict[str, Any]:
    questions = source.questions(options.split, options.limit)
    index = ensure(source, source.corpus())
    with Collection.open(index.home, index.name) as collection:
        rankings = _rankings(collection, questions, options)
    rows = _rows(rankings, questions)
    titles = "without titles" if source.untitled else "with titles"
    arm = {"dataset": source.folder.name, "untitled": source.untitled, "questions": len(questions), "rows": rows}
    Console(width=None if sys.stdout.isatty() else 120).print(_table(f"{source.folder.name}, {titles}", rows))
    return arm


def _rankings(
    collection: Collection, questions: Sequence[Question], options: argparse.Namespace
) -> dict[str, list[list[str]]]:
    """Return the documents of each question by system, best first."""
    vectors = collection.embedder.encode_queries([question.text for question in questions])
    near = collection.dense(vectors, 2 * K)
    found = {DENSE: [[hit.id for hit in hits] for hits in near]}
    for name, weights in _weights(collection, options.weights).items():
        for suffix, pruning in PRUNINGS.items():
            growth = Growth(width=options.width, depth=K, pruning=pruning)  # type: ignore[arg-type]
            trees = grow(vectors, collection, weights.weights.gate, growth)
            found[name + suffix] = [merged(hits, tree) for hits, tree in zip(near, trees, strict=True)]
    return {name: [_documents(collection, one) for one in rankings] for name, rankings in found.items()}


def _weights(collection: Collection, files: Sequence[Path]) -> dict[str, TreeHop]:
    """Return the weights that the collection's embedder would get, and those of files."""
    found: dict[str, TreeHop] = {}
    for name, file in {SHIPPED: "", **{path.stem: str(path) for path in files}}.items():
        trained, told = treehop(collection, file)
        if trained is None:
            raise BenchmarkError(" ".join(told))
        found[name] = trained
    return found


def _documents(collection: Collection, ids: Sequence[str]) -> list[str]:
    there = collection.passages(ids[: 2 * K])
    return list(dict.fromkeys(there[name].document for name in ids if name in there))[:K]


def _rows(rankings: Mapping[str, list[list[str]]], questions: Sequence[Question]) -> list[dict[str, Any]]:
    recalls = {
        name: np.array(
            [len(one.gold.intersection(found)) / len(one.gold) for one, found in zip(questions, ranking, strict=True)]
        )
        for name, ranking in rankings.items()
    }
    differences = np.stack([values - recalls[DENSE] for values in recalls.values()], axis=1)
    bounds = intervals(differences)
    return [
        {"system": name, f"recall@{K}": round(float(recalls[name].mean()), 5)}
        | {"difference": round(float(mean), 5), "low": round(float(low), 5), "high": round(float(high), 5)}
        for name, mean, (low, high) in zip(recalls, differences.mean(axis=0), bounds, strict=True)
    ]


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    shown = Table(title=title, caption="percent; difference to dense with its 95 % paired interval")
    for heading in ("", f"recall@{K}", "difference"):
        shown.add_column(heading, justify="right" if heading else "left")
    for row in rows:
        low, high = 100 * row["low"], 100 * row["high"]
        gap = "" if row["system"] == DENSE else f"{100 * row['difference']:+.1f} [{low:+.1f}, {high:+.1f}]"
        shown.add_row(row["system"], f"{100 * row[f'recall@{K}']:.1f}", gap)
    return shown


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
