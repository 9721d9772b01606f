"""Test with a language model that needs no network. Run it with: python examples/13_replayed_model.py

A server of this very process replays recordings; litellm, HTTP and retries are the real ones. Here it is overloaded at
first and then streams, word by word. `Recorder` writes such a file while a real model answers; this one is written by
hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Answer, Document, Settings
from polyhop.agent.testing import ReplayServer

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
]
RECORDINGS = [
    {"match": "director of jaws", "reply": "Steven Spielberg, who directed Jaws, was born in Cincinnati [1][2]."},
    {"regex": "(?i)when was .* released", "reply": "I could not find it."},
]


def ask(agent: Agent) -> Answer:
    """Print the words of an answer as they come, and return it."""
    for part in agent.stream("Where was the director of Jaws born?", k=2):
        if isinstance(part, Answer):
            return part
        if part["event"] == "text":
            print(part["text"], end="|", flush=True)
    raise AssertionError("a stream ends with the answer")


def main() -> None:
    """Stream an answer, and show what it took."""
    with TemporaryDirectory() as home:
        file = Path(home) / "recordings.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in RECORDINGS), encoding="utf-8")
        with (
            ReplayServer(file, faults=["503:first=1,retry_after=0.1"], pace=0.02) as server,
            Agent.open(
                home, create=True, llm=server.model(), settings=Settings(llm_cache=False, split="never")
            ) as agent,
        ):
            agent.collection.add(DOCUMENTS)
            answer = ask(agent)
        print(f"\n{answer.model}: supported {[one['supported'] for one in answer.citations]}")
        print(f"{server.calls} requests, the first met {server.requests[0].fault}")


if __name__ == "__main__":
    main()
