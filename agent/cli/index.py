"""`polyhop index`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.errors import CallerError
from .common import EmbedderName, Home, Json, Name, guarded, load_settings, opened, print_json

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ...ingest.index import IndexReport, Watcher

FAULT = 1


@guarded
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)],
    *,
    collection: Name = "default",
    prune: Annotated[bool, typer.Option("--prune", help="Remove documents of files that are gone.")] = False,
    home: Home = None,
    embedder: EmbedderName = "",
    as_json: Json = False,
) -> None:
    """Read files and folders into a collection; what has not changed is left alone.

    Exit code 1 says that something was skipped for a fault, though the
    rest was indexed. Files of a format that is not read are listed too,
    but are no fault.
    """
    from ..show import console, index_report

    settings = load_settings(home=home)
    for path in paths:
        # Looked at first: a slip of the pen must not leave an empty collection behind.
        if not os.path.lexists(path):
            raise CallerError(f"no file or folder {str(path)!r}; check the path")
    began = time.monotonic()
    with opened(settings, collection, create=True, embedder=embedder) as agent, watching() as watcher:
        report = agent.index(paths, prune=prune, watcher=watcher)
    seconds = time.monotonic() - began
    if as_json:
        print_json({**asdict(report), "collection": collection, "seconds": round(seconds, 3)})
    else:
        console().print(index_report(report, seconds))
    if faults(report):
        raise typer.Exit(FAULT)


def faults(report: IndexReport) -> list[tuple[str, str]]:
    """Return what was skipped although its format is one that is read."""
    return [(place, reason) for place, reason in report.skipped if not reason.startswith("unsupported format")]


@contextmanager
def watching() -> Iterator[Watcher]:
    """Show a progress bar on a terminal's standard error while files are indexed."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from ..show import console

    screen = console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        yield _Bar(progress)


class _Bar:
    """A watcher that moves the bar; files hold more bytes than text, so it may end before it is full."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def start(self, characters: int) -> None:
        """Begin with the bytes of what is new or changed."""
        if characters:
            self._task = self._progress.add_task("indexing", total=characters)

    def advance(self, characters: int) -> None:
        """Move on by what was embedded."""
        if self._task is not None:
            self._progress.advance(self._task, characters)

    def file(self, path: str) -> None:
        """Name the file that is read."""
        if self._task is not None:
            self._progress.update(self._task, description=Path(path).name[-24:])
