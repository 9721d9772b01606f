"""A model of the user's own: a function from messages to text."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import CallerError, ModelError
from ..threads import outcome, started
from .role import Call, Message, OnText, Price, Reply, estimated


class OwnModel:
    """Asks a function, plain or async, that takes the messages (`role` and `content` each) and returns the reply.

    Whatever it raises is a failure of the model. A plain function runs in a thread, so that a slow one can be given up.
    `dollars` is what its tokens cost, which are estimated.

    Raises:
        CallerError: for what is no function.
    """

    identity = ""

    def __init__(self, function: Callable[[Sequence[Message]], Any], *, dollars: Price | None = None) -> None:
        if not callable(function):
            raise CallerError(f"{function!r} is no model; give a function from messages to text, or a LanguageModel")
        self._function = function
        self._price = dollars
        self.name = getattr(function, "__name__", type(function).__name__)

    async def price(self) -> Price | None:
        """Return the price that was given."""
        return self._price

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Return what the function returns; it is heard all at once.

        Raises:
            ModelError: where the function raises, or returns no text.
        """
        messages = [dict(message) for message in call.messages]
        try:
            if inspect.iscoroutinefunction(self._function):
                text = await self._function(messages)
            else:
                text = await outcome(started(self._function, messages))
        except Exception as error:  # whatever the function raises
            raise ModelError(f"model {self.name!r} failed: {type(error).__name__}: {error}") from error
        if not isinstance(text, str) or not text.strip():
            raise ModelError(f"model {self.name!r} returned {text!r:.80}; it must return a text")
        if on_text is not None:
            on_text(text)
        return Reply(text, call.tokens, estimated(text))
