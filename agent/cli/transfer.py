"""`polyhop export`, `polyhop import` and `polyhop reindex`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.errors import CallerError
from .common import EmbedderName, Home, Json, Name, guarded, load_settings, opened, print_json
from .index import FAULT

if TYPE_CHECKING:
    from ...store.write import AddReport


@guarded
def export(
    file: Annotated[Path, typer.Argument(help="JSON lines; compressed if it ends in .gz.", show_default=False)],
    *,
    collection: Name = "default",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write a collection to one file: texts, metadata and vectors."""
    from ...store import transfer
    from ..show import counted

    settings = load_settings(home=home)
    with opened(settings, collection) as agent:
        count = transfer.export(agent.collection, file)
    if as_json:
        print_json({"documents": count, "file": str(file)})
    else:
        typer.echo(f"{counted(count, 'document')} of {collection!r} written to {file}")


@guarded
def import_(
    file: Annotated[Path | None, typer.Argument(help="What `polyhop export` wrote.", show_default=False)] = None,
    *,
    chroma: Annotated[str, typer.Option(help="Folder or address of a Chroma database.")] = "",
    chroma_collection: Annotated[str, typer.Option(help="The collection in it.")] = "",
    collection: Name = "default",
    home: Home = None,
    embedder: EmbedderName = "",
    as_json: Json = False,
) -> None:
    """Add an exported file, or the documents of a Chroma collection with their vectors."""
    from ...encoders import Encoder, load_recorded
    from ...store import transfer
    from ...store.collection import names

    if (file is None) == (not chroma) or bool(chroma) != bool(chroma_collection):
        raise CallerError("give either FILE, or --chroma PLACE with --chroma-collection NAME")
    settings = load_settings(home=home)
    chosen: str | Encoder = embedder
    if file is not None and not embedder and collection not in names(settings.home):
        recorded = transfer.embedder_of(file)
        chosen = load_recorded(recorded, settings) if recorded else ""
    with opened(settings, collection, create=True, embedder=chosen) as agent:
        if file is not None:
            report = transfer.import_file(agent.collection, file)
        else:
            from ...store.chroma import adopt

            report = adopt(agent.collection, chroma, chroma_collection)
    _show(report, as_json=as_json)


def _show(report: AddReport, *, as_json: bool) -> None:
    from ..show import console, heading, skipped, table

    if as_json:
        print_json(asdict(report))
    else:
        documents = f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged"
        passages = f"{report.passages:,} written, {report.embedded:,} embedded"
        screen = console()
        screen.print(table({"documents": documents, "passages": passages}))
        if report.skipped:
            screen.print(heading(f"Skipped ({len(report.skipped):,})"), skipped(report.skipped), sep="\n")
    if report.skipped:
        raise typer.Exit(FAULT)


@guarded
def reindex(
    *,
    embedder: Annotated[str, typer.Option(help="The embedder to change to.", show_default=False)],
    collection: Name = "default",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Embed a whole collection again with another embedder; the old vectors serve until all is done."""
    from rich.progress import Progress

    from ...encoders import load
    from ..show import console, counted

    settings = load_settings(home=home)
    screen = console(stderr=True)
    with opened(settings, collection) as agent:
        chosen = load(embedder, settings)
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
            task = bar.add_task("embedding", total=None)
            count = agent.collection.reindex(
                chosen, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
    if as_json:
        print_json({"passages": count, "embedder": chosen.name})
    else:
        typer.echo(f"{counted(count, 'passage')} of {collection!r} embedded with {chosen.name!r}")
