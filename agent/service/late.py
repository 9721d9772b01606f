"""The MCP server of a server, made when somebody asks for it first: its library takes a second to import."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .state import Service

PATH = "/mcp"


class LateDoor:
    """An ASGI app that is `agent.mcp.doors.HttpDoor` from its first request on; `end` ends it."""

    def __init__(self, service: Service, *, writes: bool) -> None:
        self._service, self._writes = service, writes
        self._ended = asyncio.Event()
        self._made: asyncio.Future[Any] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if self._made is None or (self._made.done() and self._made.exception()):
            self._made = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._keep(self._made))
        door = await asyncio.shield(self._made)
        await door(scope, receive, send)

    async def end(self) -> None:
        """Close its sessions."""
        self._ended.set()
        if self._keeper is not None:
            await self._keeper

    async def _keep(self, made: asyncio.Future[Any]) -> None:
        """Open the door and hold it open: whoever enters its task group must leave it."""
        try:
            doors = await asyncio.to_thread(import_module, "..mcp.doors", __package__)
            door = doors.HttpDoor(self._service, writes=self._writes)
            async with door.running():
                made.set_result(door)
                await self._ended.wait()
        except Exception as error:
            if made.done():
                raise
            made.set_exception(error)
