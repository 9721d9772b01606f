"""Budgets: what may be spent on language models, reserved before each call and enforced among threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields

from ..errors import CallerError
from .role import BudgetError


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of what calls cost: attempts made, tokens read and written, US dollars, seconds of waiting."""

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.dollars + other.dollars,
            self.seconds + other.seconds,
        )

    def __sub__(self, other: Amount) -> Amount:
        return self + Amount(-other.calls, -other.tokens, -other.dollars, -other.seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of what may be spent; None is no bound.

    `calls` counts attempts, so that a call that is tried again counts twice. `seconds` is the time spent waiting for
    models.
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
