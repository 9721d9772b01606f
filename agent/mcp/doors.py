"""The two ways in: standard input and output for the one who starts the process, `/mcp` of a server for the others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from ...core.settings import Settings
from ...encoders import load, with_transform
from ..service.keys import DEFAULT
from ..service.limits import QUESTION_BYTES, ServerLimits
from ..service.problems import Refused, problem_of
from ..service.state import Caller, Service
from .server import McpDoor

PATH = "/mcp"
#: clients of the protocol before 2026 that are connected at a time
SESSIONS = 1_000
WHO = "polyhop.caller"


async def over_stdio(settings: Settings, limits: ServerLimits, *, offered: Sequence[str], writes: bool) -> None:
    """Serve whoever started this process, until it closes the standard input.

    Raises:
        OperatorError: for an embedder that cannot be loaded.
    """
    embedder = with_transform(load(settings=settings), settings.query_transform)
    service = Service(settings, embedder, limits, open_here=True)
    caller = Caller(DEFAULT, frozenset({"read", "write"}))
    server = McpDoor(service, lambda _: caller, writes=writes, offered=offered, own=True).server()
    await service.begin(alone=False)
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        await service.end()


class HttpDoor:
    """Streamable HTTP as an ASGI app: the keys, scopes, tenants and limits are those of the service around it.

    Each request is let in by its key. A client of the protocol before 2026 has a session, which belongs to the key that
    began it. There is no stream of the server's own (GET): it has nothing to tell unasked, and that would delay its
    end.
    """

    path = PATH

    def __init__(self, service: Service, *, writes: bool) -> None:
        self._service = service
        server = McpDoor(service, lambda context: context.request.scope[WHO], writes=writes).server()
        body = service.limits.body if writes else QUESTION_BYTES
        self._manager = StreamableHTTPSessionManager(server, max_request_body_size=body, max_sessions=SESSIONS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve as long as it is entered."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        scope.setdefault("route", self)  # as FastAPI's own routes do; the counters go by its path
        request = Request(scope, receive)
        try:
            if request.method not in ("POST", "DELETE"):
                raise Refused(405, "this is an MCP server; send it POST requests", {"Allow": "POST, DELETE"})
            address = request.client.host if request.client else ""
            caller = self._service.caller("read", _key(request), address)
        except Exception as error:
            await problem_of(request, error)(scope, receive, send)
            return
        owner: dict[str, Any] = {"user": _user(caller)} if caller.key else {}
        await self._manager.handle_request({**scope, WHO: caller, **owner}, receive, send)


def _key(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")


def _user(caller: Caller) -> AuthenticatedUser:
    """Return a key as the SDK knows owners of sessions, without the key itself."""
    return AuthenticatedUser(AccessToken(token="", client_id=caller.key, scopes=sorted(caller.scopes)))
