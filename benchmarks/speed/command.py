"""The speed benchmarks by name, and their command line."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from polyhop.agent import Settings, __version__

from ..common import Parser, positive, write_json
from . import batch, catalogue, fast, filters, graph, growth, ingest, lexical, search, start

#: what a benchmark returns: its figures, of which `rows` is the table
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """A speed benchmark: how it is called, what it tells, and what runs it."""

    name: str
    usage: str
    summary: str
    options: Callable[[argparse.ArgumentParser], None]
    measure: Callable[[argparse.Namespace], Figures]

    def main(self, arguments: Sequence[str]) -> None:
        """Run it with its own arguments."""
        main([self.name, *arguments])


def _corpus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", metavar="CORPUS.jsonl", type=Path, help="passages, one {title, text} a line")
    parser.add_argument("--limit", type=positive, help="use only the first N passages")


def _questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
    parser.add_argument("--split", default="dev", help="which questions to ask (default: %(default)s)")
    parser.add_argument("--limit", type=positive, help="ask only the first N questions")


def _growth(parser: argparse.ArgumentParser) -> None:
    _questions(parser)
    growth.arguments(parser)


def _folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders", metavar="DIR", type=Path, nargs="+", help="folders with corpus.jsonl and SPLIT.jsonl"
    )
    parser.add_argument("--split", default="dev", help="which questions to ask (default: %(default)s)")
    parser.add_argument("--limit", type=positive, help="ask only the first N questions of each")
    parser.add_argument("--size", type=positive, help="fill the collections up to so many passages, as growth does")
    parser.add_argument("--untitled", action="store_true", help="leave the titles out of passages and gold")


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--vectors", type=positive, default=100_000, help="how many (default: %(default)s)")
    parser.add_argument("--queries", type=positive, default=100, help="how many (default: %(default)s)")


def _tools(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", metavar="TOOLS.jsonl", type=Path, help="tools, one {name, description, …} a line")
    parser.add_argument("--limit", type=positive, help="use only the first N tools")


def _start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("home", metavar="HOME", type=Path, help="folder with a collection")
    parser.add_argument("--name", default="default", help="the collection (default: %(default)s)")
    parser.add_argument("--times", type=positive, default=5, help="how often to start (default: %(default)s)")


BENCHMARKS = (
    Command("ingest", "CORPUS.jsonl", "indexing against bare embedding of the texts", _corpus, ingest.measure),
    Command("search", "DIR", "hybrid search against encode, Chroma and FTS5 alone", _questions, search.measure),
    Command("filters", "", "filtered against unfiltered search, and its recall", _filters, filters.measure),
    Command("graph", "DIR", "the graph against the work inside it", _questions, graph.measure),
    Command("fast", "DIR", "a question against one embedding and one hybrid search", _questions, fast.measure),
    Command("batch", "DIR", "many questions at once against the same ones singly", _questions, batch.measure),
    Command(
        "growth", "DIR", "a question in ever larger collections, and the recall of the index", _growth, growth.measure
    ),
    Command("lexical", "DIR...", "BM25 that reads bounded postings against all of them", _folders, lexical.measure),
    Command(
        "catalogue",
        "TOOLS.jsonl",
        "tools against bare encoding of them, and opening them again",
        _tools,
        catalogue.measure,
    ),
    Command("start", "HOME", "a cold process: --help, the first answer, the next", _start, start.measure),
)
COMMANDS = {command.name: command for command in BENCHMARKS}


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.speed", description="Measure the speed of polyhop.")
    inside = made.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    for command in COMMANDS.values():
        one = inside.add_parser(command.name, help=command.summary, description=command.summary)
        command.options(one)
        one.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark that is named, show its table and write its figures."""
    options = parser().parse_args(arguments)
    measured = COMMANDS[options.benchmark].measure(options)
    result = {
        "benchmark": options.benchmark,
        **measured,
        "polyhop_version": __version__,
        "embedder": Settings().embedder,
        "command": f"python -m benchmarks.speed {shlex.join(arguments)}",
    }
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(*(f"{key}: {value}" for key, value in measured.items() if key != "rows"), sep=", ")
    console.print(table(result))
    if options.json:
        write_json(options.json, result)


def table(result: Figures) -> Table:
    """Return the rows for the screen; every row has the same keys."""
    shown = Table(title=str(result["benchmark"]))
    rows = result["rows"]
    for place, heading in enumerate(rows[0]):
        shown.add_column(heading, justify="right" if place else "left")
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row.values()))
    return shown
