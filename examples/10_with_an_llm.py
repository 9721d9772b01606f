"""Let an LLM write the answer and check its citations. Run it with: python examples/10_with_an_llm.py

The model here is a function whose reply has one claim that no passage supports. For a real model, set POLYHOP_LLM to a
litellm name, set its key, and leave `llm` out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Document, Settings

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
]
REPLY = "Steven Spielberg was born in Cincinnati [2]. He directed Jaws in 1975 [1]. Jaws was filmed in Paris [1]."


def scripted(messages: Sequence[Mapping[str, str]]) -> str:
    """Return a fixed reply to the messages."""
    return REPLY


def main() -> None:
    """Ask, with the function as the model."""
    with TemporaryDirectory() as home:
        with Agent.open(home, create=True, llm=scripted, settings=Settings(split="never")) as agent:
            agent.collection.add(DOCUMENTS)
            answer = agent.ask("Where was the director of Jaws born?", k=2)
        print(f"{answer.model}: {answer.text}")
        for one in answer.citations:
            print(f"  {'supported' if one['supported'] else 'NOT BORNE OUT'}: {one['sentence']} {one['passages']}")


if __name__ == "__main__":
    main()
