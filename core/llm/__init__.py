"""Language models: the role, litellm behind it, budgets, the cache of replies, and the gateway that a run goes through.

Nothing here imports litellm until a model is called: its import takes seconds, and a run without an LLM must not pay
them.
"""

from __future__ import annotations

from typing import Any

from .. import moved


def __getattr__(name: str) -> Any:
    return moved.exported(__name__, name)
