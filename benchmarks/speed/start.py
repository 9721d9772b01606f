"""A cold process: `polyhop --help`, the first answer, and the next one."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from polyhop.agent import OperatorError

from ..common import environment, progress
from .timing import milliseconds, percentile

SECONDS = 120
HELP = "import sys; sys.argv = ['polyhop', '--help']; from polyhop.agent.cli import main; main()"
ASK = """
import json, sys, time
began = time.perf_counter()
from polyhop.agent import Agent
with Agent.open(sys.argv[1], sys.argv[2]) as agent:
    questions = [f"What is known about {title or key}?" for key, title, _ in agent.collection.documents()][:2]
    agent.ask(questions[0])
    first = time.time()
    asked = time.perf_counter()
    agent.ask(questions[-1])
    spent = time.perf_counter() - asked
heavy = [name for name in ("torch", "sentence_transformers") if name in sys.modules]
print(json.dumps({"first": first, "next_ms": 1000 * spent, "heavy": heavy}))
"""


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the medians of a few starts, one process each."""
    starts = [_once(options.home, options.name) for _ in progress(range(options.times), "start", options.times)]
    columns = {what: [start[what] for start in starts] for what in starts[0]}
    rows = [{"what": what, "p50 ms": percentile(ms), "slowest ms": percentile(ms, 100)} for what, ms in columns.items()]
    return {"times": options.times, "rows": rows}


def _once(home: Path, name: str) -> dict[str, float]:
    helped, _ = milliseconds(lambda: _python(HELP))
    began = time.time()
    said = json.loads(_python(ASK, str(home), name).splitlines()[-1])
    if said["heavy"]:
        raise OperatorError(f"answering imported {said['heavy']!r}, which takes seconds; find who imports them")
    first = 1000 * (said["first"] - began)
    return {"polyhop --help": helped, "process to first answer": first, "next answer": said["next_ms"]}


def _python(source: str, *arguments: str) -> str:
    try:
        command = [sys.executable, "-c", source, *arguments]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"a start took more than {SECONDS} s ({error.cmd!r:.80})") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise OperatorError(f"a process that should answer failed: {reason}")
    return done.stdout
