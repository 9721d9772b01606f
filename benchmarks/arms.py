"""Arms: sets of questions, each with titles and without."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .common import BenchmarkError, Parser, add_profile, positive
from .data import Question, Source
from .indexes import Index, ensure


@dataclass(frozen=True, slots=True)
class Arm:
    """A data set with or without titles."""

    source: Source
    split: str
    questions: Sequence[Question]
    index: Index

    @property
    def title(self) -> str:
        """Return what to call it."""
        return f"{self.source.folder.name} {'without' if self.source.untitled else 'with'} titles"

    @property
    def gold(self) -> list[frozenset[str]]:
        """Return what is to be found for each question."""
        return [question.gold for question in self.questions]

    def facts(self) -> dict[str, Any]:
        """Return what its figures are about."""
        return {
            "dataset": self.source.folder.name,
            "split": self.split,
            "untitled": self.source.untitled,
            "questions": len(self.questions),
        }


def add_arms(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the sets, the questions and the seed of the bootstrap."""
    parser.add_argument("folders", metavar="DIR", type=Path, nargs="+", help="folder with corpus.jsonl and SPLIT.jsonl")
    parser.add_argument("--split", default="dev", help="which questions to ask (default: %(default)s)")
    titles = parser.add_mutually_exclusive_group()
    titles.add_argument("--titled", action="store_true", help="only with titles; by default with and without")
    titles.add_argument("--untitled", action="store_true", help="only without titles")
    parser.add_argument("--limit", type=positive, help="ask only the first N questions of each set")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file, after each arm")


def arms_parser(name: str, doc: str | None) -> Parser:
    """Return the command line of a benchmark that takes arms and a profile; `doc` is that of its module."""
    made = Parser(prog=f"python -m benchmarks.{name}", description=(doc or "").splitlines()[0])
    add_arms(made)
    add_profile(made)
    return made


def arms(options: argparse.Namespace) -> Iterator[tuple[int, Arm]]:
    """Yield each set with and without titles, as asked for, with a seed that both share.

    All question files are read at once, so that a mistake in one of them shows before anything is measured.
    """
    if options.seed < 0:
        raise BenchmarkError(f"--seed is {options.seed}; it must be 0 or more")
    untitled = [value for value, off in ((False, options.untitled), (True, options.titled)) if not off]
    sources = [
        (options.seed + number, Source(folder.absolute(), one))
        for number, folder in enumerate(dict.fromkeys(options.folders))
        for one in untitled
    ]
    questions = [source.questions(options.split, options.limit) for _, source in sources]
    for (seed, source), asked in zip(sources, questions, strict=True):
        yield seed, Arm(source, options.split, asked, ensure(source, source.corpus()))
