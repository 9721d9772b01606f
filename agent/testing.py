"""Stand-ins for a language model, for tests of code that uses polyhop.

Only the language model has one: a search of your own goes through `Agent.around`, everything else runs for real.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import CallerError, ModelError, OperatorError
from ..core.files import read_rows
from ..core.llm.role import Call, LanguageModel, Message, OnText, Price, Reply, estimated


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

    @classmethod
    def recorded(cls, file: Path | str) -> ScriptedModel:
        """Return a model that gives the replies that a `Recorder` wrote, in their order.

        Raises:
            CallerError: if the file cannot be read, or a line has no reply.
        """
        rows = list(read_rows(Path(file)))
        for place, row in rows:
            if not isinstance(row.get("reply"), str):
                raise CallerError(f"{place}: reply must be a text, not {row.get('reply')!r}")
        return cls([row["reply"] for _, row in rows])

    async def price(self) -> Price | None:
        """Return a price of nothing."""
        return Price()

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Return the next reply, or raise it; a listener gets it word by word."""
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


class Recorder:
    """Asks another model and adds what it says to a file of JSON lines, which `ScriptedModel.recorded` replays.

    Use it once where the model is, and the file where it is not. A line holds the messages, the reply, the tokens of
    both (`usage`) and the name of the model: no key, no address.

        agent = Agent(retriever, llm=Recorder(LiteLLM("openai/gpt-4o-mini"), "recorded.jsonl"))

    A `Recorder` has no identity, so that no reply comes from the cache and stays unrecorded.
    """

    identity = ""

    def __init__(self, model: LanguageModel, file: Path | str) -> None:
        self._model = model
        self._file = Path(file)
        self._inside = threading.Lock()

    @property
    def name(self) -> str:
        """Return the name of the model that is asked."""
        return self._model.name

    async def price(self) -> Price | None:
        """Return the price of the model that is asked."""
        return await self._model.price()

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Return what the model says, once it is written down.

        Raises:
            OperatorError: if it cannot be written.
        """
        reply = await self._model.reply(call, seconds=seconds, on_text=on_text)
        row = {
            "reply": reply.text,
            "messages": [dict(message) for message in call.messages],
            "usage": [reply.tokens_in, reply.tokens_out],
            "model": self.name,
        }
        try:
            with self._inside, self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise OperatorError(f"cannot write {str(self._file)!r} ({error}); choose another file") from error
        return reply
