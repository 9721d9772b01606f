"""Asking one system all questions, one at a time, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from polyhop.agent import Collection, Config, Settings
from polyhop.agent.evaluate.metrics import DEPTHS
from polyhop.agent.evaluate.systems import SYSTEMS, Account, account, best_documents, retrieval

from .common import peak_mb, progress, serve

POLYHOP = "polyhop"


def ask_all(job: dict[str, Any]) -> dict[str, Any]:
    """Return what became of each question and its milliseconds, each asked once by a warm system."""
    with Collection.open(job["home"], job["name"]) as collection:
        ask = _asking(job["system"], collection, job["profile"])
        for question in job["warm"]:
            ask(question)
        found, milliseconds = [], []
        for question in progress(job["questions"], job["system"], len(job["questions"])):
            began = time.perf_counter()
            found.append(ask(question))
            milliseconds.append(1000 * (time.perf_counter() - began))
    return {
        "rankings": [one.documents for one in found],
        "ms": milliseconds,
        "peak_mb": peak_mb(),
        "sufficiency": [one.sufficiency for one in found],
        "again": [one.again for one in found],
    }


def _asking(system: str, collection: Collection, profile: str) -> Callable[[str], Account]:
    """Return what asks a system; the profile is that of polyhop, the others have none and say nothing of themselves."""
    if system == POLYHOP:
        retrieve = retrieval(collection, Config.of(Settings(profile=profile), collection))
        return lambda question: account(retrieve, question, DEPTHS[-1])
    search = SYSTEMS[system](collection)
    return lambda question: Account(best_documents(search, question, DEPTHS[-1]), None, again=False)


if __name__ == "__main__":
    serve(ask_all)
