"""Serving a proxy: over stdio, and over streamable HTTP on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable

from ...core.errors import CallerError, OperatorError
from .proxy import Proxy

LOCAL = ("127.0.0.1", "localhost", "::1")


async def over_stdio(proxy: Proxy) -> None:
    """Serve whoever started this process, until it closes the standard input."""
    from mcp.server.stdio import stdio_server

    server = proxy.server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def over_http(proxy: Proxy, place: str, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve at `HOST:PORT`, path `/mcp`, until the process is stopped; port 0 takes a free one.

    `ready` is told the address. Whoever reaches the address may call the tools, so that it is one of this machine.

    Raises:
        CallerError: for any other host.
        OperatorError: if the port is taken.
    """
    import uvicorn

    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    if host not in LOCAL or not port.isdecimal() or int(port) > 65_535:
        raise CallerError(
            f"{place!r} is no address of this machine, such as '127.0.0.1:8765'; to be reached from others, put a "
            "server before it that asks who they are"
        )
    with _listening(host, int(port)) as listening:
        config = uvicorn.Config(proxy.server().streamable_http_app(host=host), log_level="warning", ws="none")
        if ready is not None:
            at = listening.getsockname()[1]
            ready(f"http://{f'[{host}]' if ':' in host else host}:{at}/mcp")
        await uvicorn.Server(config).serve(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OperatorError(f"cannot serve at {host}:{port} ({error}); choose another port, such as 0") from error
