"""The command line of golden outputs.

python -m benchmarks.golden make DATA --out FILE
python -m benchmarks.golden compare DATA FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from polyhop.agent import __version__

from ..harness import BenchmarkError, Command, Given, Report, chosen, option, tell
from .cases import differences, read, summary, write
from .make import EVERY, make

OPTIONS = (
    option("what", metavar="make|compare", choices=("make", "compare"), help="the outputs, or those of now with FILE"),
    option("data", metavar="DATA", type=Path, help="folder with multihop/ and tools/"),
    option("file", metavar="[FILE]", nargs="?", type=Path, help="what `make` wrote"),
    option("--out", metavar="FILE", type=Path, help="where `make` writes, compressed if it ends in .gz"),
    option("--sets", default=",".join(EVERY), help="only these, with commas (default: %(default)s)"),
)


def measure(options: Given, report: Report) -> None:
    """Make the outputs, or compare those of now with a file's; differences end the process with 1."""
    sets = chosen(options.sets, EVERY)
    if not (options.out if options.what == "make" else options.file):
        raise BenchmarkError("give a file: `make DATA --out FILE`, or `compare DATA FILE`")
    if options.what == "make":
        cases = make(options.data, sets)
        write(options.out, cases, {"polyhop": __version__, "cases": len(cases)})
        tell(f"{len(cases):,} cases, {options.out.stat().st_size:,} bytes in {str(options.out)!r}")
        return
    before = [one for one in read(options.file) if one.dataset in sets]
    found = differences(before, make(options.data, sets))
    report.add(different=len(found))
    sys.stdout.write(summary(found, before))
    if found:
        sys.exit(1)


COMMAND = Command("golden", __doc__, OPTIONS, measure)
