"""Documents and passages as resources: read by their address, listed in pages."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from mcp_types import (
    ListResourcesResult,
    ListResourceTemplatesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from ...core.errors import CallerError, OperatorError
from ...core.logs import get_logger
from ...core.threads import outcome, started
from ...store.collection import Collection
from ...tools.catalogue import holds_tools
from .places import TEMPLATES, McpPlace, after_cursor, cursor_of
from .tools import APP, McpCall

#: documents on a page, and collections that are looked into for it
PAGE, LOOKED_INTO = 100, 20
#: passages of a document that are read
SHOWN = 1_000
log = get_logger(__name__)
TEXT, HTML = "text/plain", "text/html;profile=mcp-app"


async def listed(call: McpCall, cursor: str | None) -> ListResourcesResult:
    """Return a page of the documents of all collections that are offered; the app stands on the first one.

    Raises:
        CallerError: for what is no cursor.
    """
    collection, key = after_cursor(cursor)
    rows = [] if cursor else [_app_card()]
    names = [name for name in call.names() if name >= collection]
    for name in names[:LOOKED_INTO]:
        behind = key if name == collection else ""
        found, more = await _page(call, name, behind, PAGE - len(rows))
        rows += found
        if more:
            last = McpPlace.of(found[-1].uri).name if found else behind
            return ListResourcesResult(resources=rows, next_cursor=cursor_of(name, last))
    following = cursor_of(names[LOOKED_INTO], "") if len(names) > LOOKED_INTO else None
    return ListResourcesResult(resources=rows, next_cursor=following)


async def _page(call: McpCall, name: str, behind: str, most: int) -> tuple[list[Resource], bool]:
    """Return documents of a collection behind a key, and whether there are more.

    A catalogue of tools has none, nor has a collection that cannot be opened.
    """
    try:
        async with call.service.shelf.collection(call.caller.tenant, name) as collection:
            return await outcome(started(_documents, collection, behind, most))
    except OperatorError as error:
        log.error("mcp", collection=name, error=str(error))
        return [], False


def _documents(collection: Collection, behind: str, most: int) -> tuple[list[Resource], bool]:
    if holds_tools(collection.record, empty=False):
        return [], False
    rows = [row for row in collection.documents() if row[0] > behind]
    shown = [
        Resource(
            uri=str(McpPlace(collection.name, "documents", key)),
            name=key,
            title=title or key,
            description=f"from {source}" if source else None,
            mime_type=TEXT,
        )
        for key, title, source in rows[:most]
    ]
    return shown, len(rows) > most


def templates() -> ListResourceTemplatesResult:
    """Return how addresses are made."""
    about = {
        "passages": ("Passage", "A passage; results of the tools have its address."),
        "documents": ("Document", "The text of a document; `key` is escaped, with %2F for a slash."),
    }
    made = [
        ResourceTemplate(
            uri_template=template, name=kind, title=about[kind][0], description=about[kind][1], mime_type=TEXT
        )
        for kind, template in TEMPLATES.items()
    ]
    return ListResourceTemplatesResult(resource_templates=made)


async def read(call: McpCall, address: str) -> ReadResourceResult:
    """Return the text behind an address.

    Raises:
        CallerError: for an address that is none, or names nothing that is there.
    """
    if address == APP:
        meta = {"ui": {"prefersBorder": False}}
        page = TextResourceContents(uri=APP, mime_type=HTML, text=app(), _meta=meta)
        return ReadResourceResult(contents=[page])
    place = McpPlace.of(address)
    reading = _passage if place.kind == "passages" else _document
    if call.may(place.collection):
        async with call.service.shelf.collection(call.caller.tenant, place.collection) as collection:
            found = await outcome(started(reading, collection, place.name))
        if found:
            texts = [TextResourceContents(uri=address, mime_type=TEXT, text=text) for text in found]
            return ReadResourceResult(contents=texts)
    raise CallerError(f"there is no {address!r:.300}; list the resources, or take an address of a result")


def _passage(collection: Collection, id: str) -> list[str]:
    return [one.text for one in collection.passages([id]).values()]


def _document(collection: Collection, key: str) -> list[str]:
    """Return the passages of a document as one text, and a word on those that are left out."""
    ids = collection.heads([key], SHOWN + 1).get(key, [])
    passages = [one for one in collection.passages(ids).values() if one.document == key]
    passages.sort(key=lambda one: one.place)
    if not passages:
        return []
    text = "\n\n".join(one.text for one in passages[:SHOWN])
    left_out = f"The document goes on; only its first {SHOWN:,} passages are here."
    return [text, left_out] if len(passages) > SHOWN else [text]


def _app_card() -> Resource:
    return Resource(
        uri=APP,
        name="hop-tree",
        title="Hop tree",
        description="Draws how the passages of a result were found.",
        mime_type=HTML,
    )


@lru_cache(1)
def app() -> str:
    """Return the page of the app."""
    return Path(__file__).with_name("hop_tree.html").read_text(encoding="utf-8")
