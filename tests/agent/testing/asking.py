"""Asking a server of replies over plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from polyhop.agent.testing import ReplayServer

REPLY = "Steven Spielberg  directed it,\nin 1975. "


@contextmanager
def client(server: ReplayServer, timeout: float = 4.0) -> Iterator[Any]:
    """Lend a function that asks the server a question and returns the response."""
    with httpx.Client(base_url=server.url, timeout=timeout) as http:

        def ask(text: str = "Who?", **more: Any) -> httpx.Response:
            body = {"model": "any", "messages": [{"role": "user", "content": text}], **more}
            return http.post("/chat/completions", json=body)

        yield ask


def events(response: httpx.Response) -> list[Any]:
    """Return the data of the events of a stream."""
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def written(chunks: list[Any]) -> str:
    """Return the text of a stream."""
    choices = [chunk["choices"][0] for chunk in chunks if chunk != "[DONE]" and chunk["choices"]]
    return "".join(choice["delta"].get("content", "") for choice in choices)
