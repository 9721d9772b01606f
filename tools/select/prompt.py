"""How a language model is asked for the queries of a request: the wording, and examples before it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from ...core.errors import CallerError
from ...core.files import write_whole
from ...core.llm.role import Message
from ...prompts import load
from .intents import MOST

#: characters that a query may have
LONG = 400


@dataclass(frozen=True, slots=True)
class Shot:
    """An example: a request and the queries for it, one for each tool."""

    request: str
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryPrompt:
    """The wording, by default that of `prompts/tool_queries.md`, and the examples that follow it as turns."""

    system: str = field(default_factory=lambda: load("tool_queries"))
    shots: tuple[Shot, ...] = ()

    def messages(self, request: str) -> list[Message]:
        """Return what a model is told."""
        told = [{"role": "system", "content": self.system}]
        for shot in self.shots:
            told += [_asked(shot.request), {"role": "assistant", "content": reply(shot.tools)}]
        return [*told, _asked(request)]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        write_whole(path, (json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode())

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote, or a wording alone from a file of plain text or Markdown.

        Raises:
            CallerError: if the file cannot be read or is not as it should be.
        """
        path = Path(path)
        try:
            text = path.read_text("utf-8")
            if path.suffix != ".json":
                return cls(text)
            row = json.loads(text)
            return cls(_text(row["system"]), tuple(_shot(one) for one in row["shots"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CallerError(
                f"cannot use the prompt {str(path)!r} ({error!r}); give a wording in plain text, or JSON with `system` "
                "and `shots`, each a `request` with its `tools`"
            ) from error


def tidy(queries: Iterable[str]) -> list[str]:
    """Return the queries of a model that can be searched for: each once, none empty or endless, `MOST` at most."""
    return [query for query in dict.fromkeys(" ".join(one.split())[:LONG] for one in queries) if query][:MOST]


def reply(queries: Iterable[str]) -> str:
    """Return the reply that stands for these queries."""
    return json.dumps({"tools": list(queries)}, ensure_ascii=False)


def _asked(request: str) -> Message:
    return {"role": "user", "content": f"Request: {request}"}


def _shot(row: dict[str, object]) -> Shot:
    tools = row["tools"]
    if not isinstance(tools, list):
        raise TypeError(f"tools {tools!r:.80}")
    return Shot(_text(row["request"]), tuple(map(_text, tools)))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r:.80} is no text")
    return value
