"""Replies in JSON: how a model is told, how its reply is read, and how it is asked to mend one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .role import Message

Kind = TypeVar("Kind", bound=BaseModel)

#: starts of a JSON value that are tried in a reply, which may talk before and after it
STARTS = 20
_START = re.compile(r"[{\[]")


def instructed(messages: Sequence[Message], kind: type[BaseModel]) -> list[Message]:
    """Return the messages with the schema of the reply told at the end of the first."""
    schema = json.dumps(schema_of(kind), separators=(",", ":"))
    first, *others = messages
    told = f"{first['content']}\n\nReply with one JSON value that follows this schema, and with nothing else:\n{schema}"
    return [{**first, "content": told}, *others]


def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a kind of reply, without what is written for programmers."""
    schema = kind.model_json_schema()
    schema.pop("description", None)
    return schema


def parsed(text: str, kind: type[Kind]) -> tuple[Kind | None, str]:
    """Return the first value in a reply that fits, or None and what is wrong with the reply."""
    wrong = "it holds no JSON"
    for value in _values(text):
        try:
            return kind.model_validate(value), ""
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            wrong = f"{where}: {first['msg']}" if where else first["msg"]
        except RecursionError:
            wrong = "it is nested too deep"
    return None, wrong


def repairing(messages: Sequence[Message], reply: str, wrong: str) -> list[Message]:
    """Return the messages that ask a model to mend its reply."""
    asked = f"That is not valid: {wrong}. Reply with the JSON value alone."
    return [*messages, {"role": "assistant", "content": reply}, {"role": "user", "content": asked}]


def _values(text: str) -> Iterator[object]:
    """Yield the JSON values that begin somewhere in a text, outermost first."""
    decoder = json.JSONDecoder()
    end = 0
    for start in [match.start() for match in _START.finditer(text)][:STARTS]:
        if start < end:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield value
