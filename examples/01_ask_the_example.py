"""Ask the corpus that comes with polyhop. Run it with: python examples/01_ask_the_example.py

Each question needs at least two passages. The path of a passage shows which passages led to it.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from polyhop.agent import Agent
from polyhop.agent.example import passages_path, questions


def main() -> None:
    """Index the corpus into a temporary folder and ask three of its questions."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        with passages_path() as corpus:
            report = agent.index([corpus])
        print(f"{report.passages} passages indexed")
        for asked in questions()[:3]:
            answer = agent.ask(asked.question)
            print(f"\n{asked.question}\n  {answer.text}\n  (the data set says: {asked.answer})")
            for number, passage in enumerate(answer.retrieval.passages[:3], start=1):
                way = " > ".join([*(step.title for step in passage.path), passage.title])
                print(f"  [{number}] {passage.score:.2f} {passage.via:<6} {way}")


if __name__ == "__main__":
    main()
