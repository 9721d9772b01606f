"""Hearing what an MCP server lists before the client judges it."""

from __future__ import annotations

import asyncio
from typing import Any


class Overheard:
    """A transport that keeps the listed tools as they came and lets the client see an empty list.

    One tool that is not as the protocol wants it would otherwise cost all the others of its page. `ended` is set when
    the server ends the connection.
    """

    def __init__(self, transport: Any, pages: list[list[Any]], ended: asyncio.Event) -> None:
        self._transport = transport
        self._pages = pages
        self._ended = ended

    async def __aenter__(self) -> tuple[Any, Any]:
        read, write = await self._transport.__aenter__()
        return _Heard(read, self._pages, self._ended), write

    async def __aexit__(self, *error: Any) -> Any:
        return await self._transport.__aexit__(*error)


class _Heard:
    """The stream of a transport's messages, listened to."""

    def __init__(self, stream: Any, pages: list[list[Any]], ended: asyncio.Event) -> None:
        self._stream = stream
        self._pages = pages
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> _Heard:
        return self

    async def __anext__(self) -> Any:
        try:
            return self._hear(await self._stream.__anext__())
        except StopAsyncIteration:
            self._ended.set()
            raise

    async def receive(self) -> Any:
        """Return the next message."""
        return self._hear(await self._stream.receive())

    async def __aenter__(self) -> _Heard:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)

    def _hear(self, item: Any) -> Any:
        result = getattr(getattr(item, "message", None), "result", None)
        if isinstance(result, dict) and isinstance(result.get("tools"), list):
            self._pages.append(result["tools"])
            result["tools"] = []
        return item
