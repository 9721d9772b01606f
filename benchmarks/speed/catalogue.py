"""A catalogue of tools: indexing against bare encoding of what it embeds, and opening it again."""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from polyhop.agent import Catalogue, JsonLines, Tool, Tools

from ..common import BenchmarkError, child, serve, tell
from .timing import milliseconds, percentile

WARM = ["A text to warm up with."] * 8
WAYS = ("polyhop", "bare")
# So many parts; each is done in both ways, in an order that turns around, so that a slowing machine is unfair to none.
TURNS = 4
OPENINGS = 3


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return tools per second of indexing and of bare encoding, and how long opening all of them takes."""
    file = options.corpus.absolute()
    count = len(_tools(file, options.limit))
    if count < TURNS:
        raise BenchmarkError(f"{str(file)!r} holds {count} tools; at least {TURNS} are needed")
    seconds = dict.fromkeys(WAYS, 0.0)
    with tempfile.TemporaryDirectory() as home:
        job = {"file": str(file), "limit": options.limit, "home": home, "parts": TURNS}
        for number in range(TURNS):
            for way in WAYS if number % 2 else reversed(WAYS):
                tell(f"part {number + 1} of {TURNS}: {way}")
                seconds[way] += child("speed.catalogue", {**job, "way": way, "part": number})["seconds"]
        opened = [child("speed.catalogue", {**job, "way": "open"}) for _ in range(OPENINGS)]
    rows: list[dict[str, Any]] = [{"what": f"tools/s, {way}", "figure": round(count / seconds[way], 1)} for way in WAYS]
    rows += [
        {"what": "of bare encoding", "figure": round(seconds["bare"] / seconds["polyhop"], 3)},
        {"what": "opened, all tools and vectors in memory, ms", "figure": percentile([one["ms"] for one in opened])},
        {"what": "the same, processor ms", "figure": percentile([one["processor_ms"] for one in opened])},
        {
            "what": "synced again with embedder and index loaded first, processor ms",
            "figure": percentile([one["again_ms"] for one in opened]),
        },
    ]
    return {"tools": opened[0]["tools"], "rows": rows}


def _tools(file: Path, limit: int | None) -> list[Tool]:
    """Return the tools of a file, each under an id of its own."""
    found = (item for item in JsonLines(file, owner="file").read() if isinstance(item, Tool))
    return list({tool.id: tool for tool in islice(found, limit)}.values())


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Do one part in one way, or open the catalogue; loading the model is not part of the time."""
    tools = _tools(Path(job["file"]), job["limit"])
    if job["way"] == "open":
        return _open(job["home"], tools[:: job["parts"]])
    part = tools[job["part"] :: job["parts"]]
    with Catalogue.create(job["home"]) as catalogue:
        catalogue.embedder.encode_passages(WARM)
        if job["way"] == "bare":
            spent = milliseconds(lambda: catalogue.embedder.encode_passages([tool.embed_text for tool in part]))[0]
        else:
            spent = milliseconds(lambda: catalogue.sync(Tools(part, f"part {job['part']}")))[0]
    return {"seconds": spent / 1000}


def _open(home: str, tools: list[Tool]) -> dict[str, Any]:
    began = time.process_time()

    def opened() -> Catalogue:
        catalogue = Catalogue.open(home)
        catalogue.snapshot()
        return catalogue

    spent, catalogue = milliseconds(opened)
    processor = 1000 * (time.process_time() - began)
    with catalogue:
        began = time.process_time()
        catalogue.sync(Tools(tools, "part 0"))
        again = 1000 * (time.process_time() - began)
        return {"ms": spent, "processor_ms": processor, "again_ms": again, "tools": len(catalogue)}


if __name__ == "__main__":
    serve(_work)
