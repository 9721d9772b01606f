"""Train what answers without a model, in two steps: python -m polyhop.training.answer examples|units ...

examples  ask questions whose gold passages and answers are known, and keep what is known of each sentence
units     fit the units to them, in seconds
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..options import Parser, add_sources, told
from ..watch import Lines


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    return told(lambda: _step(arguments))


def _step(arguments: Sequence[str]) -> Mapping[str, Any]:
    given = _parsed(arguments)
    return {"examples": _examples, "units": _units}[given.step](given)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    raw = argparse.RawTextHelpFormatter
    parser = Parser("python -m polyhop.training.answer", description=__doc__, formatter_class=raw)
    steps = parser.add_subparsers(dest="step", required=True)
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
    return parser.parse_args(arguments)


def _examples(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ..examples import write
    from ..rerank.collect import Sources
    from .collect import collect

    sources = Sources(
        given.questions, given.corpus, given.apart, given.others, untitled=given.untitled, limit=given.limit
    )
    home = given.home or Settings().cache / "training"
    found = collect(sources, home, Lines(), foreign=given.foreign, hops=given.hops)
    write(given.out, found)
    return {"file": str(given.out), "examples": len(found)}


def _units(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.files import write_whole
    from ..examples import load
    from .collect import Example
    from .fit import trained

    units, facts = trained(load(given.examples, Example))
    write_whole(given.out, (json.dumps(units, indent=2) + "\n").encode())
    return {"file": str(given.out), **facts}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
