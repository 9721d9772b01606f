"""Language models: the role, litellm behind it, budgets, the cache of replies, and the gateway that a run goes through.

Nothing here imports litellm until a model is called: its import takes seconds, and a run without an LLM must not pay
them.
"""

from __future__ import annotations

from .budget import Amount, Budget, Ledger
from .cache import ReplyCache
from .callable_model import OwnModel
from .gateway import Gateway, Spent
from .litellm_model import LiteLLM
from .role import BudgetError, Call, LanguageModel, Message, PassingError, Price, Reply

__all__ = [
    "Amount",
    "Budget",
    "BudgetError",
    "Call",
    "Gateway",
    "LanguageModel",
    "Ledger",
    "LiteLLM",
    "Message",
    "OwnModel",
    "PassingError",
    "Price",
    "Reply",
    "ReplyCache",
    "Spent",
]
