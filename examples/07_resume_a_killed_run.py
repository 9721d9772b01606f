"""Kill a run in the middle and resume it in another process. Run it with: python examples/07_resume_a_killed_run.py

With `checkpoints` and a `thread` each step is on disk before the next one begins. The same question under the same
thread continues where the killed process stopped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Answer, Document

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
]
QUESTION = "Where was the director of Jaws born?"


def run(home: str, *, die_at: str = "") -> None:
    """Ask under a thread and print the events; kill this process at the event `die_at`."""
    with Agent.open(home, checkpoints=f"{home}/runs.sqlite") as agent:
        for part in agent.stream(QUESTION, k=2, thread="question-1"):
            if isinstance(part, Answer):
                print(f"  answer: {part.text}")
            elif part["event"] == die_at:
                print("  killed", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                print(f"  {part['event']}", flush=True)


def main() -> None:
    """Kill a child process during a hop, then finish its run here."""
    with TemporaryDirectory() as home:
        with Agent.open(home, create=True) as agent:
            agent.collection.add(DOCUMENTS)
        print("first process", flush=True)
        subprocess.run([sys.executable, __file__, home], check=False)
        print("second process, the first search is not repeated")
        run(home)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        run(sys.argv[1], die_at="hop")
    else:
        main()
