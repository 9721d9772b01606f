"""Test with a language model that needs no network. Run it with: python examples/13_replayed_model.py

`Recorder` writes down the replies of a model; here it is a function, elsewhere `LiteLLM("openai/gpt-4o-mini")`.
`ScriptedModel` replays them, word by word, without the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Answer, Document, OwnModel, Settings
from polyhop.agent.testing import Recorder, ScriptedModel

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
]
QUESTION = "Where was the director of Jaws born?"


def model(messages: Sequence[Mapping[str, str]]) -> str:
    """Return a fixed reply."""
    return "Steven Spielberg, who directed Jaws, was born in Cincinnati [1][2]."


def ask(agent: Agent) -> Answer:
    """Print the words of an answer as they arrive, and return the answer."""
    for part in agent.stream(QUESTION, k=2):
        if isinstance(part, Answer):
            return part
        if part["event"] == "text":
            print(part["text"], end="|", flush=True)
    raise AssertionError("a stream ends with the answer")


def main() -> None:
    """Record an answer, then stream it without the model."""
    settings = Settings(split="never")
    with TemporaryDirectory() as home:
        file = Path(home) / "recorded.jsonl"
        with Agent.open(home, create=True, llm=Recorder(OwnModel(model), file), settings=settings) as agent:
            agent.collection.add(DOCUMENTS)
            agent.ask(QUESTION, k=2)
        replayed = ScriptedModel.recorded(file)
        with Agent.open(home, llm=replayed, settings=settings) as agent:
            answer = ask(agent)
        print(f"\n{answer.model}: supported {[one['supported'] for one in answer.citations]}")
        print(f"asked: {replayed.asked[0][-1]['content'].splitlines()[-1]}")


if __name__ == "__main__":
    main()
