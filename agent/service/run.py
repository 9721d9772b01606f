"""Starting and stopping a server."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from ...core.errors import CallerError, OperatorError
from ...core.settings import Settings
from ...core.threads import started
from ...encoders import Encoder, load, with_transform
from .keys import KeyStore
from .limits import ServerLimits

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["ServerLimits", "serve"]

#: bytes of a request's line and headers: the longest key and the longest filter fit, escaped
HEAD_BYTES = 200_000


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    limits: ServerLimits,
    mcp_write: bool = False,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until the process is told to end; then finish what was accepted.

    `ready` is told the address once questions can be asked; port 0 takes a free port. `mcp_write` offers tools that
    write to MCP clients whose key may.

    Raises:
        CallerError: for an address that others can reach while there is no key.
        OperatorError: for a port that is taken, or an embedder that cannot be loaded.
    """
    here = is_loopback(host)
    if not here and not KeyStore(settings.home).any():
        raise CallerError(
            f"{host!r} can be reached from other machines, so keys are needed; make one with `polyhop keys add`"
        )
    with _listening(host, port) as listening:
        loading = started(_embedder, settings)  # reading the graph and importing the application take a second each
        from .app import make_app
        from .state import Service

        service = Service(settings, loading.result(), limits, open_here=here)
        asyncio.run(_served(make_app(service, mcp_write=mcp_write), limits, listening, ready))


def _embedder(settings: Settings) -> Encoder:
    return with_transform(load(settings=settings), settings.query_transform)


async def _served(app: ASGIApp, limits: ServerLimits, listening: socket.socket, ready: Callable[[str], None]) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=max(1, round(limits.grace)),
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    await _Server(config, lambda: ready(_address(listening))).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._listens()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End in order; uvicorn would let a service manager's signal kill the process once it is done."""
        if sig == signal.SIGTERM:
            self.should_exit = True
        else:
            super().handle_exit(sig, frame)


def is_loopback(host: str) -> bool:
    """Say whether an address is this machine's own, that no other machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise OperatorError(f"cannot serve at {host}:{port} ({error}); choose another port, such as 0") from error


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
