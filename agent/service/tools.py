"""Tools: the choice of those that a request needs, and a look into a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from ...core.threads import outcome, started
from ...tools.tool import Tool
from ..selection import SelectedTool, Selection, ToolSelector
from .bodies import TOOLS, CollectionName, SelectBody, SelectionBody, ToolsPage
from .documents import WHERE
from .limits import QUESTION_BYTES
from .problems import COMMON
from .state import Reader, service_of

router = APIRouter(tags=["tools"], responses=COMMON, max_body_size=QUESTION_BYTES)


@router.post("/select_tools", response_model=SelectionBody)
async def select_tools(body: SelectBody, request: Request, caller: Reader) -> Response:
    """Choose the tools of a catalogue that a request needs, or none."""
    service = service_of(request)
    async with service.admitted(), service.shelf.tools(caller.tenant, body.collection) as selector:
        work = selector.aselect(body.request, body.k, where=body.where)
        chosen = await service.unless_left(request, work)
    return JSONResponse(selected(chosen))


def selected(chosen: Selection) -> dict[str, Any]:
    """Return what is told of a selection."""
    return {
        "request": chosen.request,
        "tools": [_tool(one) for one in chosen.tools],
        "answerable": chosen.answerable,
        "abstained": chosen.abstained,
        "why": chosen.why,
        "intents": list(chosen.intents),
    }


def _tool(one: SelectedTool) -> dict[str, Any]:
    return {
        "name": one.name,
        "score": one.score,
        "reason": one.reason,
        "description": one.tool.description,
        "definition": one.definition(),
        "alternatives": list(one.alternatives),
    }


@router.get("/tools", response_model=ToolsPage)
async def list_tools(
    request: Request,
    caller: Reader,
    *,
    collection: Annotated[CollectionName, Query(description="a catalogue, as `polyhop tools add` makes one")] = TOOLS,
    q: Annotated[str, Query(max_length=WHERE, description="words, for which the best tools are listed")] = "",
    where: Annotated[str, Query(max_length=WHERE, examples=["", "server = 'bank'"])] = "",
    after: Annotated[str, Query(max_length=4_096, description="`next` of the page before; not with `q`")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List the tools of a catalogue by id, or those that fit some words, best first."""
    service = service_of(request)
    async with service.admitted(), service.shelf.tools(caller.tenant, collection) as selector:
        if not q.strip():
            return JSONResponse(await outcome(started(_page, selector, after, limit, where)))
        chosen = await service.unless_left(request, selector.aselect(q, limit, where=where))
    rows = [_row(one.tool, one.name, score=one.score, reason=one.reason) for one in chosen.ranked]
    return JSONResponse({"tools": rows, "next": None, "answerable": chosen.answerable})


def _page(selector: ToolSelector, after: str, limit: int, where: str) -> dict[str, Any]:
    snapshot = selector.catalogue.snapshot()
    wanted = frozenset(selector.catalogue.collection.keys(where)) if where.strip() else None
    rows = [
        (tool, name)
        for tool, name in zip(snapshot.tools, snapshot.shown, strict=True)
        if tool.id > after and (wanted is None or tool.id in wanted)
    ]
    rows.sort(key=lambda row: row[0].id)
    shown: Sequence[tuple[Tool, str]] = rows[:limit]
    following = shown[-1][0].id if len(rows) > limit else None
    return {"tools": [_row(tool, name) for tool, name in shown], "next": following, "answerable": None}


def _row(tool: Tool, name: str, *, score: float | None = None, reason: str | None = None) -> dict[str, Any]:
    return {
        "id": tool.id,
        "name": name,
        "server": tool.server,
        "owner": tool.owner,
        "kind": tool.kind,
        "tags": list(tool.tags),
        "description": tool.description,
        "required": list(tool.required),
        "optional": list(tool.optional),
        "outputs": list(tool.outputs),
        "score": score,
        "reason": reason,
        "definition": tool.definition(name),
    }
