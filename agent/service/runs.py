"""Runs that are kept (`POLYHOP_RUNS`): what was asked, what came of it, and a drawing of the hops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from ...core.threads import outcome, started
from ..hop_svg import hop_tree_svg
from ..traces import KEPT, NoRun, RunRecord, RunStore
from .bodies import RunBody, RunsBody
from .passages import SANDBOX
from .problems import COMMON, Refused
from .state import Reader, service_of

router = APIRouter(tags=["runs"], responses=COMMON)
SVG = "image/svg+xml"
RunId = Annotated[str, Path(description="id of a run, `run` in its outcome", pattern="^[0-9a-f]{16}$")]


@router.get("/runs", response_model=RunsBody)
async def list_runs(
    request: Request, caller: Reader, *, limit: Annotated[int, Query(ge=1, le=1_000)] = KEPT
) -> Response:
    """List the runs that are kept, the newest first."""
    service = service_of(request)
    async with service.admitted():
        found = await outcome(started(RunStore(service.shelf.home(caller.tenant)).list))
    return JSONResponse({"runs": found[:limit]})


@router.get("/runs/{run}", response_model=RunBody)
async def get_run(run: RunId, request: Request, caller: Reader) -> Response:
    """Return a run: the request, the settings that it was answered by, and the whole outcome."""
    return JSONResponse(await _run(run, request, caller.tenant))


@router.get(
    "/runs/{run}/svg", response_class=Response, responses={200: {"content": {SVG: {"schema": {"type": "string"}}}}}
)
async def draw_run(run: RunId, request: Request, caller: Reader) -> Response:
    """Return the hops of a run as a drawing."""
    record = await _run(run, request, caller.tenant)
    drawn = await outcome(started(hop_tree_svg, record["result"]))
    headers = {"Content-Security-Policy": f"{SANDBOX}; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}
    return Response(drawn, media_type=SVG, headers=headers)


async def _run(run: str, request: Request, tenant: str) -> RunRecord:
    service = service_of(request)
    async with service.admitted():
        try:
            return await outcome(started(RunStore(service.shelf.home(tenant)).get, run))
        except NoRun:  # its message names a folder of the server
            raise Refused(404, f"no run {run!r} is kept") from None
