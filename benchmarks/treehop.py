"""TreeHop alone: plain vector search plus the trained hop, without links and words, at equal k.

python -m benchmarks.treehop DIR [DIR ...] --split dev [--weights FILE ...] --json OUT.json
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyhop.agent import Collection
from polyhop.agent.evaluate.metrics import scores
from polyhop.core.registry import PartMissing
from polyhop.retrieval.hop.role import UPDATERS
from polyhop.retrieval.hop.tree import Growth, grow, merged

from .harness import ARMS, BenchmarkError, Command, Given, Report, option, positive
from .indexes import Arm, arms
from .metrics import gained, interval, percent, rows

K = 10
DENSE, SHIPPED = "dense", "treehop"
PRUNINGS = {"": "ranks", ", published pruning": "published"}
OPTIONS = (
    *ARMS,
    option("--weights", metavar="FILE", action="append", type=Path, default=[], help="other weights beside"),
    option("--width", type=positive, default=Growth().width, help="kept of a layer (default: %(default)s)"),
)


def measure(options: Given, report: Report) -> None:
    """Measure each set with and without titles, and show the tables."""
    for _, arm in arms(options):
        with arm.index.opened() as collection:
            rankings = _rankings(collection, arm, options)
        values = {name: scores(ranking, arm.gold, (K,))[:, :1] for name, ranking in rankings.items()}
        figures = rows(gained(values, DENSE), (f"recall@{K}", "difference"), seed=options.seed).to_dict()
        report.add_to("arms", arm.facts() | {"figures": figures})
        table = [
            {"": name, f"recall@{K}": percent(own[f"recall@{K}"][0])}
            | {"difference": interval(None if name == DENSE else own["difference"], "+")}
            for name, own in figures.items()
        ]
        report.show(arm.title, table, "percent; difference to dense with its 95 % paired interval")


COMMAND = Command("treehop", __doc__, OPTIONS, measure)


def _rankings(collection: Collection, arm: Arm, options: Given) -> dict[str, list[list[str]]]:
    """Return the documents of each question by system, best first."""
    vectors = collection.embedder.encode_queries(arm.texts)
    near = collection.dense(vectors, 2 * K)
    found = {DENSE: [[hit.id for hit in hits] for hits in near]}
    for name, weights in {SHIPPED: "", **{path.stem: str(path) for path in options.weights}}.items():
        try:
            trained: Any = UPDATERS.make(f"treehop={weights}", collection)
        except PartMissing as missing:
            raise BenchmarkError(str(missing)) from missing
        for suffix, pruning in PRUNINGS.items():
            growth = Growth(width=options.width, depth=K, pruning=pruning)  # type: ignore[arg-type]
            trees = grow(vectors, collection, trained.weights.gate, growth)
            found[name + suffix] = [merged(hits, tree) for hits, tree in zip(near, trees, strict=True)]
    return {name: [_documents(collection, one) for one in rankings] for name, rankings in found.items()}


def _documents(collection: Collection, ids: Sequence[str]) -> list[str]:
    there = collection.passages(ids[: 2 * K])
    return list(dict.fromkeys(there[name].document for name in ids if name in there))[:K]


if __name__ == "__main__":
    COMMAND.run()
