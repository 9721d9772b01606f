"""Asking one system all questions, one at a time, in a process of its own."""

from __future__ import annotations

import time
from typing import Any

from polyhop.agent import Collection
from polyhop.agent.evaluate.metrics import DEPTHS
from polyhop.agent.evaluate.systems import SYSTEMS, best_documents

from .common import peak_mb, progress, serve


def ask_all(job: dict[str, Any]) -> dict[str, Any]:
    """Return the ranking and the milliseconds of each question, each asked once by a warm system."""
    with Collection.open(job["home"], job["name"]) as collection:
        search = SYSTEMS[job["system"]](collection)
        for question in job["warm"]:
            best_documents(search, question, DEPTHS[-1])
        rankings, milliseconds = [], []
        for question in progress(job["questions"], job["system"], len(job["questions"])):
            began = time.perf_counter()
            rankings.append(best_documents(search, question, DEPTHS[-1]))
            milliseconds.append(1000 * (time.perf_counter() - began))
    return {"rankings": rankings, "ms": milliseconds, "peak_mb": peak_mb()}


if __name__ == "__main__":
    serve(ask_all)
