"""The web page: files that were built into the folder `page/dist`, open to everybody, since they hold no data."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Request
from fastapi import Path as PathPart
from fastapi.responses import Response

from ...core.threads import outcome, started
from .files import PARTS, OpenedFile
from .problems import COMMON, Refused

FOLDER = Path(__file__).with_name("page") / "dist"
INDEX = "index.html"
#: what a page is made of; nothing else in the folder is sent
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".pfb": "application/octet-stream",
    ".bcmap": "application/octet-stream",
    ".wasm": "application/wasm",
}
#: encodings in which a file may lie beside itself, the smaller first
ENCODINGS = {"br": ".br", "gzip": ".gz"}
#: nothing but its own files is run, loaded or asked; styles may stand at elements, where PDF.js puts them
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob:; worker-src 'self' blob:; "
    "frame-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HASHED = re.compile(r"[-.](?=[\w-]*\d)[\w-]{8,}\.\w+\Z", re.ASCII)
_SAFE = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)

SENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    **PARTS,
    **{status: COMMON[status] for status in (403, 404, 422, 500)},
}
router = APIRouter(tags=["page"])


@router.get("/", response_class=Response, responses=SENT)
async def get_page(request: Request) -> Response:
    """Return the web page; it asks for a key itself, where one is needed."""
    return await _sent(request, INDEX)


@router.get("/ui/{path:path}", response_class=Response, responses=SENT)
async def get_page_file(
    path: Annotated[str, PathPart(description="a file of the page", max_length=300, examples=[INDEX])],
    request: Request,
) -> Response:
    """Return a file of the web page."""
    return await _sent(request, path)


async def _sent(request: Request, path: str) -> Response:
    folder: Path = request.app.state.page
    kind = TYPES.get(os.path.splitext(path)[1].lower())
    accepted = {one.partition(";")[0].strip() for one in request.headers.get("accept-encoding", "").split(",")}
    ways = [(name, suffix) for name, suffix in ENCODINGS.items() if name in accepted]
    found = await outcome(started(_opened, folder, path, [*ways, ("", "")])) if kind and _SAFE.fullmatch(path) else None
    if found is None or kind is None:
        raise Refused(404, f"the page has no file {path[:200]!r}" if path != INDEX else "the page is not in this build")
    file, encoding, mark = found
    lasting = _HASHED.search(path) is not None
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Encoding",
        **({"Content-Encoding": encoding} if encoding else {}),
    }
    return OpenedFile(request, file, kind, mark=mark, headers=headers)


def _opened(folder: Path, path: str, ways: Sequence[tuple[str, str]]) -> tuple[BinaryIO, str, str] | None:
    """Return an open file in the first encoding in which it is there, the encoding, and a hash of the bytes."""
    for encoding, suffix in ways:
        try:
            file = (folder / f"{path}{suffix}").open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            continue
        mark = blake2b(file.read(), digest_size=16).hexdigest()
        return file, encoding, mark
    return None
