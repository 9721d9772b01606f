"""The language model role: one attempt at continuing a conversation, what it costs, and budgets that bound it."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Protocol

from ..errors import CallerError, ModelError

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

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Make one attempt, no longer than `seconds`.

        Raises:
            PassingError: where another attempt may succeed.
            ModelError: where it would fail again.
        """


def estimated(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few."""
    return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of what calls cost: attempts made, tokens read and written, US dollars, seconds of waiting."""

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(*map(operator.add, astuple(self), astuple(other)))

    def __sub__(self, other: Amount) -> Amount:
        return self + Amount(-other.calls, -other.tokens, -other.dollars, -other.seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of what may be spent; None is no bound.

    `calls` counts attempts, so that a call that is tried again counts twice. `seconds` is the time spent waiting for
    models.

    Raises:
        CallerError: for a bound below 0.
    """

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not value >= 0:
                raise CallerError(f"a budget of {value!r} {field.name} makes no sense; give 0 or more, or None")


class Ledger:
    """What of a budget is spent and what is held for calls under way; may be shared by many runs and threads.

    A call is made only after `hold`, and its hold is turned into what it really cost by `settle`. What is held counts
    as spent meanwhile, so that calls side by side cannot together exceed what each alone would have met.
    """

    def __init__(self, budget: Budget | None = None, spent: Amount | None = None) -> None:
        self.budget = budget or Budget()
        self._spent = spent or Amount()
        self._held = Amount()
        self._inside = threading.Lock()

    @property
    def spent(self) -> Amount:
        """Return what was spent, without what is held."""
        with self._inside:
            return self._spent

    def lacks(self, amount: Amount) -> str:
        """Return which bound leaves no room for an amount, or nothing."""
        with self._inside:
            return self._lacks(amount)

    def hold(self, amount: Amount) -> Amount:
        """Set an amount aside for a call and return it, with fewer seconds where no more are left.

        Raises:
            BudgetError: naming the bound that leaves no room; nothing is held then.
        """
        with self._inside:
            if lacking := self._lacks(amount):
                raise BudgetError(lacking)
            if self.budget.seconds is not None:
                left = self.budget.seconds - self._spent.seconds - self._held.seconds
                amount = Amount(amount.calls, amount.tokens, amount.dollars, min(amount.seconds, left))
            self._held += amount
            return amount

    def settle(self, held: Amount, spent: Amount) -> None:
        """Replace what was held for a call by what it cost."""
        with self._inside:
            self._held -= held
            self._spent += spent

    def add(self, spent: Amount) -> None:
        """Note what was spent without a hold, as before a run was resumed."""
        self.settle(Amount(), spent)

    def _lacks(self, amount: Amount) -> str:
        used = self._spent + self._held
        for name in ("calls", "tokens", "dollars"):
            bound, taken, asked = getattr(self.budget, name), getattr(used, name), getattr(amount, name)
            if bound is not None and taken + asked > bound:
                return f"the budget of {bound:,} {name} is met ({taken:,} used, {asked:,} needed)"
        bound = self.budget.seconds
        if bound is not None and used.seconds >= bound:
            return f"the budget of {bound:g} seconds of waiting for models is met"
        return ""


def hold(ledgers: Sequence[Ledger], amount: Amount) -> list[Amount]:
    """Hold an amount in all ledgers or in none.

    Raises:
        BudgetError: of the first ledger that has no room.
    """
    holds: list[Amount] = []
    try:
        for ledger in ledgers:
            holds.append(ledger.hold(amount))
    except BudgetError:
        for ledger, held in zip(ledgers, holds, strict=False):
            ledger.settle(held, Amount())
        raise
    return holds
