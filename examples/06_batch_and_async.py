"""Ask many questions at once, from plain and from async code. Run it with: python examples/06_batch_and_async.py

One agent may be used by many threads and tasks. A batch returns results in the order of its questions.
"""

from __future__ import annotations

import asyncio
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Document

DOCUMENTS = [
    Document("third", "The Third Man was directed by Carol Reed and is set in Vienna.", "The Third Man"),
    Document("reed", "Carol Reed was a film director who was born in Putney in London.", "Carol Reed"),
    Document("samurai", "Seven Samurai was directed by Akira Kurosawa.", "Seven Samurai"),
    Document("kurosawa", "Akira Kurosawa was a film director who was born in Tokyo.", "Akira Kurosawa"),
]
QUESTIONS = ["Where was the director of The Third Man born?", "Where was the director of Seven Samurai born?"]


async def ask_together(agent: Agent) -> None:
    """Run both questions as tasks of one event loop."""
    for answer in await asyncio.gather(*(agent.aask(question, k=2) for question in QUESTIONS)):
        print(f"{answer.question}\n  {answer.text}")


def main() -> None:
    """Retrieve in a batch, then answer in an event loop."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        agent.collection.add(DOCUMENTS)
        for found in agent.batch(QUESTIONS, k=2):
            titles = ", ".join(passage.title for passage in found.passages)
            print(f"{found.question}\n  {titles} in {1000 * found.seconds:.0f} ms")
        asyncio.run(ask_together(agent))


if __name__ == "__main__":
    main()
