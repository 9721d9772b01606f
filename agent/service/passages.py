"""What a reader of one document asks: its passages, its text, the file it came from, its links and its names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from ...core.threads import outcome, started
from ...core.types import LinkKind, Passage
from ...store.collection import Collection
from ...store.link_table import TableLink
from ...store.names import Kind
from .bodies import LinksPage, NamesPage, PassageView, TextBody
from .documents import OWN, WHERE, Key, Named, no_document
from .files import PARTS, OpenedFile, disposition
from .problems import COMMON, Refused
from .state import Reader, service_of

router = APIRouter(responses=COMMON, tags=["documents"])
#: passages, links, names and bearers of a name in one answer
PIECES, LINKS, NAMES, BEARERS = 200, 500, 1_000, 8
#: more passages than any document has
ALL = 1_000_000
Where = Annotated[str, Query(max_length=WHERE, description="a filter on metadata", examples=["", "year >= 1970"])]

#: originals that a browser shows as text, whatever they are: what a page could do is not wanted here
TEXTS = frozenset(
    ".txt .md .markdown .mdx .rst .adoc .asciidoc .org .tex .log .csv .tsv .json .jsonl .ndjson .ipynb .xml .html .htm"
    " .xhtml .eml .py .js .ts .c .h .cpp .hpp .java .go .rs .rb .sh .sql .toml .yaml .yml .ini .cfg".split()
)
SANDBOX = "default-src 'none'; sandbox"


@router.get(f"{OWN}/passages/{{id}}", response_model=PassageView)
async def get_passage(
    name: Named,
    id: Annotated[str, Path(description="id of a passage", min_length=1, max_length=100, examples=["1f0c"])],
    request: Request,
    caller: Reader,
) -> Response:
    """Show a passage, where it stands in its document, and what stands before and after it."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        found = await outcome(started(_passage, collection, id))
    if found is None:
        raise Refused(404, f"there is no passage {id!r}")
    return JSONResponse(found)


def _passage(collection: Collection, name: str) -> dict[str, Any] | None:
    one = collection.passages([name]).get(name)
    if one is None:
        return None
    before, after = collection.neighbours(name)
    return {
        **_piece(one, lines=True),
        "document": one.document,
        "title": one.title,
        "source": one.source,
        "metadata": dict(one.metadata),
        "previous": before.id if before else None,
        "next": after.id if after else None,
        "original": collection.original(one.document) is not None,
    }


def _piece(one: Passage, *, lines: bool) -> dict[str, Any]:
    start, end = one.span() or (None, None)
    return {
        "id": one.id,
        "place": one.place,
        "heading": one.heading,
        "page": one.page,
        "start": start,
        "end": end,
        "text": one.text,
        "lines": list(_lines(one)) if lines else [],
    }


def _lines(one: Passage) -> Iterator[dict[str, Any]]:
    """Yield the lines with the characters that stand on each: up to the next one of its block."""
    for block in one.layout.blocks if one.layout else ():
        ends = [*(line.start for line in block.lines[1:]), block.end]
        for line, end in zip(block.lines, ends, strict=False):  # most formats have blocks without lines
            yield {**line._asdict(), "end": end}


@router.get(f"{OWN}/texts/{{key:path}}", response_model=TextBody)
async def get_text(
    name: Named,
    key: Key,
    request: Request,
    caller: Reader,
    *,
    after: Annotated[int, Query(ge=0, le=ALL, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=PIECES)] = 50,
    lines: Annotated[bool, Query(description="whether to tell where the lines of a PDF stand")] = False,
) -> Response:
    """Return the text of a document in its passages, with their characters in it."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        ids = await outcome(started(_ids, collection, key))
        shown = await outcome(started(collection.passages, ids[after : after + limit] or ids[:1]))
        kept = await outcome(started(collection.original, key))
    found = sorted((one for one in shown.values() if one.document == key), key=lambda one: one.place)
    if not found:
        raise no_document(key)
    first = found[0]
    end = after + limit
    return JSONResponse(
        {
            "key": key,
            "title": first.title,
            "source": first.source,
            "metadata": dict(first.metadata),
            "original": kept is not None,
            "count": len(ids),
            "passages": [_piece(one, lines=lines) for one in found if after <= one.place < end],
            "next": end if end < len(ids) else None,
        }
    )


def _ids(collection: Collection, key: str) -> list[str]:
    return collection.heads([key], ALL).get(key, [])


@router.get(
    f"{OWN}/originals/{{key:path}}",
    response_class=Response,
    responses={
        200: {
            "description": "the bytes of the file",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/pdf", "text/plain", "application/octet-stream")
            },
        },
        **PARTS,
    },
)
async def get_original(
    name: Named,
    key: Key,
    request: Request,
    caller: Reader,
    *,
    download: Annotated[bool, Query(description="whether a browser is to save it, not to show it")] = False,
) -> Response:
    """Return the file that a document was read from, where such files are kept (`POLYHOP_KEEP_ORIGINALS`).

    A range of bytes may be asked for. Nothing in the file is run: HTML comes as plain text.
    """
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        found = await outcome(started(_original, collection, key))
    if found is None:
        raise Refused(404, f"the file of a document {key[:200]!r} is not kept here")
    file, called, mark = found
    kind, shown = _kind(called)
    headers = {
        "Content-Disposition": disposition(called, attachment=download or not shown),
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return OpenedFile(request, file, kind, mark=mark, headers=headers)


def _original(collection: Collection, key: str) -> tuple[BinaryIO, str, str] | None:
    """Return the open file, what it was called, and the hash of its bytes."""
    path = collection.original(key)
    if path is None:
        return None
    head = collection.passages(collection.heads([key], 1).get(key, []))
    source = next((one.source for one in head.values()), "") or key.partition("#")[0]
    try:
        return path.open("rb"), os.path.basename(source) or "original", path.name
    except FileNotFoundError:  # its document was deleted a moment ago
        return None


def _kind(called: str) -> tuple[str, bool]:
    """Return the media type of a file, and whether a browser may show it."""
    suffix = os.path.splitext(called)[1].lower()
    if suffix == ".pdf":
        return "application/pdf", True
    return ("text/plain; charset=utf-8", True) if suffix in TEXTS else ("application/octet-stream", False)


@router.get(f"{OWN}/links", response_model=LinksPage)
async def list_links(
    name: Named,
    request: Request,
    caller: Reader,
    *,
    document: Annotated[str, Query(min_length=1, max_length=4_096, description="key of a document")],
    direction: Annotated[Literal["out", "in"], Query(description="from the document, or to it from others")] = "out",
    kind: Annotated[Literal["", "hyperlink", "listed", "reference", "identifier", "footnote"], Query()] = "",
    where: Where = "",
    after: Annotated[int, Query(ge=0, le=ALL, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=LINKS)] = 100,
) -> Response:
    """List the links that authors wrote into a document, or into others to it; the filter holds at both ends.

    A link that leads to no document here is listed too, without `to`. Of very many that lead to a document the first
    thousands are looked at.
    """
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        reading = collection.links_of if direction == "out" else collection.links_to
        if not await outcome(started(collection.heads, [document], 1)):
            raise no_document(document)
        found = await outcome(started(lambda: reading(document, where=where)))
        chosen = [one for one in found if not kind or one.kind == LinkKind[kind.upper()]]
        page = chosen[after : after + limit]
        rows = await outcome(started(_links, collection, page))
    return JSONResponse({"links": rows, "next": after + limit if after + limit < len(chosen) else None})


def _links(collection: Collection, links: Sequence[TableLink]) -> list[dict[str, Any]]:
    passages = collection.passages(list({one.passage for one in links}))
    titles = _titles(collection, {one.to_document for one in links if one.to_document})
    return [_link(one, passages[one.passage], titles) for one in links if one.passage in passages]


def _link(one: TableLink, passage: Passage, titles: Mapping[str, str]) -> dict[str, Any]:
    to = {"document": one.to_document, "title": titles.get(one.to_document, ""), "passage": one.to_passage}
    return {
        "kind": one.kind.name.lower(),
        "words": passage.text[one.start : one.end],
        "from": {"document": one.document, "title": passage.title, "passage": one.passage},
        "start": one.start,
        "end": one.end,
        "address": one.address,
        "anchor": one.anchor,
        "to": to if one.to_document else None,
    }


def _titles(collection: Collection, keys: set[str]) -> dict[str, str]:
    heads = [ids[0] for ids in collection.heads(sorted(keys), 1).values()]
    return {one.document: one.title for one in collection.passages(heads).values()}


@router.get(f"{OWN}/names", response_model=NamesPage)
async def list_names(
    name: Named,
    request: Request,
    caller: Reader,
    *,
    document: Annotated[str, Query(max_length=4_096, description="names of this one alone")] = "",
    where: Where = "",
    after: Annotated[str, Query(max_length=4_096, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=NAMES)] = 100,
) -> Response:
    """List the names that documents bear, by which a hop finds them."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        return JSONResponse(
            await outcome(started(lambda: _names(collection, after, limit, document=document, where=where)))
        )


def _names(collection: Collection, after: str, limit: int, *, document: str, where: str) -> dict[str, Any]:
    names = collection.names(limit + 1, after=after, document=document, where=where)
    shown = names[:limit]
    bearers = collection.bearers(shown, BEARERS, where=where)
    titles = _titles(collection, {key for found in bearers.values() for key, _ in found})
    rows = [
        {
            "name": one,
            "documents": [
                {"document": key, "title": titles.get(key, ""), "kind": Kind(kind).name.lower()}
                for key, kind in bearers.get(one, ())
                if kind != Kind.FUZZY
            ],
        }
        for one in shown
    ]
    return {"names": rows, "next": shown[-1] if len(names) > limit else None}
