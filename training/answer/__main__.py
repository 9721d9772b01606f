"""Train what answers without a model, in three steps: python -m polyhop.training.answer examples|units|rules ...

examples  ask questions whose gold passages and answers are known, and keep what is known of each sentence
units     fit the units to them, in seconds
rules     choose the thresholds and what is quoted beside the answer; each set is judged by units of the other ones
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import CallerError
from ..options import Parser, add_sources, stepwise, take
from ..watch import Lines


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    return take(_parser(), arguments, {"examples": _examples, "units": _units, "rules": _rules})


def _parser() -> Parser:
    parser, steps = stepwise("python -m polyhop.training.answer", __doc__)
    examples = steps.add_parser("examples", help="ask questions")
    add_sources(examples)
    examples.add_argument(
        "--foreign", action="append", type=Path, default=[], help="questions that these passages do not answer"
    )
    examples.add_argument("--hops", type=int, default=2, help="searches of a question (default: %(default)s)")
    units = steps.add_parser("units", help="fit the units")
    units.add_argument("examples", nargs="+", type=Path, help="files of examples")
    for one in (examples, units):
        one.add_argument("--out", type=Path, required=True, help="file to write")
    rules = steps.add_parser("rules", help="choose the rules")
    rules.add_argument("sets", nargs="+", type=Path, help="folders with train.jsonl and corpus.jsonl, two at least")
    rules.add_argument("--apart", action="append", type=Path, default=[], help="questions whose gold is left out")
    rules.add_argument("--limit", type=int, default=0, help="questions to take of each set; 0 takes all")
    rules.add_argument("--foreign", type=int, default=150, help="questions of each other set that are asked of a set")
    rules.add_argument("--others", type=int, default=3_000, help="passages to draw from each corpus")
    rules.add_argument("--home", type=Path, help="folder for the collections, in the cache by default")
    return parser


def _examples(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ..examples import write
    from ..rerank.collect import Sources
    from ..treehop.questions import read
    from .collect import collect

    sources = Sources.of(given)
    home = given.home or Settings().cache / "training"
    foreign = [one for path in given.foreign for one in read(path)[: given.limit or None]]
    found = collect(sources, home, Lines(), foreign=foreign, hops=(given.hops,))
    write(given.out, [one.example for one in found])
    return {"file": str(given.out), "examples": len(found)}


def _units(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.files import write_whole
    from ..examples import load
    from .collect import Example
    from .fit import trained

    units, facts = trained(load(given.examples, Example))
    write_whole(given.out, (json.dumps(units, indent=2) + "\n").encode())
    return {"file": str(given.out), **facts}


def _rules(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ..rerank.collect import Sources
    from ..treehop.questions import read
    from .collect import collect
    from .rules import chosen

    if len(given.sets) < 2:
        raise CallerError(f"{given.sets}: give two sets at least, each is judged by units of the others")
    asked = []
    for folder in given.sets:
        others = [other / "train.jsonl" for other in given.sets if other != folder]
        strange = [one for path in others for one in read(path)[: given.foreign]]
        corpus = [folder / "corpus.jsonl"]
        sources = Sources([folder / "train.jsonl"], corpus, given.apart, given.others, limit=given.limit)
        home = given.home or Settings().cache / "training"
        asked.append(collect(sources, home, Lines(), foreign=strange, hops=(2, 1)))
    return chosen(asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
