"""The OpenAI chat protocol, as much of it as a completion needs: bodies, chunks, errors, and the usage they tell."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")
_WORD = re.compile(r"\s*\S+")
# What OpenAI's own recipe counts for the frame of a message, and of the reply.
_FRAME, _REPLY = 4, 3


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says: the parts of a completion that a fault may change.

    `usage` None tells none; `choices` False sends an empty list of them.
    """

    text: str | None
    finish: str | None = "stop"
    refusal: str | None = None
    usage: Mapping[str, int] | None = None
    choices: bool = True
    model: str = ""
    id: str = ""
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self) -> bytes:
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
        for word in words(self.text or ""):
            yield self._chunk({"content": word})
        if self.finish is not None:
            yield self._chunk({}, self.finish)
        if usage and self.usage is not None:
            yield event(_json(self._body("chat.completion.chunk", [], self.usage)))
        yield DONE

    def word(self, text: str) -> bytes:
        """Return the event of one more word."""
        return self._chunk({"content": text})

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if self.choices else []
        return event(_json(self._body("chat.completion.chunk", choices, None)))

    def _body(self, kind: str, choices: Sequence[Any], usage: Mapping[str, int] | None) -> dict[str, Any]:
        body = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        body["choices"] = list(choices) if self.choices else []
        return body if usage is None else {**body, "usage": dict(usage)}


def event(data: bytes) -> bytes:
    """Return a server-sent event."""
    return b"data: " + data + b"\n\n"


DONE = event(b"[DONE]")


def failure(message: str, code: str, kind: str = "invalid_request_error") -> bytes:
    """Return the body of an error."""
    return _json({"error": {"message": message, "type": kind, "param": None, "code": code}})


def models(name: str) -> bytes:
    """Return the list of the one model that is served."""
    return _json({"object": "list", "data": [{"id": name, "object": "model", "created": 0, "owned_by": "polyhop"}]})


def request(data: bytes) -> Mapping[str, Any] | str:
    """Return the request that a body holds, or what is wrong with it."""
    try:
        body = json.loads(data)
    except ValueError as error:
        return f"the body is no JSON: {error}"
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        return "the body has no messages"
    return body  # type: ignore[no-any-return]


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message, whose content may be a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def words(text: str) -> list[str]:
    """Return a text in pieces of a word each; together they are the text."""
    found = _WORD.findall(text)
    rest = text[sum(map(len, found)) :]
    return [*found, rest] if rest else found


def tokens(text: str) -> int:
    """Return about how many tokens a text has: up to six letters each, and each mark one."""
    return len(_TOKEN.findall(text))


def cut(text: str, limit: int | None) -> str:
    """Return as much of a text as `limit` tokens hold."""
    if limit is None:
        return text
    ends = [found.end() for found in _TOKEN.finditer(text)]
    return text if len(ends) <= limit else text[: ends[limit - 1] if limit > 0 else 0]


def usage(messages: Sequence[Mapping[str, Any]], reply: str) -> dict[str, int]:
    """Return the tokens of a conversation and its reply."""
    asked = _REPLY + sum(_FRAME + tokens(text_of(message)) for message in messages)
    return counted(asked, tokens(reply))


def counted(asked: int, said: int) -> dict[str, int]:
    """Return the usage of so many tokens asked and said."""
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
