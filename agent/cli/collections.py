"""The commands on a collection: `index`, `status`, `list`, `remove`, `export`, `import` and `reindex`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import CallerError
from .common import EmbedderName, Json, Name, Where, command, note, opened, print_json, progress_bar

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID

    from ...core.settings import Settings
    from ...ingest.index import IndexReport, Watcher
    from ...ingest.watch import Pass
    from ...store.collection import Collection
    from ...store.write import AddReport

# Exit code of what was done only in part, or found a difference.
FAULT = 1
# Documents that are listed.
SHOWN = 50


@command("home")
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)],
    *,
    collection: Name = "default",
    prune: Annotated[bool, typer.Option("--prune", help="Remove documents of files that are gone.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Take hidden, installed and ignored files too.")] = False,
    links: Annotated[bool, typer.Option("--links", help="Follow links that lead out of the folders.")] = False,
    chunk_tokens: Annotated[
        int | None,
        typer.Option(min=16, help="Tokens of a passage at most.  [POLYHOP_CHUNK_TOKENS; all the embedder reads]"),
    ] = None,
    url: Annotated[str, typer.Option("--url", help="Where the folder's pages are on the web.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Go on and index what changes, until Ctrl-C.")] = False,
    embedder: EmbedderName = "",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Read files and folders into a collection; what has not changed is left alone.

    Left out are hidden files, folders of what tools install or build,
    links out of the folders, and what .gitignore and .polyhopignore
    files say.

    Exit code 1 says that something was skipped for a fault, though the
    rest was indexed. Files of a format that is not read are listed too,
    but are no fault.
    """
    from ..show import console, index_report

    for path in paths:
        # Looked at first: a slip of the pen must not leave an empty collection behind.
        if not os.path.lexists(path):
            raise CallerError(f"no file or folder {str(path)!r}; check the path")
    if chunk_tokens:
        settings = settings.model_copy(update={"chunk_tokens": chunk_tokens})
    began = time.monotonic()

    def tell(report: IndexReport, shown: RenderableType) -> None:
        told = {**report_json(report), "collection": collection, "seconds": round(time.monotonic() - began, 3)}
        if not as_json:
            console().print(shown)
        elif watch:
            print(json.dumps(told), flush=True)
        else:
            print_json(told)

    with opened(settings, collection, create=True, embedder=embedder) as agent:

        def look(there: Sequence[Path | str], only: Sequence[str] | None = None) -> IndexReport:
            nonlocal began
            began = time.monotonic()
            with progress_of_indexing() as watcher:
                more: dict[str, Any] = {"everything": everything, "links": links, "url": url}
                return agent.index(there, prune=prune, watcher=watcher, only=only, **more)

        if watch:
            _watch(paths, look, tell, home=settings.home, hidden=everything)
            return
        report = look(paths)
        tell(report, index_report(report, time.monotonic() - began))
    if faults(report):
        raise typer.Exit(FAULT)


def _watch(
    paths: Sequence[Path],
    look: Pass,
    tell: Callable[[IndexReport, RenderableType], None],
    *,
    home: Path,
    hidden: bool,
) -> None:
    """Index what is there and what changes until Ctrl-C, which is the way to end it and no fault."""
    from ...ingest.watch import FolderWatch

    note(f"watching {', '.join(map(str, paths))}; Ctrl-C ends it")
    watching = FolderWatch(
        [os.path.abspath(path) for path in paths],
        look,
        told=_News(tell).hear,
        waiting=note,
        home=os.path.realpath(home),
        hidden=hidden,
    )
    try:
        watching.run()
    except KeyboardInterrupt:
        note("watching ended; whatever was written up to now is safe")


class _News:
    """Passes on what a watch reports; what each look at everything finds again is told once."""

    def __init__(self, tell: Callable[[IndexReport, RenderableType], None]) -> None:
        self._tell = tell
        self._began: float | None = time.monotonic()
        self._known: set[object] = set()

    def hear(self, report: IndexReport, everything: bool) -> None:  # noqa: FBT001 - a watch calls it so
        """Tell of the first pass all, and of the others what is new, if anything is."""
        from ..show import changes, index_report

        found: set[object] = {*report.skipped, *report.vanished}
        if self._began is not None:
            self._tell(report, index_report(report, time.monotonic() - self._began))
            self._began, self._known = None, found
            return
        if everything:
            skipped = [one for one in report.skipped if one not in self._known]
            vanished = [one for one in report.vanished if one not in self._known]
            report = replace(report, skipped=skipped, vanished=vanished)
        self._known = found if everything else self._known | found
        if report.indexed or report.moved or report.folders or report.vanished or report.skipped:
            self._tell(report, changes(report))


def report_json(report: IndexReport) -> dict[str, Any]:
    """Return a report as plain JSON types."""
    left_out = [one._asdict() for one in report.left_out]
    return {**asdict(report), "left_out": left_out}


def faults(report: IndexReport) -> list[tuple[str, str]]:
    """Return what was skipped although its format is one that is read."""
    return [(place, reason) for place, reason in report.skipped if not reason.startswith("unsupported format")]


@contextmanager
def progress_of_indexing() -> Iterator[Watcher]:
    """Show a progress bar on a terminal's standard error while files are indexed."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with progress_bar(*columns) as progress:
        yield _IndexingProgress(progress)


class _IndexingProgress:
    """A watcher that moves the bar; files hold more bytes than text, so it may end before it is full."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._name = ""

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
        self._name = Path(path).name[-24:]
        if self._task is not None:
            self._progress.update(self._task, description=self._name)

    def within(self, done: int, total: int, unit: str) -> None:
        """Say how far the file is read."""
        if self._task is not None:
            said = f"{done:,} of {total:,} {unit}" if total else f"{done:,} {unit}"
            self._progress.update(self._task, description=f"{self._name}, {said}")


@command("home")
def status(
    *,
    collection: Annotated[str, typer.Option("--collection", "-c", help="Only this collection.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Read everything and prove the indexes equal.")] = False,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Show what the collections hold; exit code 1 if --verify finds a difference."""
    from ...ingest.readers import READER_VERSION
    from ...store.collection import names

    wanted = [collection] if collection else names(settings.home)
    facts: list[dict[str, Any]] = []
    for name in wanted:
        with opened(settings, name) as agent:
            outdated = agent.collection.files.read_by_others(READER_VERSION)
            found = {**agent.collection.status(), "outdated": outdated}
            facts.append({**found, "problems": agent.collection.verify()} if verify else found)
    if as_json:
        print_json(facts)
    else:
        _show_status(facts, str(settings.home))
    if any(found.get("problems") for found in facts):
        raise typer.Exit(FAULT)


def _show_status(facts: list[dict[str, Any]], home: str) -> None:
    from ..show import console, counted, heading, plain, table

    screen = console()
    if not facts:
        screen.print(f"no collections in {home!r}; run `polyhop index PATH` first", soft_wrap=True)
    for found in facts:
        shown = {name: value for name, value in found.items() if name not in ("name", "notices", "problems", "bytes")}
        shown["size"] = f"{found['bytes'] / 1e6:,.1f} MB"
        shown["folders"] = ", ".join(found["folders"])
        again = "read by an earlier version; `polyhop index` reads them again, for pages, sections and links"
        shown["outdated"] = f"{counted(found['outdated'], 'file')} {again}" if found["outdated"] else ""
        shown = {name: value for name, value in shown.items() if value or name in ("documents", "passages")}
        screen.print(heading(str(found["name"])), table(shown), sep="\n")
        for problem in found.get("problems", ()):
            screen.print(f"  differs: {plain(problem)}", style="red", soft_wrap=True)
        if found.get("problems") == []:
            screen.print("  verified: record, FTS5 and vector index are equal", style="green")


@command("home")
def list_(
    *,
    where: Where = "",
    limit: Annotated[int, typer.Option(min=1, help="Documents to show.")] = SHOWN,
    collection: Name = "default",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """List documents, sorted by key; elsewhere than on a terminal a line each, key and title with a tab between."""
    from ..show import console, plain

    with opened(settings, collection) as agent:
        every = iter(agent.collection.documents(where=where))
        rows = list(islice(every, limit))
        left = sum(1 for _ in every)
    if as_json:
        print_json({"documents": [{"key": k, "title": t, "source": s} for k, t, s in rows], "more": left})
        return
    screen = console()
    for key, title, _ in rows:
        if screen.is_terminal:
            screen.print(plain(title or "(no title)"), style="bold")
            screen.print(f"    {plain(key)}", style="dim", soft_wrap=True)
        else:
            print(f"{plain(key)}\t{plain(title)}")
    if left:
        console(stderr=True).print(f"and {left:,} more; --limit shows them", style="dim")


@command("home")
def remove(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys, sources or paths of files.")] = None,
    *,
    where: Where = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    collection: Name = "default",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Remove documents by key, by file or by filter."""
    if bool(keys) == bool(where.strip()):
        raise CallerError("say which documents to remove: either keys or --where FILTER")
    from ..show import counted

    with opened(settings, collection) as agent:
        chosen = agent.collection.keys(where) if where.strip() else _existing(agent.collection, keys or [])
        if where.strip() and not yes:
            _confirm(len(chosen), collection)
        there = _files_of(agent.collection, chosen)
        count = agent.collection.remove(chosen)
    _say({"removed": count}, f"{counted(count, 'document')} removed from {collection!r}", as_json=as_json)
    if there and not as_json:
        one = f"the file {there[0]!r} is" if len(there) == 1 else f"{len(there):,} files are"
        note(f"{one} still there; indexing again brings back what was removed, unless .polyhopignore says otherwise")


def _files_of(collection: Collection, keys: Sequence[str]) -> list[str]:
    """Return those files of documents that exist."""
    wanted = set(keys)
    sources = dict.fromkeys(source for key, _, source in collection.documents() if key in wanted)
    return [path for source in sources if (path := collection.files.path_of(source)) and os.path.isfile(path)]


def _existing(collection: Collection, given: list[str]) -> list[str]:
    keys: list[str] = []
    for name in given:
        found = collection.files.resolve(name)
        if not found:
            raise CallerError(f"no document {name!r} in collection {collection.name!r}; `polyhop list` shows the keys")
        keys += found
    return list(dict.fromkeys(keys))


def _confirm(count: int, collection: str) -> None:
    from ..show import counted

    if not sys.stdin.isatty():
        raise CallerError(f"this would remove {counted(count, 'document')} from {collection!r}; add --yes to do it")
    typer.confirm(f"Remove {counted(count, 'document')} from {collection!r}?", abort=True, err=True)


@command("home")
def export(
    file: Annotated[Path, typer.Argument(help="JSON lines; compressed if it ends in .gz.", show_default=False)],
    *,
    collection: Name = "default",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Write a collection to one file: texts, metadata and vectors."""
    from ...store import transfer
    from ..show import counted

    with opened(settings, collection) as agent:
        count = transfer.export(agent.collection, file)
    said = f"{counted(count, 'document')} of {collection!r} written to {file}"
    _say({"documents": count, "file": str(file)}, said, as_json=as_json)


@command("home")
def import_(
    file: Annotated[Path | None, typer.Argument(help="What `polyhop export` wrote.", show_default=False)] = None,
    *,
    chroma: Annotated[str, typer.Option(help="Folder or address of a Chroma database.")] = "",
    chroma_collection: Annotated[str, typer.Option(help="The collection in it.")] = "",
    trusted: Annotated[
        bool, typer.Option("--trusted", help="It is your own export, unchanged: take files and calibration over too.")
    ] = False,
    collection: Name = "default",
    embedder: EmbedderName = "",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Add an exported file, or the documents of a Chroma collection with their vectors."""
    from ...encoders import Encoder, load_recorded
    from ...store import transfer
    from ...store.collection import names

    if (file is None) == (not chroma) or bool(chroma) != bool(chroma_collection):
        raise CallerError("give either FILE, or --chroma PLACE with --chroma-collection NAME")
    chosen: str | Encoder = embedder
    if file is not None and not embedder and collection not in names(settings.home):
        recorded = transfer.embedder_of(file)
        chosen = load_recorded(recorded, settings) if recorded else ""
    with opened(settings, collection, create=True, embedder=chosen) as agent:
        if file is not None:
            report = transfer.import_file(agent.collection, file, trusted=trusted)
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


@command("home")
def reindex(
    *,
    embedder: Annotated[str, typer.Option(help="The embedder to change to.", show_default=False)],
    collection: Name = "default",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Embed a whole collection again with another embedder; the old vectors serve until all is done."""
    from ...encoders import load
    from ..show import counted

    with opened(settings, collection) as agent:
        chosen = load(embedder, settings)
        with progress_bar() as bar:
            task = bar.add_task("embedding", total=None)
            count = agent.collection.reindex(
                chosen, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
    said = f"{counted(count, 'passage')} of {collection!r} embedded with {chosen.name!r}"
    _say({"passages": count, "embedder": chosen.name}, said, as_json=as_json)


def _say(facts: Mapping[str, Any], said: str, *, as_json: bool) -> None:
    """Print what was done, as JSON or as a sentence."""
    if as_json:
        print_json(facts)
    else:
        typer.echo(said)
