"""`polyhop show` and `polyhop doctor`: what a passage, a file or a collection holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import CallerError
from .collections import FAULT
from .common import Json, Name, command, note, opened, print_json

if TYPE_CHECKING:
    from ...core.settings import Settings
    from ...core.types import Passage


@command("home")
def show(
    passage: Annotated[str, typer.Argument(help="Id of a passage, or its beginning.", show_default=False)],
    *,
    quote: Annotated[str, typer.Option(help="Words of the passage that are to be marked.")] = "",
    collection: Name = "default",
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Show a passage with its place, and what stands before and after it; exit code 1 if the quote is not in it."""
    from ...core.words import quoted_span
    from ..show import console, neighbour, whole_passage

    with opened(settings, collection) as agent:
        found = agent.collection.passage(passage)
        before, after = agent.collection.neighbours(found.id)
        path = agent.collection.files.path_of(found.source)
    span = quoted_span(quote, found.text)
    if as_json:
        print_json({**_plain(found, span), "file": path, "before": _near(before), "after": _near(after)})
    else:
        screen = console()
        screen.print(neighbour("before", before))
        screen.print()
        screen.print(whole_passage(found, quote=span, path=path))
        screen.print()
        screen.print(neighbour("after", after))
    if quote and span is None:
        note("the passage does not hold these words")
        raise typer.Exit(FAULT)


def _plain(passage: Passage, span: tuple[int, int] | None) -> dict[str, Any]:
    """Return a passage with its place; a quote has characters of the passage, and of the document where known."""
    from ..results import place_of

    place = place_of(passage.text[slice(*span)] if span else "", passage)
    inside = passage.span(*span) if span else None
    start, end = passage.span() or (None, None)
    quoted = None
    if span:
        quoted = {
            "text": passage.text[slice(*span)],
            "start": span[0],
            "end": span[1],
            "page": place["page"],
            "heading": place["heading"],
            "document_start": inside[0] if inside else None,
            "document_end": inside[1] if inside else None,
        }
    return {
        "id": passage.id,
        "document": passage.document,
        "title": passage.title,
        "heading": passage.heading,
        "page": passage.page,
        "source": passage.source,
        "start": start,
        "end": end,
        "text": passage.text,
        "metadata": dict(passage.metadata),
        "quote": quoted,
    }


def _near(passage: Passage | None) -> dict[str, Any] | None:
    return (
        {"id": passage.id, "heading": passage.heading, "page": passage.page, "text": passage.text} if passage else None
    )


@command("home")
def doctor(
    what: Annotated[
        str, typer.Argument(metavar="FILE|COLLECTION", help="A file, or the name of a collection.", show_default=False)
    ],
    *,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Say what was read of a file or a collection, and what looks wrong about it; exit code 1 for a file without text.

    Nothing is changed. A file does not have to be indexed.
    """
    from ...store.collection import names
    from .. import doctor as examine
    from ..show import console, diagnosis

    if os.path.isfile(what):
        from ...encoders import load

        found = examine.of_file(Path(what).absolute(), load(settings=settings), max_bytes=settings.max_bytes)
    elif what not in names(settings.home):
        said = "is no file" if os.path.lexists(what) else "is neither a file nor a collection"
        there = ", ".join(names(settings.home)) or "none"
        raise CallerError(
            f"{what!r} {said}; `polyhop doctor` takes a file or the name of a collection (in {str(settings.home)!r}: "
            f"{there})"
        )
    else:
        with opened(settings, what) as agent:
            found = examine.of_collection(agent.collection)
    if as_json:
        print_json(found.to_dict())
    else:
        console().print(diagnosis(found))
    if found.unreadable:
        raise typer.Exit(FAULT)
