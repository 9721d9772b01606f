"""A cold process: `polyhop --help`, the first answer, and the next one."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from polyhop.agent import OperatorError

from ..common import environment, progress

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
    rows = [
        {
            "what": what,
            "median ms": round(statistics.median(start[what] for start in starts), 1),
            "slowest ms": round(max(start[what] for start in starts), 1),
        }
        for what in starts[0]
    ]
    return {"times": options.times, "rows": rows}


def _once(home: Path, name: str) -> dict[str, float]:
    began = time.perf_counter()
    _python(HELP)
    helped = 1000 * (time.perf_counter() - began)
    began = time.time()
    said = json.loads(_python(ASK, str(home), name).splitlines()[-1])
    if said["heavy"]:
        raise OperatorError(
            f"answering imported {said['heavy']!r}, which cost seconds and are not needed; find who imports them"
        )
    return {
        "polyhop --help": helped,
        "process to first answer": 1000 * (said["first"] - began),
        "next answer": said["next_ms"],
    }


def _python(source: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-c", source, *arguments],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"a start took more than {SECONDS} s ({error.cmd!r:.80})") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise OperatorError(f"a process that should answer failed: {reason}")
    return done.stdout
