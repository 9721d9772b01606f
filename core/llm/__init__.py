"""Language models: the role, litellm behind it, budgets, the cache of replies, and the gateway that a run goes through.

Nothing here imports litellm until a model is called: its import takes seconds, and a run without an LLM must not pay
them.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

#: what 0.1 exported here, by module; these names work for one more release and warn
_MOVED = {
    "cache": "ReplyCache",
    "callable_model": "OwnModel",
    "gateway": "Gateway Spent",
    "litellm_model": "LiteLLM",
    "role": "Amount Budget BudgetError Call LanguageModel Ledger Message PassingError Price Reply",
}


def __getattr__(name: str) -> Any:
    for module, names in _MOVED.items():
        if name in names.split():
            new = f"{__name__}.{module}"
            warnings.warn(f"{__name__}.{name} is {new}.{name} now", DeprecationWarning, stacklevel=2)
            return getattr(import_module(new), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
