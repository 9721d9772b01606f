"""The language model role: one attempt at continuing a conversation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import ModelError

Message = dict[str, str]

#: hears each piece of a reply as it is written; None takes back what was said, for the attempt failed
OnText = Callable[[str | None], None]

# A token of an English text has four to five bytes; of other scripts, code and numbers two to three.
BYTES_PER_TOKEN = 2.5
PER_MESSAGE = 8


class PassingError(ModelError):
    """A failure that may pass: a rate limit, a time-out, a server error, a reply that was cut off.

    `retry_after` is for how many seconds the server asks to be left alone, if it does. `billed` is whether the provider
    may ask money for the attempt although nothing came of it.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, billed: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.billed = billed


class BudgetError(ModelError):
    """A call that no budget has room for: it was not made, or ended where the run was cancelled."""


class EmptyError(ModelError):
    """A reply without text; what it used has to be paid for nevertheless."""

    def __init__(self, message: str, reply: Reply) -> None:
        super().__init__(message)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Call:
    """What a model is asked.

    `sample` tells draws at a temperature above 0 apart, which are otherwise the same call. `schema` is the JSON schema
    that the reply shall have, for models that can be held to one.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 512
    temperature: float = 0.0
    sample: int = 0
    schema: Mapping[str, Any] | None = None

    @property
    def tokens(self) -> int:
        """Return about how many tokens the messages have, rather too many than too few."""
        size = sum(len(text.encode()) for message in self.messages for text in message.values())
        return math.ceil(size / BYTES_PER_TOKEN) + PER_MESSAGE * len(self.messages)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, and what it used.

    `cut` is whether it was stopped at its bound of tokens.
    """

    text: str
    tokens_in: int
    tokens_out: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one token that is read and one that is written."""

    read: float = 0.0
    written: float = 0.0

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Return the dollars for so many tokens."""
        return self.read * tokens_in + self.written * tokens_out


def used(error: BaseException, call: Call) -> Reply:
    """Return what an attempt that failed has to be paid for: all that it may have used, unless it is known better."""
    if isinstance(error, EmptyError):
        return error.reply
    billed = not isinstance(error, ModelError) or isinstance(error, BudgetError)
    if isinstance(error, PassingError):
        billed = error.billed
    return Reply("", call.tokens, call.max_tokens) if billed else Reply("", 0, 0)


class LanguageModel(Protocol):
    """Something that continues a conversation.

    `identity` tells the replies of one model from those of another in the cache; those of a model without one are not
    kept.
    """

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> str: ...

    async def price(self) -> Price | None:
        """Return what tokens cost, or None where nobody knows."""
        ...

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Make one attempt, no longer than `seconds`.

        Raises:
            PassingError: where another attempt may succeed.
            ModelError: where it would fail again.
        """
        ...


def estimated(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few."""
    return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)
