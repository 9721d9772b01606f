"""The OpenAI chat protocol, as much of it as a completion needs: bodies, chunks, errors, and the usage they tell."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model says: the parts of a completion that a fault may change.

    `usage` None tells none; `choices` False sends an empty list of them.
    """

    text: str | None
    finish: str | None = "stop"
    refusal: str | None = None
    usage: Mapping[str, int] | None = None
    choices: bool = True
    model: str = ""
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self) -> bytes:
        """Return the body of a completion in one piece."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.refusal is not None:
            message["refusal"] = self.refusal
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return _json(self._body("chat.completion", [choice], self.usage))

    def chunks(self, *, usage: bool) -> Iterator[bytes]:
        """Yield the events of a stream, a word each; the end is told by `finish` and with the usage, where wanted."""
        yield self._chunk({"role": "assistant", "content": ""})
        if self.refusal is not None:
            yield self._chunk({"refusal": self.refusal})
        yield from map(self.word, words(self.text or ""))
        if self.finish is not None:
            yield self._chunk({}, self.finish)
        if usage and self.usage is not None:
            yield event(_json(self._body("chat.completion.chunk", [], self.usage)))
        yield event(b"[DONE]")

    def word(self, text: str) -> bytes:
        """Return the event of one more word."""
        return self._chunk({"content": text})

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return event(_json(self._body("chat.completion.chunk", [choice], None)))

    def _body(self, kind: str, choices: Sequence[Any], usage: Mapping[str, int] | None) -> dict[str, Any]:
        body = {"id": "chatcmpl-1", "object": kind, "created": self.created, "model": self.model}
        body["choices"] = list(choices) if self.choices else []
        return body if usage is None else {**body, "usage": dict(usage)}


def event(data: bytes) -> bytes:
    """Return a server-sent event."""
    return b"data: " + data + b"\n\n"


def failure(message: str, code: str, kind: str = "invalid_request_error") -> bytes:
    """Return the body of an error."""
    return _json({"error": {"message": message, "type": kind, "param": None, "code": code}})


def words(text: str) -> list[str]:
    """Return a text in pieces of a word each; together they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)


def usage_of(asked: int, said: int) -> dict[str, int]:
    """Return the usage of so many tokens asked and said."""
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def tokens(text: str) -> int:
    """Return about how many tokens a text has: up to six letters each, and each mark one."""
    return len(re.findall(r"\w{1,6}|[^\w\s]", text))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
