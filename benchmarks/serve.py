"""The HTTP service under load, against the same questions in the process itself.

python -m benchmarks serve DIR
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from polyhop.agent import Agent, Collection, Document

from . import harness as on
from .harness import Command, Given, Report, child, environment, option, percentile, positive, ratio, tell
from .indexes import Arm, arm_of

K, NAME, TOGETHER = 5, "served", 64
#: questions whose answers are streamed
STREAMS = 20
#: seconds between two documents that are added, of which each goes again after as long
PACE = 0.5
#: after so many seconds the memory of a server should be what it stays
SETTLED = 10.0
CLIENTS = option("--clients", type=positive, default=16, help="clients at a time (default: %(default)s)")
SECONDS = option("--seconds", type=positive, default=60, help="seconds of each way (default: %(default)s)")
ROUNDS = option("--rounds", type=positive, default=1, help="times that both ways take turns (default: %(default)s)")


@dataclass(slots=True)
class Seen:
    """What the clients have seen."""

    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed: int = 0
    written: int = 0


def serve(options: Given, report: Report) -> None:
    """Tell questions a second over HTTP and in the process, each beside the same writer and as busy a client process.

    `mixed` counts answers with passages of two versions of one document, which there must be none of. `start s` is the
    time from the start of the process to its first answer, `first event` the share of a streamed answer's time that has
    passed when its first search is told.
    """
    arm = arm_of(options.folder, options)
    served: list[dict[str, Any]] = []
    batched: list[dict[str, Any]] = []
    for number in range(options.rounds):
        tell(f"round {number + 1}: over HTTP")
        served.append(_over_http(arm, options))
        tell(f"round {number + 1}: in the process, beside a process that is busy for {served[-1]['client']:.0%}")
        job = {"home": arm.index.home, "name": arm.index.name, "seconds": options.seconds, "questions": arm.texts}
        with _busy(served[-1]["client"]):
            batched.append(child(in_process, **job))
    report.add(clients=options.clients, seconds=options.seconds, served=served, batched=batched)
    rate, bare = (sum(one["questions/s"] for one in ways) / options.rounds for ways in (served, batched))
    report.add(ratio=ratio(rate, bare))
    shown = (
        "start s",
        "first event",
        "questions/s",
        "p50 ms",
        "p95 ms",
        "p95 of p50",
        "errors",
        "mixed",
        "writes",
        "MB at 10 s",
        "MB",
    )
    table = [{"way": "over HTTP", **{name: one.get(name) for name in shown}} for one in served]
    table += [{"way": "Agent.batch", **{name: one.get(name) for name in shown}} for one in batched]
    report.show(f"serve: {options.clients} clients, {report.values['ratio']} of the rate in the process", table)


def _over_http(arm: Arm, options: Given) -> dict[str, Any]:
    seen, ended = Seen(), threading.Event()
    with _copied(arm.index.home, arm.index.name) as home, _server(home) as (url, pid, starting):
        body = {"collections": [NAME], "k": K}
        httpx.post(f"{url}/retrieve", json={**body, "question": arm.warm[0]}, timeout=60).raise_for_status()
        ready = round(time.monotonic() - starting, 2)
        early_event = _early_event(url, arm.texts[:STREAMS])
        questions = itertools.cycle(arm.texts)
        threads = [threading.Thread(target=_ask, args=(url, questions, seen, ended)) for _ in range(options.clients)]
        threads.append(threading.Thread(target=_write_over_http, args=(url, seen, ended)))
        began, worked = time.monotonic(), time.process_time()
        for thread in threads:
            thread.start()
        time.sleep(min(SETTLED, options.seconds / 2))
        early = _megabytes(pid)
        time.sleep(max(0.0, began + options.seconds - time.monotonic()))
        done, seconds = len(seen.latencies), time.monotonic() - began
        client, late = (time.process_time() - worked) / seconds, _megabytes(pid)
        ended.set()
        for thread in threads:
            thread.join()
    p50, p95 = percentile(seen.latencies), percentile(seen.latencies, 95)
    return {
        "start s": ready,
        "first event": early_event,
        "questions/s": round(done / seconds, 1),
        "p50 ms": p50,
        "p95 ms": p95,
        "p95 of p50": ratio(p95, p50),
        "errors": len(seen.errors),
        "first error": next(iter(seen.errors), ""),
        "mixed": seen.mixed,
        "writes": seen.written,
        "MB at 10 s": early,
        "MB": late,
        "client": client,
    }


def _early_event(url: str, questions: Sequence[str]) -> float:
    """Return which share of a streamed answer's time has passed when its first search is told, at the median."""
    shares = []
    with httpx.Client(base_url=url, timeout=60) as client:
        for question in questions:
            began, first = time.perf_counter(), 0.0
            body = {"collections": [NAME], "k": K, "question": question, "hops": 2, "stream": True}
            with client.stream("POST", "/ask", json=body) as answer:
                for line in answer.iter_lines():
                    first = first or ("STATE_DELTA" in line) * (time.perf_counter() - began)
            shares.append(first / (time.perf_counter() - began))
    return percentile(shares)


def _ask(url: str, questions: Iterator[str], seen: Seen, ended: threading.Event) -> None:
    with httpx.Client(base_url=url, timeout=60) as client:
        while not ended.is_set():
            body = {"collections": [NAME], "k": K, "question": next(questions)}
            began = time.perf_counter()
            try:
                answer = client.post("/retrieve", json=body)
            except httpx.HTTPError as error:
                seen.errors.append(repr(error))
                continue
            seen.latencies.append(1000 * (time.perf_counter() - began))
            if answer.status_code == 200:
                seen.mixed += _mixed(answer.json()["passages"])
            else:
                seen.errors.append(answer.text[:200])


def _write_over_http(url: str, seen: Seen, ended: threading.Event) -> None:
    at = f"/collections/{NAME}/documents"
    with httpx.Client(base_url=url, timeout=60) as client:

        def put(key: str, text: str) -> None:
            client.post(at, json={"documents": [{"key": key, "text": text}]}).raise_for_status()

        try:
            seen.written = _write(put, lambda key: client.delete(f"{at}/{key}").raise_for_status(), ended)
        except httpx.HTTPError as error:
            seen.errors.append(repr(error))


def _write(put: Callable[[str, str], Any], remove: Callable[[str], Any], ended: threading.Event) -> int:
    """Add, change and remove a document in turn until it is over; return how many writes that were."""
    for number in itertools.count():
        version = number // 2
        if number % 6 == 5:
            remove("lighthouse")
        else:
            part = f"The lighthouse keeps a log, version v{version}. " + "The sea is calm and the lamp is lit. " * 20
            put("lighthouse", "\n\n".join(f"# Part {place}\n\n{part}" for place in range(3)))
        if ended.wait(PACE):
            return number + 1
    return 0


def _mixed(passages: Sequence[Any]) -> bool:
    versions = {found[0] for one in passages if (found := re.search(r"version v\d+", one["text"]))}
    return len(versions) > 1


def in_process(job: dict[str, Any]) -> dict[str, Any]:
    """Ask in batches for some seconds while a thread writes; return the rate."""
    ended, written = threading.Event(), [0]
    with _copied(job["home"], job["name"]) as home, Agent.open(home, NAME) as agent:
        agent.batch(job["questions"][:1], K)

        def write() -> None:
            collection: Collection = agent.collection
            written[0] = _write(
                lambda key, text: collection.add([Document(key, text)]), lambda key: collection.remove([key]), ended
            )

        writing = threading.Thread(target=write)
        writing.start()
        began, done = time.monotonic(), 0
        questions = itertools.cycle(job["questions"])
        while time.monotonic() - began < job["seconds"]:
            done += len(agent.batch([next(questions) for _ in range(TOGETHER)], K))
        seconds = time.monotonic() - began
        ended.set()
        writing.join()
    return {"questions/s": round(done / seconds, 1), "writes": written[0]}


@contextmanager
def _copied(home: str, name: str) -> Iterator[str]:
    """Lend a home with a copy of a collection, which may be written to."""
    with tempfile.TemporaryDirectory(prefix="polyhop-benchmark-") as folder:
        shutil.copytree(Path(home) / name, Path(folder) / NAME, ignore=shutil.ignore_patterns("holders"))
        yield folder


@contextmanager
def _server(home: str) -> Iterator[tuple[str, int, float]]:
    """Serve a home, and yield the address, the process, and when it was started."""
    began = time.monotonic()
    words = [sys.executable, "-P", "-m", "polyhop.agent", "serve", "--home", home, "--port", "0"]
    process = subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://\S+:\d+", said)
        if found is None:
            raise on.BenchmarkError(f"the server did not start: {said}")
        yield found[0], process.pid, began
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def _busy(share: float) -> Iterator[None]:
    """Keep a process as busy as the clients were: the share of a core that they took."""
    source = (
        "import sys, time\nshare = float(sys.argv[1])\nwhile True:\n    end = time.monotonic() + 0.05 * share\n"
        "    while time.monotonic() < end: pass\n    time.sleep(0.05 * max(0.0, 1 - share))"
    )
    process = subprocess.Popen([sys.executable, "-c", source, str(min(1.0, share))])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


COMMAND = Command("serve", serve.__doc__, (on.FOLDER, on.SPLIT, on.LIMIT, CLIENTS, SECONDS, ROUNDS), serve)

if __name__ == "__main__":
    COMMAND.run()
