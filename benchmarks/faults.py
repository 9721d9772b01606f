"""Faults of a language model's server: what the user sees, what is asked, and whether the deadline holds.

Each fault is played by a server on this machine to a whole question, answered in one piece and streamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from polyhop.agent import Agent, Collection, Document, Settings
from polyhop.agent.testing import BROKEN, SAYING, STATUSES, Fault, ReplayServer

from .harness import Command, Given, Report, option, progress, timed

DOCUMENTS = (
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
)
QUESTION = "Where was the director of Jaws born?"
REPLY = "The director of Jaws, Steven Spielberg, was born in Cincinnati [1][2]."
#: what a run may take beyond its deadline
GRACE = 1.0

PLAYED: Sequence[Fault] = (
    *(Fault(str(kind)) for kind in (*BROKEN, *SAYING, *STATUSES)),
    *(Fault("429", retry_after=0.5, dated=dated, first=1) for dated in (False, True)),
    Fault("429", retry_after=60),
    *(Fault(kind, first=1) for kind in ("500", "reset", "cut")),
)
WAYS: Mapping[str, Callable[[Agent], Any]] = {
    "ask": lambda agent: agent.ask(QUESTION, k=2),
    "stream": lambda agent: list(agent.stream(QUESTION, k=2))[-1],
}


def play(collection: Collection, fault: Fault | None, way: str, settings: Settings) -> dict[str, Any]:
    """Ask the question while the server plays a fault.

    Return who answered, what the notice says, requests made and counted, seconds, and whether that is too late.
    """
    with ReplayServer(lambda messages: REPLY, faults=[fault] if fault else []) as server:
        agent = Agent(collection, llm=server.model(), settings=settings)
        answer, ms = timed(WAYS[way], agent)
        told = {"fault": named(fault) if fault else "none", "way": way, "writer": answer.model or "extractive"}
        told |= {"text": answer.text, "notices": list(answer.notices), "requests": server.calls}
        cost = {"spent": answer.retrieval.cost.calls, "seconds": round(ms / 1000, 3)}
        return told | cost | {"late": ms / 1000 > settings.seconds + GRACE}


def warm(collection: Collection) -> None:
    """Let litellm be imported, and everything be used once, before time is taken."""
    for way in WAYS:
        play(collection, None, way, Settings(seconds=600.0, llm_timeout=600.0, llm_cache=False, split="never"))


def named(fault: Fault) -> str:
    """Return what a fault is called in the table."""
    parts = [f"first {fault.first}"] * (fault.first is not None)
    if fault.retry_after is not None:
        parts.append(f"retry after {fault.retry_after:g} s{' as a date' if fault.dated else ''}")
    return f"{fault.kind} ({', '.join(parts)})" if parts else fault.kind


def measured(*, seconds: float, timeout: float, only: Sequence[str] = ()) -> dict[str, Any]:
    """Return what is seen of each fault, or of those of some kinds."""
    settings = Settings(seconds=seconds, llm_timeout=timeout, llm_cache=False, split="never")
    faults = [fault for fault in PLAYED if not only or fault.kind in only]
    cases = [(fault, way) for fault in (None, *faults) for way in WAYS]
    with TemporaryDirectory() as home, Agent.open(home, create=True) as opened:
        opened.collection.add(DOCUMENTS)
        warm(opened.collection)
        seen = [play(opened.collection, fault, way, settings) for fault, way in progress(cases, "faults", len(cases))]
    late, slowest = sum(one["late"] for one in seen), max(one["seconds"] for one in seen)
    about = {"seconds": seconds, "timeout": timeout, "late": late, "slowest": slowest}
    return {**about, "rows": seen}


def measure(options: Given, report: Report) -> None:
    """Play the faults, and print what is seen."""
    found = measured(seconds=options.seconds, timeout=options.timeout, only=options.only)
    report.add(**found)
    title = f"deadline {options.seconds:g} s, {options.timeout:g} s a try; late by more than 1 s: {found['late']}"
    table = [
        {"fault": row["fault"], "way": row["way"], "answer by": row["writer"]}
        | {"notice": " ".join(row["notices"])[:160], "requests": row["requests"], "seconds": f"{row['seconds']:.2f}"}
        for row in found["rows"]
    ]
    report.show(title, table)


OPTIONS = (
    option("--seconds", type=float, default=4.0, help="deadline of a question (default: %(default)s)"),
    option("--timeout", type=float, default=1.0, help="seconds of a try (default: %(default)s)"),
    option("--only", action="append", default=[], metavar="KIND", help="play this kind of faults alone"),
)
COMMAND = Command("faults", __doc__, OPTIONS, measure)


if __name__ == "__main__":
    COMMAND.run()
