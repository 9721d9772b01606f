"""Collections and documents: what is there, what comes, what goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, File, Path, Query, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from ...core.errors import CallerError
from ...core.threads import outcome, started
from ...core.types import Document
from ...store.collection import Collection, NoCollection
from ...store.filter import parse
from ...store.write import AddReport
from ...tools.catalogue import holds_tools
from .bodies import (
    CollectionBody,
    CollectionName,
    CollectionsBody,
    DocumentBody,
    DocumentsBody,
    DocumentsPage,
    DocumentView,
    UploadBody,
    WrittenBody,
)
from .jobs import Job, Jobs, UploadDraft, discard_files
from .problems import COMMON, Refused
from .state import Admin, Author, Reader, Service, service_of

Named = Annotated[CollectionName, Path(description="name of a collection")]
Key = Annotated[str, Path(description="key of a document", min_length=1, max_length=4_096, examples=["films/jaws.md"])]
#: passages of a document that are shown
SHOWN = 1_000
PIECE = 1 << 20
#: characters of a filter in an address, each of which may be twelve bytes there
WHERE = 4_000


router = APIRouter(responses=COMMON)
OWN, DOCUMENTS = "/collections/{name}", "/collections/{name}/documents"


@router.get("/collections", response_model=CollectionsBody, tags=["collections"])
async def list_collections(request: Request, caller: Reader) -> Response:
    """List the names of your collections."""
    return JSONResponse({"collections": service_of(request).shelf.names(caller.tenant)})


@router.put(OWN, response_model=CollectionBody, tags=["collections"])
async def make_collection(name: Named, request: Request, caller: Admin) -> Response:
    """Make a collection, unless it is there."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name, create=True) as collection:
        return JSONResponse(await outcome(started(about, collection)))


@router.get(OWN, response_model=CollectionBody, tags=["collections"])
async def get_collection(name: Named, request: Request, caller: Reader) -> Response:
    """Say what a collection holds."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        return JSONResponse(await outcome(started(about, collection)))


def about(collection: Collection) -> dict[str, Any]:
    """Return what is told of a collection."""
    known = collection.status()
    shown = {key: known[key] for key in ("name", "documents", "passages", "embedder", "notices")}
    return {**shown, "kind": "tools" if holds_tools(collection.record, empty=False) else "documents"}


@router.delete(OWN, status_code=204, tags=["collections"])
async def delete_collection(name: Named, request: Request, caller: Admin) -> Response:
    """Delete a collection with all that is in it, once nobody reads it any more."""
    service = service_of(request)
    async with service.admitted():
        await service.shelf.delete(caller.tenant, name)
    return Response(status_code=204)


@router.get(DOCUMENTS, response_model=DocumentsPage, tags=["documents"])
async def list_documents(
    name: Named,
    request: Request,
    caller: Reader,
    *,
    after: Annotated[str, Query(max_length=4_096, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    where: Annotated[str, Query(max_length=WHERE, description="a filter on metadata")] = "",
) -> Response:
    """List documents, sorted by key."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        return JSONResponse(await outcome(started(_page, collection, after, limit, where)))


def _page(collection: Collection, after: str, limit: int, where: str) -> dict[str, Any]:
    rows = [row for row in collection.documents(where=where) if row[0] > after]
    shown = [{"key": key, "title": title, "source": source} for key, title, source in rows[:limit]]
    return {"documents": shown, "next": shown[-1]["key"] if len(rows) > limit else None}


@router.get(f"{DOCUMENTS}/{{key:path}}", response_model=DocumentView, tags=["documents"])
async def get_document(name: Named, key: Key, request: Request, caller: Reader) -> Response:
    """Show a document with its passages."""
    service = service_of(request)
    async with service.admitted(), service.shelf.collection(caller.tenant, name) as collection:
        found = await outcome(started(_view, collection, key))
    if found is None:
        raise no_document(key)
    return JSONResponse(found)


def _view(collection: Collection, key: str) -> dict[str, Any] | None:
    ids = collection.heads([key], SHOWN).get(key, ())
    passages = [one for one in collection.passages(ids).values() if one.document == key]
    if not passages:
        return None
    passages.sort(key=lambda one: one.place)
    first = passages[0]
    return {
        "key": key,
        "title": first.title,
        "source": first.source,
        "metadata": dict(first.metadata),
        "passages": [{"id": one.id, "heading": one.heading, "page": one.page, "text": one.text} for one in passages],
    }


@router.post(DOCUMENTS, response_model=WrittenBody, tags=["documents"])
async def add_documents(name: Named, body: DocumentsBody, request: Request, caller: Author) -> Response:
    """Add documents, or replace those of the same keys. Once it answers they are on disk and can be found.

    A missing collection is made. If the client leaves, what was begun is written nevertheless.
    """
    service = service_of(request)
    async with service.admitted():
        return JSONResponse(await added(service, caller.tenant, name, body.documents))


async def added(service: Service, tenant: str, name: str, documents: Sequence[DocumentBody]) -> dict[str, Any]:
    """Add documents to a collection, which is made if it is not there, and return what is told of that.

    Raises:
        BusyError: where too many writes wait.
        CallerError: for a catalogue of tools, or documents that cannot be added.
    """
    made = [_document(one) for one in documents]
    async with service.shelf.documents(tenant, name, create=True) as collection:
        return _written(service, await service.writer.run(collection.add, made))


def _document(body: DocumentBody) -> Document:
    return Document(body.key, body.text, body.title, body.metadata, body.source)


@router.delete(DOCUMENTS, response_model=WrittenBody, tags=["documents"])
async def remove_documents(
    name: Named,
    request: Request,
    caller: Author,
    where: Annotated[str, Query(min_length=1, max_length=WHERE, description="which documents go: a filter")],
) -> Response:
    """Remove the documents that a filter lets pass."""
    service = service_of(request)
    if not where.strip():
        raise CallerError("the filter is empty; delete the collection to remove everything")
    parse(where)
    async with service.admitted(), service.shelf.documents(caller.tenant, name) as collection:
        report = await service.writer.run(_remove, service, collection, where)
    return JSONResponse(_written(service, report))


@router.delete(f"{DOCUMENTS}/{{key:path}}", status_code=204, tags=["documents"])
async def delete_document(name: Named, key: Key, request: Request, caller: Author) -> Response:
    """Remove a document."""
    service = service_of(request)
    async with service.admitted(), service.shelf.documents(caller.tenant, name) as collection:
        report = await service.writer.run(_remove, service, collection, "", key)
    _written(service, report)
    if not report.removed:
        raise no_document(key)
    return Response(status_code=204)


def _remove(service: Service, collection: Collection, where: str, key: str = "") -> AddReport:
    keys = [key] if key else collection.keys(where)
    sources = {row[2] for row in collection.documents() if row[0] in set(keys)}
    with collection.intake() as intake:
        intake.remove(keys)
    discard_files(collection, sorted(sources), service.writer.reading)
    return intake.report


def _written(service: Service, report: AddReport) -> dict[str, Any]:
    service.metrics.documents.inc(report.added + report.changed + report.removed)
    known = asdict(report)
    return {name: known[name] for name in WrittenBody.model_fields}


@router.post(f"{OWN}/uploads", response_model=UploadBody, status_code=202, tags=["documents"])
async def upload(
    name: Named,
    request: Request,
    caller: Author,
    files: Annotated[list[UploadFile], File(description="files of any format that `polyhop index` reads")],
) -> Response:
    """Take files, which are read one upload after the other; `GET /uploads/{id}` says how far that is.

    Once it answers the files are on disk, and no crash loses them. A file takes the place of one of the same name.
    """
    service = service_of(request)
    jobs = Jobs(service.shelf.home(caller.tenant))
    async with service.admitted():
        with suppress(NoCollection):
            async with service.shelf.documents(caller.tenant, name):
                pass  # a catalogue of tools takes no files, which is told now
        job = await outcome(started(_spooled, jobs, name, [(one.filename or "", one.file) for one in files]))
        service.writer.take(caller.tenant, job)
    return JSONResponse(_shown(job), 202)


def _spooled(jobs: Jobs, name: str, files: Sequence[tuple[str, BinaryIO]]) -> Job:
    draft: UploadDraft = jobs.draft()
    try:
        for given, file in files:
            draft.add(given, _pieces(file))
        return draft.accept(name, jobs)
    except BaseException:
        draft.drop()
        raise


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


@router.get("/uploads/{upload}", response_model=UploadBody, tags=["documents"])
async def get_upload(
    upload: Annotated[str, Path(description="id of an upload", pattern="^[0-9a-f]{16}$")],
    request: Request,
    caller: Reader,
) -> Response:
    """Say how far an upload is."""
    service = service_of(request)
    job = service.writer.jobs.get((caller.tenant, upload)) or Jobs(service.shelf.home(caller.tenant)).get(upload)
    if job is None:
        raise Refused(404, f"there is no upload {upload!r}")
    return JSONResponse(_shown(job))


def _shown(job: Job) -> dict[str, Any]:
    known = asdict(job)
    return {name: known[name] for name in UploadBody.model_fields}


def no_document(key: str) -> Refused:
    """Return the refusal of a key that no document has."""
    return Refused(404, f"there is no document {key[:200]!r}")
