"""Have a conversation about the corpus that comes with polyhop. Run it with: python examples/12_chat.py

Rules rewrite each turn as a standalone question. If POLYHOP_LLM is set, a language model does.
"""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory

from polyhop.agent import Agent
from polyhop.agent.example import passages_path

TURNS = [
    "Who directed Beware! The Blob?",
    "Who is his mother?",
    "When was that film released?",
    "What about Dancing Pirate?",
    "And who directed that film?",
    "Where was the director of film Human Flow born?",  # another topic: not changed
]


def main() -> None:
    """Ask the turns one after the other, then continue from the saved history, as another process would."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        with passages_path() as corpus:
            agent.index([corpus])
        chat = agent.chat()
        for turn in TURNS:
            answer = chat.ask(turn)
            print(f"\n{turn}")
            if answer.retrieval.understood:
                print(f"  understood as: {answer.question}")
            print(f"  {answer.text}")

        written = json.dumps(chat.history)
        answer = agent.chat(json.loads(written)).ask("And when?")
        print(f"\nAnd when?\n  understood as: {answer.question}")


if __name__ == "__main__":
    main()
