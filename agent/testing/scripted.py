"""A language model that says what it was told to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.errors import ModelError
from ...core.llm.role import Call, Message, OnText, Price, Reply, estimated


@dataclass(slots=True)
class ScriptedModel:
    """A language model that gives prepared replies in their order and remembers what it was asked.

    A reply that is an exception is raised. When the script has ended it raises `ModelError`, as a model that is away
    does; an empty script therefore plays that model. Its replies are not kept in the cache.

        model = ScriptedModel(["Steven Spielberg was born in Cincinnati. [2]"])
        answer = Agent(retriever, llm=model).ask("Where was the director of Jaws born?")
        assert "Jaws" in model.asked[0][-1]["content"]
    """

    replies: Sequence[str | Exception] = ()
    name: str = "scripted"
    identity: str = ""
    asked: list[list[Message]] = field(default_factory=list)

    async def price(self) -> Price | None:
        """Return nothing: a script costs nothing."""
        return Price()

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Return the next reply, or raise it; to a listener it is told word by word."""
        self.asked.append([dict(message) for message in call.messages])
        if len(self.asked) > len(self.replies):
            raise ModelError(f"the script of {self.name!r} ended after {len(self.replies)} replies; give it more")
        reply = self.replies[len(self.asked) - 1]
        if isinstance(reply, Exception):
            raise reply
        if on_text is not None:
            for word in re.findall(r"\s*\S+\s*", reply):
                on_text(word)
        return Reply(reply, call.tokens, estimated(reply))
