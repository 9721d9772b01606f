"""The list of benchmarks, and a way to start them by name: `python -m benchmarks NAME`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from .harness import BenchmarkError, Command, run

NAMES = (
    "multihop ablation augment rerank tools tools_agent chat splitting choosing answers citation_limits treehop "
    "calibration exclusions keywords golden speed serve house documents reading small_llm"
).split()


def commands(name: str = "") -> dict[str, Command]:
    """Return by their names the benchmarks of a module, of all by default."""
    modules = [importlib.import_module(f".{one}", __package__) for one in ([name] if name else NAMES)]
    return {one.name: one for module in modules for one in getattr(module, "COMMANDS", None) or [module.COMMAND]}


def main(arguments: Sequence[str]) -> None:
    """Start the benchmark that the first words name, or list them all."""
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(listing())
        return
    found = commands(arguments[0]) if arguments[0] in NAMES else {}
    words = 1 if arguments[0] in found else 2
    if " ".join(arguments[:words]) not in found:
        raise BenchmarkError(f"unknown benchmark {' '.join(arguments[:2])!r}; `python -m benchmarks` lists them")
    found[" ".join(arguments[:words])].main(arguments[words:])


def listing() -> str:
    """Return one line for each command."""
    starts = {f"python -m benchmarks {one.name} {one.usage}": one.summary for one in commands().values()}
    width = max(map(len, starts))
    return "".join(f"{start:<{width}}  {summary}\n" for start, summary in starts.items())


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
