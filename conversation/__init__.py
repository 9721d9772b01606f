"""Condensing a conversation: from its last turn to a question that stands by itself.

`condense` replaces what refers to earlier turns (`references`) by what it refers to (`memory`), and completes what was
left out (`ellipsis`). Nothing here knows a collection or a language model.
"""

from __future__ import annotations

from .rules import ASSISTANT, EXCHANGES, USER, Condensed, Turn, condense, recent

__all__ = ["ASSISTANT", "EXCHANGES", "USER", "Condensed", "Turn", "condense", "recent"]
