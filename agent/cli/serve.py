"""`polyhop tools serve`: one MCP server in place of many."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.errors import CallerError
from .common import EmbedderName, Home, guarded, load_settings

if TYPE_CHECKING:
    from ...core.settings import Settings
    from ...tools.importers.mcp import McpServer
    from ..selection import ToolSelector

Patterns = list[str] | None


@guarded
def serve(
    config: Annotated[str, typer.Argument(help="The mcpServers of an agent's configuration: a JSON file.")],
    *,
    http: Annotated[str, typer.Option(help="Serve at HOST:PORT of this machine; without it, over stdio.")] = "",
    allow: Annotated[Patterns, typer.Option(help="Tools to offer: 'SERVER/NAME' with * and ?.  [*/*]")] = None,
    deny: Annotated[Patterns, typer.Option(help="Tools to leave out of those.")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="What a call may take.")] = 120.0,
    threshold: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Find nothing where less sure than this; 0 never does.")
    ] = None,
    collection: Annotated[str, typer.Option("--collection", "-c", help="Keep the index here between starts.")] = "",
    home: Home = None,
    embedder: EmbedderName = "",
) -> None:
    """Stand before the MCP servers of a configuration, as one server with a search and a call.

    A call reaches only what a search may show. A server that is away holds up no other, and is tried again.
    """
    from ..toolbox.proxy import Proxy
    from ..toolbox.reach import Reach
    from ..toolbox.serve import over_http, over_stdio

    servers = _servers(config)
    reach = Reach(tuple(allow or ("*/*",)), tuple(deny or ()))
    settings = load_settings(home=home)
    with (
        _selector(settings, collection, embedder=embedder, threshold=threshold) as selector,
        Proxy(selector, servers, reach=reach, seconds=seconds) as proxy,
    ):
        asyncio.run(over_http(proxy, http, ready=_tell) if http else over_stdio(proxy))


def _servers(config: str) -> list[McpServer]:
    from ...tools.importers.mcp import McpServer
    from ...tools.sources import sources_of

    servers = [one for one in sources_of(config) if isinstance(one, McpServer)]
    if not servers:
        raise CallerError(f"{config!r} names no MCP servers; it should hold {{'mcpServers': {{NAME: ...}}}}")
    return servers


@contextmanager
def _selector(settings: Settings, name: str, *, embedder: str, threshold: float | None) -> Iterator[ToolSelector]:
    from ...encoders import load
    from ..selection import ToolSelector

    with tempfile.TemporaryDirectory(prefix="polyhop-tools-") as folder:
        home = settings.home if name else folder
        loaded = load(embedder or settings.embedder, settings)
        with ToolSelector.open(home, name or "tools", create=True, embedder=loaded, threshold=threshold) as selector:
            yield selector


def _tell(address: str) -> None:
    typer.echo(f"serving {address}", err=True)
