"""The language models of an agent: which, what they may spend, and where their replies are kept.

Most questions are asked without one, so that what is theirs (`core/llm/`) is imported only where there is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from ..core.errors import CallerError
from ..core.settings import Settings

if TYPE_CHECKING:
    from ..core.llm.cache import ReplyCache
    from ..core.llm.gateway import Gateway
    from ..core.llm.role import Budget, LanguageModel, Ledger, Price

#: a model of the user's own: a function from messages to text
Model = Callable[[Sequence[dict[str, str]]], Any]

_PRICE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*")


@dataclass(slots=True)
class LanguageModels:
    """What each run gets its gateway from; without `models` it gets none.

    Args:
        budget: what a run may spend.
        shared: what all runs together may spend.
        timeout: seconds of an attempt.
        most: tokens of a reply.
    """

    models: tuple[LanguageModel, ...]
    budget: Budget | None
    shared: Ledger | None
    cache: ReplyCache | None
    timeout: float
    most: int

    @classmethod
    def of(
        cls,
        settings: Settings,
        llm: LanguageModel | Model | Sequence[LanguageModel | Model] | None,
        budget: Budget | Ledger | None,
    ) -> Self:
        """Return the models given, otherwise those of the settings.

        Raises:
            CallerError: for what is no language model, or prices that cannot be read.
        """
        given = [] if llm is None else list(llm) if isinstance(llm, Sequence) else [llm]
        models = tuple(map(_model, given)) if given else named(settings)
        if not models:
            return cls((), None, None, None, timeout=settings.llm_timeout, most=settings.llm_reply)
        from ..core.llm.cache import ReplyCache
        from ..core.llm.role import Budget, Ledger

        return cls(
            models=models,
            budget=Budget(settings.llm_calls, settings.llm_tokens, settings.llm_dollars, settings.llm_seconds),
            shared=Ledger(budget) if isinstance(budget, Budget) else budget,
            cache=ReplyCache(settings.cache / "replies.sqlite") if settings.llm_cache else None,
            timeout=settings.llm_timeout,
            most=settings.llm_reply,
        )

    def gateway(self, cancelled: Callable[[], bool], deadline: float = math.inf) -> Gateway | None:
        """Return the gateway of a run, which ends when it is cancelled or, as far as it is known yet, at its deadline.

        A `Run` sets the deadline itself, once its run has begun.
        """
        if not self.models:
            return None
        from ..core.llm.gateway import Gateway
        from ..core.llm.role import Ledger

        return Gateway(
            models=self.models,
            ledgers=[Ledger(self.budget), *([self.shared] if self.shared else [])],
            cache=self.cache,
            timeout=self.timeout,
            most=self.most,
            deadline=deadline,
            cancelled=cancelled,
        )

    def close(self) -> None:
        """Close the cache."""
        if self.cache is not None:
            self.cache.close()


def named(settings: Settings) -> tuple[LanguageModel, ...]:
    """Return the models that the settings name.

    Raises:
        CallerError: for prices that cannot be read.
    """
    price = _price(settings.llm_price)
    names = settings.llm.replace(",", " ").split()
    if not names:
        return ()
    from ..core.llm.litellm_model import LiteLLM

    options = {"api_base": settings.llm_url} if settings.llm_url else {}
    return tuple(LiteLLM(name, options, price) for name in names)


def _model(given: object) -> LanguageModel:
    if callable(getattr(given, "reply", None)):
        return cast("LanguageModel", given)
    from ..core.llm.callable_model import OwnModel

    return OwnModel(cast(Model, given))


def _price(said: str) -> Price | None:
    if not said.strip():
        return None
    found = _PRICE.fullmatch(said)
    if found is None:
        raise CallerError(f"POLYHOP_LLM_PRICE is {said!r}; give dollars for a million tokens, as in 0.15/0.60")
    from ..core.llm.role import Price

    read, written = (float(number) / 1e6 for number in found.groups())
    return Price(read, written)
