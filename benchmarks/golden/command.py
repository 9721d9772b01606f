"""The command line of golden outputs.

python -m benchmarks.golden make DATA --out FILE
python -m benchmarks.golden compare DATA FILE
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from polyhop.agent import __version__

from ..common import Parser, chosen, tell
from .cases import read, write
from .compare import differences, summary
from .make import EVERY, make

DATA = "folder with multihop/ and tools/"


def parser() -> Parser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.golden", description=(__doc__ or "").splitlines()[0])
    commands = made.add_subparsers(dest="command", required=True, metavar="make|compare")
    making = commands.add_parser("make", help="write what the code of now gives")
    making.add_argument("data", metavar="DATA", type=Path, help=DATA)
    making.add_argument("--out", metavar="FILE", type=Path, required=True, help="JSON, compressed if it ends in .gz")
    comparing = commands.add_parser("compare", help="make it again and list what is different; exit code 1 if any")
    comparing.add_argument("data", metavar="DATA", type=Path, help=DATA)
    comparing.add_argument("file", metavar="FILE", type=Path, help="what `make` wrote")
    for one in (making, comparing):
        one.add_argument("--sets", default=",".join(EVERY), help="only these, with commas (default: %(default)s)")
    return made


def main(arguments: Sequence[str]) -> None:
    """Make the outputs, or compare those of now with a file's; differences end the process with 1."""
    options = parser().parse_args(arguments)
    sets = chosen(options.sets, EVERY)
    if options.command == "make":
        cases = make(options.data, sets)
        write(options.out, cases, {"polyhop": __version__, "cases": len(cases)})
        tell(f"{len(cases):,} cases, {options.out.stat().st_size:,} bytes in {str(options.out)!r}")
        return
    before = [one for one in read(options.file) if one.dataset in sets]
    after = make(options.data, sets)
    found = differences(before, after)
    sys.stdout.write(summary(found, before))
    if found:
        sys.exit(1)
