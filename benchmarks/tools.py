"""Tool selection on requests whose gold tools are known.

DIR holds corpus.jsonl (name, description, parameters) and SPLIT.jsonl (query, gold: names). `bm25` is what tool search
in frameworks does: BM25 over the words of name and description. `dense` is cosine of the embedder, `hybrid` both by
reciprocal rank with equal weights. Requests of the --foreign folders show how often `polyhop` says that nothing fits.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from polyhop.agent import JsonLines, Settings, ToolSelector, __version__
from polyhop.core.files import read_rows

from .bm25 import Bm25, fused
from .common import BenchmarkError, Parser, chosen, positive, progress, run, write_json
from .indexes import place_of
from .tool_figures import MOST, Outcome, Request, abstention, definitions, figures, table

SYSTEMS = ("bm25", "dense", "hybrid", "polyhop")
WARM = 3
# How deep either half goes before both are fused.
DEEP = 50
Rank = Callable[[str, int], list[str]]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.tools", description=__doc__)
    made.add_argument("folder", metavar="DIR", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
    made.add_argument("--split", default="dev", help="which requests to ask (default: %(default)s)")
    made.add_argument("--systems", default=",".join(SYSTEMS), help="what to compare (default: %(default)s)")
    made.add_argument(
        "--foreign", metavar="DIR", type=Path, action="append", default=[], help="requests of other tools"
    )
    made.add_argument("--limit", type=positive, help="ask only the first N requests")
    made.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (default: %(default)s)")
    made.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure the systems, show the table and write the figures."""
    options = parser().parse_args(arguments)
    systems = chosen(options.systems, list(SYSTEMS))
    asked = requests(options.folder / f"{options.split}.jsonl", options.limit)
    others = [requests(one / f"{options.split}.jsonl", options.limit) for one in options.foreign]
    corpus = options.folder.absolute() / "corpus.jsonl"
    index = place_of(f"tools {corpus}")
    with ToolSelector.open(index.home, index.name, create=True) as selector:
        began = time.perf_counter()
        report = selector.sync(JsonLines(corpus, owner="corpus"))
        synced = time.perf_counter() - began
        if report.failed or not len(selector.catalogue):
            raise BenchmarkError(f"no tools in {str(corpus)!r}: {report.failed or 'it is empty'}; give another DIR")
        known = {tool.name for tool in selector.catalogue.tools()}
        ranks = rankers(selector)
        outcomes = {name: ask(ranks[name], asked, name) for name in systems}
        result: dict[str, Any] = {
            "dataset": options.folder.name,
            "split": options.split,
            "requests": len(asked),
            "tools": len(known),
            "gold_missing": sum(len(one.gold - known) for one in asked),
            "sync_s": round(synced, 3),
            "added": report.added,
            "polyhop_version": __version__,
            "embedder": Settings().embedder,
            "seed": options.seed,
            "command": f"python -m benchmarks.tools {shlex.join(arguments)}",
            "systems": figures(outcomes, asked, seen(options.folder), seed=options.seed),
        }
        if "polyhop" in systems:
            result["definitions"] = definitions(selector, asked)
            result["abstention"] = abstention(selector, asked, others)
    Console(width=None if sys.stdout.isatty() else 120).print(table(result))
    if options.json:
        write_json(options.json, result)


def requests(file: Path, limit: int | None = None) -> list[Request]:
    """Read the first `limit` requests of a file, all by default."""
    found: list[Request] = []
    for place, row in read_rows(file):
        if limit is not None and len(found) == limit:
            break
        text, gold = row.get("query"), row.get("gold")
        if not isinstance(text, str) or not text.strip() or not isinstance(gold, list) or not gold:
            raise BenchmarkError(f"{place}: {row!r:.80} is no request; an object with query and gold is expected")
        found.append(Request(text, frozenset(map(str, gold))))
    if not found:
        raise BenchmarkError(f"{str(file)!r} holds no requests; choose another --split")
    return found


def seen(folder: Path) -> frozenset[str] | None:
    """Return the tools that are gold in training, or None where there are no training requests."""
    file = folder / "train.jsonl"
    return frozenset(name for one in requests(file) for name in one.gold) if file.is_file() else None


def rankers(selector: ToolSelector) -> dict[str, Rank]:
    """Return each system as a function from a request and k to names of tools, best first."""
    catalogue = selector.catalogue
    tools = catalogue.tools()
    names = {tool.id: tool.name for tool in tools}
    lexical = Bm25([tool.name for tool in tools], (f"{tool.name} {tool.description}" for tool in tools))

    def dense(text: str, k: int) -> list[str]:
        return [names[hit.id] for hit in catalogue.dense(catalogue.embedder.encode_queries([text]), k)[0]]

    def hybrid(text: str, k: int) -> list[str]:
        return fused(dense(text, DEEP), lexical.rank(text, DEEP))[:k]

    def polyhop(text: str, k: int) -> list[str]:
        return [one.tool.name for one in selector.select(text, k).ranked]

    return {"bm25": lexical.rank, "dense": dense, "hybrid": hybrid, "polyhop": polyhop}


def ask(rank: Rank, asked: Sequence[Request], name: str) -> Outcome:
    """Ask one system everything; the first few are asked once before their time is taken."""
    for one in asked[:WARM]:
        rank(one.text, MOST)
    rankings, ms = [], []
    for one in progress(asked, name, len(asked)):
        began = time.perf_counter()
        rankings.append(rank(one.text, MOST))
        ms.append(1000 * (time.perf_counter() - began))
    return Outcome(rankings, ms)


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
