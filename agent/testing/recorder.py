"""Recording what a real model says, to be replayed later."""

from __future__ import annotations

import threading
from pathlib import Path

from ...core.errors import OperatorError
from ...core.llm.role import Call, LanguageModel, OnText, Price, Reply
from .recording import Recording


class Recorder:
    """Asks another model and writes what it says to a file of recordings, which `ReplayServer` replays.

    Use it once where the model is, and the file where it is not. What is there already is kept. A recording holds the
    messages, the reply and its tokens, and nothing of the model but its name: no key, no address.

        agent = Agent(retriever, llm=Recorder(LiteLLM("openai/gpt-4o-mini"), "recordings.jsonl"))

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
        recording = Recording(
            reply.text,
            messages=tuple(dict(message) for message in call.messages),
            finish="length" if reply.cut else "stop",
            usage=(reply.tokens_in, reply.tokens_out),
            model=self.name,
        )
        try:
            with self._inside, self._file.open("a", encoding="utf-8") as file:
                file.write(recording.line())
        except OSError as error:
            raise OperatorError(f"cannot write {str(self._file)!r} ({error}); choose another file") from error
        return reply
