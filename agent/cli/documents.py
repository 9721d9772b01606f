"""`polyhop status`, `polyhop list` and `polyhop remove`."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import CallerError
from .common import Home, Json, Name, Where, guarded, load_settings, opened, print_json

if TYPE_CHECKING:
    from ...store.collection import Collection

DIFFERENT = 1
SHOWN = 50


@guarded
def status(
    *,
    collection: Annotated[str, typer.Option("--collection", "-c", help="Only this collection.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Read everything and prove the indexes equal.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what the collections hold; exit code 1 if --verify finds a difference."""
    from ...store.collection import names

    settings = load_settings(home=home)
    wanted = [collection] if collection else names(settings.home)
    facts: list[dict[str, Any]] = []
    for name in wanted:
        with opened(settings, name) as agent:
            found = dict(agent.collection.status())
            facts.append({**found, "problems": agent.collection.verify()} if verify else found)
    if as_json:
        print_json(facts)
    else:
        _show_status(facts, str(settings.home))
    if any(found.get("problems") for found in facts):
        raise typer.Exit(DIFFERENT)


def _show_status(facts: list[dict[str, Any]], home: str) -> None:
    from ..show import console, heading, plain, table

    screen = console()
    if not facts:
        screen.print(f"no collections in {home!r}; run `polyhop index PATH` first", soft_wrap=True)
    for found in facts:
        shown = {name: value for name, value in found.items() if name not in ("name", "notices", "problems", "bytes")}
        shown["size"] = f"{found['bytes'] / 1e6:,.1f} MB"
        screen.print(heading(str(found["name"])), table(shown), sep="\n")
        for problem in found.get("problems", ()):
            screen.print(f"  differs: {plain(problem)}", style="red", soft_wrap=True)
        if found.get("problems") == []:
            screen.print("  verified: record, FTS5 and vector index are equal", style="green")


@guarded
def list_documents(
    *,
    where: Where = "",
    limit: Annotated[int, typer.Option(min=1, help="Documents to show.")] = SHOWN,
    collection: Name = "default",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List documents, sorted by key; elsewhere than on a terminal a line each, key and title with a tab between."""
    from ..show import console, plain

    settings = load_settings(home=home)
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


@guarded
def remove(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys, as `polyhop list` shows them.")] = None,
    *,
    where: Where = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    collection: Name = "default",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Remove documents by key or by filter."""
    if bool(keys) == bool(where.strip()):
        raise CallerError("say which documents to remove: either keys or --where FILTER")
    from ..show import counted

    settings = load_settings(home=home)
    with opened(settings, collection) as agent:
        chosen = agent.collection.keys(where) if where.strip() else _existing(agent.collection, keys or [])
        if where.strip() and not yes:
            _confirm(len(chosen), collection)
        count = agent.collection.remove(chosen)
    if as_json:
        print_json({"removed": count})
    else:
        typer.echo(f"{counted(count, 'document')} removed from {collection!r}")


def _existing(collection: Collection, keys: list[str]) -> list[str]:
    known = set(collection.keys())
    for key in keys:
        if key not in known:
            raise CallerError(f"no document {key!r} in collection {collection.name!r}; `polyhop list` shows the keys")
    return keys


def _confirm(count: int, collection: str) -> None:
    from ..show import counted

    if not sys.stdin.isatty():
        raise CallerError(f"this would remove {counted(count, 'document')} from {collection!r}; add --yes to do it")
    typer.confirm(f"Remove {counted(count, 'document')} from {collection!r}?", abort=True, err=True)
