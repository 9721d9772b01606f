"""`polyhop tools`: the catalogue that an agent's tools are chosen from, and one MCP server in place of many."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import CallerError
from .collections import FAULT
from .common import EmbedderName, Json, Where, command, print_json

if TYPE_CHECKING:
    from ...core.settings import Settings
    from ...tools.catalogue import Catalogue
    from ...tools.importers.mcp import McpServer
    from ...tools.importers.role import ToolSource
    from ...tools.tool import SyncReport
    from ..selection import ToolSelector

app = typer.Typer(help="Keep a catalogue of tools: of files, addresses and MCP servers.", no_args_is_help=True)

CatalogueName = Annotated[str, typer.Option("--collection", "-c", help="The catalogue.")]


@app.command()
@command("home")
def add(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            help="JSON lines, OpenAPI documents, function definitions or mcpServers: files or addresses.",
            show_default=False,
        ),
    ] = None,
    *,
    mcp: Annotated[list[str] | None, typer.Option(help="An MCP server: 'command args' or an address.")] = None,
    collection: CatalogueName = "tools",
    embedder: EmbedderName = "",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Add the tools of files, addresses and MCP servers, and remember where they came from.

    Exit code 1 says that a source could not be read, or only in part;
    the others were added.
    """
    from ...tools.sources import remember, sources_of

    if not places and not mcp:
        raise CallerError("give files or addresses, or --mcp 'command args'")
    sources = [source for place in places or () for source in sources_of(place)]
    sources += [_server(text) for text in mcp or ()]
    with _opened(settings, collection, create=True, embedder=embedder) as catalogue:
        reports = []
        for source in sources:
            report = catalogue.sync(source)
            reports.append(report)
            if not report.failed and not remember(catalogue, source):
                report.notes.append(_unkept(source))
    _show(reports, as_json=as_json)


@app.command()
@command("home")
def sync(
    *,
    collection: CatalogueName = "tools",
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Run and read what a copied or foreign catalogue names.")
    ] = False,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Read all remembered sources again, and take over what changed."""
    from ...tools.sources import remembered

    with _opened(settings, collection) as catalogue:
        reports = [catalogue.sync(source) for source in remembered(catalogue, trusted=trusted)]
    _show(reports, as_json=as_json)


@app.command("list")
@command("home")
def list_tools(
    *, collection: CatalogueName = "tools", where: Where = "", as_json: Json = False, settings: Settings
) -> None:
    """List the tools, each by the name that is its alone."""
    from ..show import plain

    with _opened(settings, collection) as catalogue:
        snapshot = catalogue.snapshot()
        ids = set(catalogue.collection.keys(where)) if where.strip() else set(snapshot.ids)
        rows = [(shown, tool) for shown, tool in zip(snapshot.shown, snapshot.tools, strict=True) if tool.id in ids]
    if as_json:
        print_json([{"shown": shown, "id": tool.id, **asdict(tool)} for shown, tool in rows])
    for shown, tool in () if as_json else rows:
        typer.echo(plain(f"{shown}  {' '.join(tool.description.split())[:100]}"))


@app.command("select")
@command("home")
def select_tools(
    request: Annotated[str, typer.Argument(help="What is to be done.", show_default=False)],
    *,
    k: Annotated[int, typer.Option("--k", "-k", help="Tools at the most.")] = 5,
    where: Where = "",
    llm: Annotated[bool, typer.Option("--llm", help="Let the model of POLYHOP_LLM say which tools it takes.")] = False,
    collection: CatalogueName = "tools",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Show the tools that a request needs, or that there is none; exit code 1 says that there is none."""
    from ..models import named
    from ..selection import ToolSelector
    from ..show import console, heading, plain

    models = named(settings) if llm else ()
    if llm and not models:
        raise CallerError("--llm: no model is set; name one with POLYHOP_LLM, such as ollama/llama3")
    with _opened(settings, collection) as catalogue:
        selection = ToolSelector(catalogue, llm=models).select(request, k, where=where)
    if as_json:
        print_json({**asdict(selection), "tools": selection.definitions()})
    elif selection.abstained:
        console().print(heading(f"Nothing: {selection.why}"))
    for one in () if as_json else selection.tools:
        others = f"  (or {', '.join(one.alternatives)})" if one.alternatives else ""
        typer.echo(plain(f"{one.name}  {' '.join(one.reason.split())[:100]}{others}"))
    if selection.abstained:
        raise typer.Exit(FAULT)


@contextmanager
def _opened(settings: Settings, name: str, *, create: bool = False, embedder: str = "") -> Iterator[Catalogue]:
    from ...encoders import load
    from ...store.location import Options
    from ...tools.catalogue import Catalogue

    options = Options(index=settings.index, embedder=settings.embedder, query_transform=settings.query_transform)
    chosen = load(embedder, settings) if embedder else None
    opening = Catalogue.create if create else Catalogue.open
    with opening(settings.home, name, embedder=chosen, options=options) as catalogue:
        yield catalogue


def _server(text: str) -> ToolSource:
    from ...tools.importers.mcp import McpServer

    if text.startswith(("http://", "https://")):
        return McpServer(url=text)
    return McpServer(command=tuple(shlex.split(text)), cwd=os.getcwd())


def _unkept(source: ToolSource) -> Any:
    from ...tools.tool import Note

    what = "it is not remembered, as its variables or headers may be secret"
    return Note(source.owner, "the source", what, "add it again to sync it")


def _show(reports: Sequence[SyncReport], *, as_json: bool) -> None:
    from ..show import console, heading, skipped, table
    from .common import complain

    if as_json:
        print_json([asdict(report) for report in reports])
    for report in () if as_json else reports:
        counts = f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged"
        console().print(table({"source": report.owner, "tools": f"{counts}, {report.removed:,} removed"}))
        if report.kept:
            console().print(table({"kept": f"{report.kept:,}, as the source could not be read whole"}))
        if report.notes:
            console().print(heading(f"To mend ({len(report.notes):,})"))
            console().print(skipped([(note.tool, f"{note.what}; {note.remedy}") for note in report.notes]))
        if report.failed:
            complain(report.failed)
    if any(report.failed or any(note.lost for note in report.notes) for report in reports):
        raise typer.Exit(FAULT)


Patterns = list[str] | None


@command("home")
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
    embedder: EmbedderName = "",
    settings: Settings,
) -> None:
    """Stand before the MCP servers of a configuration, as one server with a search and a call.

    A call reaches only what a search may show. A server that is away holds up no other, and is tried again.
    """
    from ..toolbox.proxy import Proxy, over_http, over_stdio
    from ..toolbox.search import Permissions

    servers = _servers(config)
    permissions = Permissions(tuple(allow or ("*/*",)), tuple(deny or ()))
    with (
        _selector(settings, collection, embedder=embedder, threshold=threshold) as selector,
        Proxy(selector, servers, permissions=permissions, seconds=seconds) as proxy,
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
