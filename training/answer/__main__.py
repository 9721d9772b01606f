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

from ..options import Parser, add_sources, stepwise, take
from ..watch import Lines


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    return take(_parser(), arguments, {"examples": _examples, "units": _units})


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
    return parser


def _examples(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ..examples import write
    from ..rerank.collect import Sources
    from .collect import collect

    sources = Sources.of(given)
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
