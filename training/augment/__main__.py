"""Train the gate, in two steps: python -m polyhop.training.augment examples|gate ...

examples  ask questions whose gold passages are known, as they are and with each reformulation
gate      fit the gate to them, in seconds
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
    return take(_parser(), arguments, {"examples": _examples, "gate": _gate})


def _parser() -> Parser:
    parser, steps = stepwise("python -m polyhop.training.augment", __doc__)
    examples = steps.add_parser("examples", help="ask questions")
    add_sources(examples)
    gate = steps.add_parser("gate", help="fit the gate")
    gate.add_argument("examples", nargs="+", type=Path, help="files of examples")
    gate.add_argument(
        "--penalty", type=float, default=10.0, help="on the squares of the weights (default: %(default)s)"
    )
    for one in (examples, gate):
        one.add_argument("--out", type=Path, required=True, help="file to write")
    return parser


def _examples(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ...retrieval.query.expansion import Expansion
    from ...retrieval.query.feedback import Feedback
    from ..examples import write
    from ..rerank.collect import Sources
    from .collect import collect

    sources = Sources.of(given)
    home = given.home or Settings().cache / "training"
    found = collect(sources, home, Lines(), [Feedback(), Expansion()])
    write(given.out, found)
    return {"file": str(given.out), "questions": len(found)}


def _gate(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.files import write_whole
    from ..examples import load
    from .collect import Example
    from .fit import trained

    examples = load(given.examples, Example)
    names = sorted({name for one in examples for name in one.augmented})
    gates, facts = trained(examples, names, penalty=given.penalty)
    write_whole(given.out, (json.dumps(gates, indent=2) + "\n").encode())
    return {"file": str(given.out), **facts}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
