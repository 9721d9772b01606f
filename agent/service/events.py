"""Server-sent events: a response that ends its work when the client leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from .state import Service, left

#: seconds of silence after which a comment keeps proxies from closing the connection
PING = 15.0
#: events that may wait for a slow client; then the run waits
QUEUED = 64
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def told(event: Mapping[str, Any] | str) -> bytes:
    """Return an event as it goes over the wire."""
    said = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"data: {said}\n\n".encode()


class EventStream(Response):
    """Sends what an iterator yields.

    The iterator is closed when the client leaves, which ends the run behind it, and `held` is closed in any case: a
    place among the requests, and the collections that are open.
    """

    media_type = "text/event-stream"

    def __init__(self, pieces: AsyncGenerator[bytes, None], service: Service, held: AsyncExitStack) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._pieces, self._service, self._held = pieces, service, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        async with self._held:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            sending = asyncio.ensure_future(self._send(send))
            gone = asyncio.ensure_future(left(Request(scope, receive)))
            try:
                await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
                else:
                    self._service.metrics.cancelled.inc()
            finally:
                gone.cancel()
                sending.cancel()
                await asyncio.wait({sending})

    async def _send(self, send: Send) -> None:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED)
        making = asyncio.ensure_future(self._make(queue))  # one task from first to last: the deadline belongs to it
        try:
            while True:
                try:
                    piece = await asyncio.wait_for(queue.get(), PING)
                except TimeoutError:
                    piece = b": still here\n\n"
                await send({"type": "http.response.body", "body": piece or b"", "more_body": piece is not None})
                if piece is None:
                    return making.result()
        finally:
            making.cancel()
            await asyncio.wait({making})

    async def _make(self, queue: asyncio.Queue[bytes | None]) -> None:
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                await queue.put(piece)
        await queue.put(None)
