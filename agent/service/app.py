"""The application: all operations, their description, and how they start and end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from starlette.routing import Route

from .. import __version__
from . import documents, openai, passages, questions, runs, site, tools
from .bodies import HealthBody
from .edge import Edge
from .keys import DEFAULT
from .late import PATH, LateDoor
from .metrics import CONTENT_TYPE
from .problems import COMMON, PROBLEM, ProblemBody, Refused, install
from .state import Admin, Service, service_of

ABOUT = """Multi-hop retrieval over your documents. Errors are problem details (RFC 9457)."""
router = APIRouter(tags=["server"])


@router.get("/health", response_model=HealthBody)
async def health() -> Response:
    """Say that the process lives."""
    return JSONResponse({"status": "ok", "version": __version__})


@router.get("/ready", response_model=HealthBody, responses={503: {"model": ProblemBody, "description": "not yet"}})
async def ready(request: Request) -> Response:
    """Say whether questions can be asked now."""
    if not service_of(request).ready:
        raise Refused(503, "the server is starting or ending")
    return JSONResponse({"status": "ok", "version": __version__})


@router.get(
    "/metrics",
    responses={**COMMON, 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def metrics(request: Request, caller: Admin) -> Response:
    """Return counters for Prometheus; they are of all tenants, so that an admin key of the default tenant is needed."""
    if caller.tenant != DEFAULT:
        raise Refused(403, f"the counters are of all tenants; a key of {DEFAULT!r} is needed")
    return Response(service_of(request).metrics.text(), media_type=CONTENT_TYPE)


def make_app(service: Service, *, page: Path = site.FOLDER, mcp_write: bool = False) -> Edge:
    """Return the application around the state of a server.

    Args:
        page: the folder of the built web page.
        mcp_write: whether keys that may write are offered tools that write, over MCP.
    """
    door = LateDoor(service, writes=mcp_write)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await service.begin()
        try:
            yield
        finally:
            await door.end()
            await service.end()

    app = FastAPI(
        title="polyhop",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        max_body_size=service.limits.body,
        docs_url=None,  # it would load its scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False},
    )
    app.state.service, app.state.page = service, page
    own = (questions, tools, documents, passages, runs, openai, site)
    for one in (router, *(part.router for part in own)):
        app.include_router(one)
    app.router.routes.append(Route(PATH, door))
    install(app)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    return Edge(app, service)  # outside of everything, the limit of a body too


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description, in which errors have the media type that they are sent with."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for operation in (one for path in made["paths"].values() for one in path.values()):
            _as_problems(operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _as_problems(responses: dict[str, dict[str, Any]]) -> None:
    """Give the errors of an operation their media type."""
    for status, response in responses.items():
        if status >= "400" and "application/json" in response.get("content", {}):
            response["content"] = {PROBLEM: response["content"]["application/json"]}
