"""Watch a run while it happens. Run it with: python examples/05_stream_the_hops.py

A stream yields events, which are dictionaries of plain types, and the answer last.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Answer, Document, Settings

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
    Document("cincinnati", "Cincinnati is a city in the state of Ohio, on the Ohio River.", "Cincinnati"),
    Document("ohio", "The Ohio River begins at Pittsburgh and flows into the Mississippi.", "Ohio River"),
]


def main() -> None:
    """Print one line for each event of a question that needs three searches."""
    question = "On which river is the city where the director of Jaws was born?"
    with TemporaryDirectory() as home, Agent.open(home, create=True, settings=Settings(max_hops=2)) as agent:
        agent.collection.add(DOCUMENTS)
        for part in agent.stream(question, k=3):
            if isinstance(part, Answer):
                print(f"\n{part.text}")
                continue
            facts = {name: value for name, value in part.items() if name not in ("event", "hop", "ms", "text")}
            print(f"{part['ms']:7.1f} ms  {part['event']:<7} {facts}")


if __name__ == "__main__":
    main()
