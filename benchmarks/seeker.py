"""A chat model without a network that searches for tools until it has those it needs, and then stops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import BaseTool
from pydantic import ConfigDict, PrivateAttr

from .bm25 import words

_CLAUSE = re.compile(r"(?<=[.!?;])\s+|(?:,\s*|\s+)(?:and|then|or)\s+|,\s*|\n+")
_LEAST = 2


@dataclass(slots=True)
class Script:
    """What the model does for one request.

    It searches for the request, where nothing was offered for it, and then for that clause of the request, not yet
    searched for, which shares most words with a tool that it lacks. `bound` holds how many of its tools it saw, and
    how many tools in all, in each turn.
    """

    request: str
    lacks: dict[str, frozenset[str]]
    turns: int
    searches: list[str] = field(default_factory=list)
    bound: list[tuple[int, int]] = field(default_factory=list)
    whole: int = 0

    def next(self, names: Sequence[str]) -> str:
        """Return the next search, given what is bound; nothing where the model has all, or has no more to say."""
        missing = [about for name, about in self.lacks.items() if name not in set(names)]
        self.bound.append((len(self.lacks) - len(missing), len(names)))
        self.whole = self.whole or (0 if missing else len(self.bound))
        if not missing or len(self.bound) >= self.turns:
            return ""
        text = self.request if not names and not self.searches else self._clause(missing)
        if text:
            self.searches.append(text)
        return text

    def _clause(self, missing: Sequence[frozenset[str]]) -> str:
        clauses = [one.strip() for one in _CLAUSE.split(self.request)]
        left = [one for one in clauses if one not in self.searches and len(words(one)) >= _LEAST]
        return max(left, key=lambda one: max(len(about & set(words(one))) for about in missing), default="")


class Seeker(BaseChatModel):
    """The script as a chat model; set `script` before each run. The first tool that it is shown is the search."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    script: Script | None = None
    _tools: list[Any] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "seeker"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        """Take the tools of this turn."""
        self._tools = list(tools)
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        search: BaseTool = self._tools[0]
        text = self.script.next([tool.name for tool in self._tools[1:]]) if self.script else ""
        call = {"id": f"search {len(messages)}", "name": search.name, "args": {next(iter(search.args)): text}}
        said = AIMessage("", tool_calls=[call]) if text else AIMessage("I have what I need, or give up.")
        return ChatResult(generations=[ChatGeneration(message=said)])
