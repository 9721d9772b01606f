"""What every request meets first: the refusal of foreign web pages, and the count of what was answered."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem
from .state import Service

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Edge:
    """An ASGI app around another.

    A web page that a browser has open may send requests to servers of this machine. It cannot read the answers, since
    no CORS header allows it, but a form would be written. So what comes from a page of another origin is refused, and
    without keys also what was sent to a name that is not this machine's, which a page's own server may point here.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            if status != 413:
                await send(message)
            elif message["type"] == "http.response.start":  # Starlette says it in plain text
                await problem(Request(scope), 413, "the body is too large")(scope, receive, send)

        try:
            if said := self._foreign(scope):
                self._service.metrics.refused.labels("origin").inc()
                await problem(Request(scope), 403, said)(scope, receive, counted)
            else:
                await self._app(scope, receive, counted)
        finally:
            self._count(scope, status, time.monotonic() - began)

    def _foreign(self, scope: Scope) -> str:
        """Return why a request is refused that a foreign page may have made, or nothing."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin", "")
        if origin and urlsplit(origin).netloc != host:
            return "web pages of another origin may not use this server"
        if self._service.unlocked and _name(host) not in LOCAL:
            return f"without keys the server answers on this machine's own names alone, not on {host[:100]!r}"
        return ""

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")  # the template: names in paths are nobody's business
        method = scope["method"] if scope["method"] in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS") else "other"
        self._service.metrics.requests.labels(route, method, status).inc()
        self._service.metrics.seconds.labels(route).observe(seconds)


def _name(host: str) -> str:
    """Return a host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
