"""Files as responses: whole or one range of bytes, compared by an entity tag."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from ...core.threads import outcome, started
from .problems import ProblemBody, Refused

BLOCK = 1 << 20
_RANGE = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?", re.ASCII)
#: what else may be answered where a file is, for the OpenAPI description
PARTS: dict[int | str, dict[str, Any]] = {
    206: {"description": "The range that was asked for.", "content": {"*/*": {}}},
    304: {"description": "The file is that of the entity tag."},
    416: {"model": ProblemBody, "description": "The range begins behind the end of the file."},
}
_PLAIN = re.compile(r"[\w. -]+", re.ASCII)


class OpenedFile(Response):
    """Sends an open file, or the one range of it that was asked for, and closes it.

    A file that is open cannot vanish, so that nothing fails once the answer has begun. Several ranges at once are not
    served: whoever asks for them gets the whole, as HTTP allows.

    Args:
        mark: what the bytes are known by, for the entity tag.

    Raises:
        Refused: 416 for a range behind the end; the file is closed.
    """

    def __init__(
        self, request: Request, file: BinaryIO, kind: str, *, mark: str, headers: Mapping[str, str] | None = None
    ) -> None:
        tag = f'"{mark}"'
        self._file, size = file, os.fstat(file.fileno()).st_size
        same = tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
        asked = None if request.headers.get("if-range", tag) != tag else request.headers.get("range")
        try:
            part = None if same else within(asked or "", size)
        except Refused:
            file.close()
            raise
        self._start, self._left = (0, 0) if same else (part or (0, size))
        super().__init__(status_code=304 if same else 206 if part else 200, media_type=kind)
        self.headers.update({"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "ETag": tag})
        self.headers.update(headers or {})
        if same:
            del self.headers["content-type"]
        else:
            self.headers["content-length"] = str(self._left)
        if part:
            self.headers["content-range"] = f"bytes {part[0]}-{part[0] + part[1] - 1}/{size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        with self._file as file:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            file.seek(self._start)
            while self._left > 0:
                block = await outcome(started(file.read, min(BLOCK, self._left)))
                self._left -= len(block)
                await send({"type": "http.response.body", "body": block, "more_body": True})
                if not block:
                    break
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def within(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first byte of a `Range` header and how many bytes; None for what is no single range of bytes.

    Raises:
        Refused: 416 for one that holds no byte of the file.
    """
    found = _RANGE.fullmatch(asked.strip().replace(" ", ""))
    if found is None or found[1] is found[2] is None:
        return None
    if found[1] is None:  # so many at the end
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= end:
        raise Refused(416, f"the file has {size} bytes", {"Content-Range": f"bytes */{size}"})
    return start, end - start


def disposition(called: str, *, attachment: bool) -> str:
    """Return a `Content-Disposition` with a file's name, in the form for all alphabets where it needs one."""
    how = "attachment" if attachment else "inline"
    name = f'filename="{called}"' if _PLAIN.fullmatch(called) else f"filename*=UTF-8''{quote(called, safe='')}"
    return f"{how}; {name}"
