"""Quality and latency on questions that several passages answer together.

python -m benchmarks.multihop DIR --split dev --systems dense,bm25,hybrid,polyhop --profile quality --json OUT.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from polyhop.agent import Settings, __version__
from polyhop.agent.evaluate.systems import SYSTEMS

from .common import BenchmarkError, Parser, add_profile, child, chosen, positive, run, write_json
from .data import Question, Source
from .indexes import Index, ensure
from .report import Outcome, figures, table

WARM = 8
WARM_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Measured:
    """A data set ready to be asked: its questions, how many passages it has, and its index."""

    source: Source
    split: str
    questions: Sequence[Question]
    passages: int
    index: Index
    gold_missing: int
    warm: Sequence[str]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.multihop", description=(__doc__ or "").splitlines()[0])
    made.add_argument("folder", metavar="DIR", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
    made.add_argument("--split", default="dev", help="which questions to ask (default: %(default)s)")
    made.add_argument("--systems", default=",".join(SYSTEMS), help="what to compare (default: %(default)s)")
    add_profile(made)
    made.add_argument("--untitled", action="store_true", help="leave the titles out of passages and gold")
    made.add_argument("--limit", type=positive, help="ask only the first N questions")
    made.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (default: %(default)s)")
    made.add_argument("--fresh", action="store_true", help="make the index anew")
    made.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure the systems, show the table and write the figures."""
    options = parser().parse_args(arguments)
    if options.seed < 0:
        raise BenchmarkError(f"--seed is {options.seed}; it must be 0 or more")
    systems = chosen(options.systems, list(SYSTEMS))
    measured = prepare(Source(options.folder.absolute(), options.untitled), options)
    outcomes = {name: ask(measured, name, options.profile) for name in systems}
    result = {
        **facts(measured),
        "profile": options.profile,
        "seed": options.seed,
        "command": f"python -m benchmarks.multihop {shlex.join(arguments)}",
        "systems": figures(outcomes, measured.questions, seed=options.seed),
    }
    for one in result["systems"].values():
        one["index_s"] = measured.index.seconds
    Console(width=None if sys.stdout.isatty() else 120).print(table(result))
    if options.json:
        write_json(options.json, result)


def prepare(source: Source, options: argparse.Namespace) -> Measured:
    """Read the data, so that every mistake in it shows before anything is indexed, and return it with its index."""
    corpus = source.corpus()
    questions = source.questions(options.split, options.limit)
    missing = sum(len(question.gold.difference(corpus)) for question in questions)
    # Openings of passages warm the systems up: no question is asked before its time is taken.
    warm = [document.text[:WARM_CHARACTERS] for document in islice(corpus.values(), WARM)]
    index = ensure(source, corpus, fresh=options.fresh)
    return Measured(source, options.split, questions, len(corpus), index, missing, warm)


def ask(measured: Measured, system: str, profile: str) -> Outcome:
    """Ask one system everything in a process of its own, whose memory then is that system's."""
    job = {
        "home": measured.index.home,
        "name": measured.index.name,
        "system": system,
        "profile": profile,
        "warm": measured.warm,
        "questions": [question.text for question in measured.questions],
    }
    return Outcome(**child("queries", job))


def facts(measured: Measured) -> dict[str, Any]:
    """Return what the figures are about."""
    settings = Settings()
    return {
        "dataset": measured.source.folder.name,
        "split": measured.split,
        "untitled": measured.source.untitled,
        "questions": len(measured.questions),
        "passages": measured.passages,
        "chunks": measured.index.chunks,
        "gold_missing": measured.gold_missing,
        "index_s": measured.index.seconds,
        "index_peak_mb": measured.index.peak_mb,
        "polyhop_version": __version__,
        "embedder": settings.embedder,
        "hops": settings.hops,
        "updaters": settings.updaters,
    }


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
