"""`polyhop serve`: the HTTP service; `polyhop mcp`: an MCP server over standard input and output."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.errors import CallerError
from .common import CHOICES, Names, command, note

if TYPE_CHECKING:
    from ...core.settings import Settings

#: modules of the extra `serve`
EXTRA = ("fastapi", "prometheus_client", "python_multipart")


@command(*CHOICES)
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at; others than this machine's need keys.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")] = 8765,
    threads: Annotated[int, typer.Option(min=0, help="Threads for questions; 0 is one for each core.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="Requests at a time; further ones are told to come back.")] = 64,
    rate: Annotated[int, typer.Option(min=0, help="Requests a minute of one key, or one address; 0 is no limit.")] = 0,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds until a question is given up.")] = 120.0,
    max_body: Annotated[int, typer.Option(min=1, help="Megabytes of a request that brings documents.")] = 100,
    grace: Annotated[float, typer.Option(min=0, help="Seconds for what is under way when it is stopped.")] = 30.0,
    mcp_write: Annotated[
        bool, typer.Option("--mcp-write", help="Let MCP clients add documents, if their key may write.")
    ] = False,
    settings: Settings,
) -> None:
    """Serve the collections over HTTP: questions, documents, what OpenAI's clients ask, and MCP at /mcp.

    On this machine's own address no key is needed until there is one; any
    other address needs keys (`polyhop keys add`).
    """
    _check_extra()
    from ..service.run import ServerLimits
    from ..service.run import serve as run

    limits = ServerLimits(
        threads=threads, most=most, rate=rate, deadline=deadline, body=max_body * 1_000_000, grace=grace
    )
    run(
        settings,
        host,
        port,
        limits=limits,
        mcp_write=mcp_write,
        ready=lambda address: note(f"serving {address}; Ctrl-C ends it"),
    )


@command(*CHOICES)
def mcp(
    *,
    collection: Names = None,
    write: Annotated[bool, typer.Option("--write", help="Offer a tool that adds documents.")] = False,
    threads: Annotated[int, typer.Option(min=0, help="Threads for questions; 0 is one for each core.")] = 0,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds until a question is given up.")] = 120.0,
    settings: Settings,
) -> None:
    """Serve the collections to the MCP client that starts this: tools, documents, and the hop tree as an app.

    With --collection only those that are named are offered. `polyhop serve` answers MCP over HTTP.
    """
    _check_extra()
    from ..mcp.doors import over_stdio
    from ..service.limits import ServerLimits

    limits = ServerLimits(threads=threads, deadline=deadline)
    asyncio.run(over_stdio(settings, limits, offered=collection or (), writes=write))


def _check_extra() -> None:
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise CallerError(f"{', '.join(missing)} is missing; install it with pip install 'polyhop[serve]'")
