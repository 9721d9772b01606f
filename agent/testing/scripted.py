"""A language model that says what it was told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.errors import ModelError
from ...core.llm import Message


@dataclass(slots=True)
class ScriptedModel:
    """A language model that gives prepared replies in their order and remembers what it was asked.

    A reply that is an exception is raised. When the script has ended it raises `ModelError`, as a model that is away
    does; an empty script therefore plays that model.

        model = ScriptedModel(["Steven Spielberg was born in Cincinnati. [2]"])
        answer = Agent(retriever, llm=model).ask("Where was the director of Jaws born?")
        assert "Jaws" in model.asked[0][-1]["content"]
    """

    replies: Sequence[str | Exception] = ()
    name: str = "scripted"
    asked: list[list[Message]] = field(default_factory=list)

    async def complete(self, messages: Sequence[Message]) -> str:
        """Return the next reply, or raise it."""
        self.asked.append(list(messages))
        if len(self.asked) > len(self.replies):
            raise ModelError(f"the script of {self.name!r} ended after {len(self.replies)} replies; give it more")
        reply = self.replies[len(self.asked) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply
