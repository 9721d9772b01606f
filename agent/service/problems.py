"""What goes wrong, as problem details (RFC 9457); for OpenAI's clients the same with an `error` as they expect it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ...core.errors import CallerError, OperatorError
from ...core.logs import get_logger
from ...store.collection import NoCollection
from ...store.lock import LockedError
from .limits import BusyError

PROBLEM = "application/problem+json"
OPENAI = "/v1/"
log = get_logger(__name__)


class ProblemBody(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no collection 'x'"}
            ]
        },
    )
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = Field(default=[], description="which fields are wrong, as JSON pointers, and why")


class Refused(Exception):
    """A request that is answered by a problem."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """Return a problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    if request.url.path.startswith(OPENAI):
        body["error"] = {"message": detail, "type": _openai_type(status), "param": None, "code": None}
    return JSONResponse(body, status, dict(headers or {}), media_type=PROBLEM)


def _openai_type(status: int) -> str:
    known = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    return known.get(status, "invalid_request_error" if status < 500 else "server_error")


def problem_of(request: Request, error: Exception) -> Response:
    """Return what is told of an error: whose fault it is decides the status, and what a stranger may read of it."""
    if isinstance(error, Refused):
        return problem(request, error.status, error.detail, headers=error.headers)
    if isinstance(error, BusyError):
        again = {"Retry-After": str(max(1, math.ceil(error.seconds)))}
        if error.rate:
            return problem(request, 429, "too many requests; slow down", headers=again)
        return problem(request, 503, "the server has no room for another request now", headers=again)
    if isinstance(error, TimeoutError):
        return problem(request, 504, "the deadline of the request has passed")
    if isinstance(error, NoCollection):
        return problem(request, 404, str(error))
    if isinstance(error, CallerError):
        return problem(request, 400, str(error))
    if isinstance(error, LockedError):
        log.warning("locked", error=str(error))
        return problem(request, 503, "another process is writing to the collection", headers={"Retry-After": "2"})
    if isinstance(error, OperatorError):  # it may name files of the server
        log.error("failed", path=request.url.path, error=str(error))
    else:
        log.exception("failed", path=request.url.path, exc_info=error)
    return problem(request, 500, "the server failed at it; its log says why")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, str(error.detail), headers=error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [{"pointer": _pointer(one["loc"]), "detail": str(one["msg"])} for one in error.errors()[:20]]
    first = wrong[0] if wrong else {"pointer": "", "detail": "it is not valid"}
    return problem(request, 422, f"{first['pointer'] or 'the request'}: {first['detail']}", errors=wrong)


def _pointer(place: Sequence[int | str]) -> str:
    """Return a JSON pointer into the body, or the name of a parameter."""
    kind, *parts = place
    joined = "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return f"#/{joined}" if kind == "body" else joined


async def _any(request: Request, error: Exception) -> Response:
    return problem_of(request, error)


def install(app: FastAPI) -> None:
    """Let every error of an app be told as a problem."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in (Refused, BusyError, TimeoutError, CallerError, OperatorError, Exception):
        app.add_exception_handler(kind, _any)


#: what any operation may answer, for the OpenAPI description
COMMON: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemBody, "description": said}
    for status, said in {
        400: "The request cannot be done as it is: an empty question, a bad filter, a body that is no JSON.",
        401: "No key, or one that does not hold.",
        403: "The key lacks the scope, or a web page of another origin asks.",
        404: "There is no such thing.",
        413: "The body is too large.",
        422: "A field of the request is wrong; `errors` says which.",
        429: "Too many requests a minute.",
        500: "The server failed.",
        503: "The server has no room now, or another process writes to the collection.",
        504: "The deadline has passed.",
    }.items()
}
