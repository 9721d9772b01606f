"""Questions: passages, answers, conversations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ...conversation.turn import ASSISTANT, USER
from ...core.errors import CallerError, PolyhopError
from ...core.logs import get_logger
from ...core.threads import outcome, started
from ...graphs.state import Event
from ..agent import Agent
from ..hop_svg import hop_tree_svg
from ..options import QuestionOptions, requested
from ..results import Answer
from .agui import AgUiRun
from .bodies import (
    AnswerBody,
    AskBody,
    ChatAnswerBody,
    ChatBody,
    RetrievalBody,
    RetrieveBody,
    SearchBody,
)
from .events import EventStream, told
from .limits import QUESTION_BYTES
from .problems import COMMON
from .state import Reader, Service, service_of

log = get_logger(__name__)
router = APIRouter(tags=["questions"], responses=COMMON, max_body_size=QUESTION_BYTES)
EVENTS: dict[str, Any] = {
    "text/event-stream": {
        "example": 'data: {"type":"RUN_STARTED","runId":"…"}\n\n'
    }  # OpenAPI 3.1 cannot describe events
}


History = Sequence[Mapping[str, Any]]


class PosedQuestion:
    """A question put to an agent, in a conversation with the turns before it.

    Raises:
        CallerError: for one that cannot be asked, so that it is told before a stream begins.
    """

    def __init__(
        self,
        agent: Agent,
        question: str,
        k: int | None,
        where: str,
        *,
        history: History | None,
        svg: bool = False,
        explain: bool = False,
    ) -> None:
        self.question, self._agent, self._k, self._history, self._svg = question, agent, k, history, svg
        self._options: QuestionOptions = {"where": where, "history": history or [], "explain": explain}
        requested(question, k or agent.settings.k, self._options)

    def answer(self) -> Coroutine[Any, Any, Answer]:
        """Return the work of answering it."""
        return self._agent.aask(self.question, self._k, **self._options)

    def parts(self) -> AsyncGenerator[Event | Answer, None]:
        """Yield the events of the run, then the answer."""
        return cast(AsyncGenerator[Event | Answer, None], self._agent.astream(self.question, self._k, **self._options))

    async def outcome(self, answer: Answer) -> Mapping[str, Any]:
        """Return an answer as it is sent: in a conversation with the turns to send the next time."""
        told = await drawn(answer.to_dict()) if self._svg else answer.to_dict()
        if self._history is None:
            return told
        asked = {"role": USER, "content": answer.retrieval.turn, "question": answer.question}
        said = {"role": ASSISTANT, "content": answer.text if answer.found else "", "titles": answer.titles}
        return {**told, "messages": [*self._history, asked, said]}


async def drawn(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an outcome with its hops as SVG; a thousand passages take a while to draw."""
    return {**told, "svg": await outcome(started(hop_tree_svg, told))}


@router.post("/retrieve", response_model=RetrievalBody)
async def retrieve(body: RetrieveBody, request: Request, caller: Reader) -> Response:
    """Find the passages that together answer a question. No language model writes anything."""
    service = service_of(request)
    async with AsyncExitStack() as held:
        agent = await _agent(service, caller.tenant, body, held)
        work = agent.aretrieve(body.question, body.k, where=body.where, explain=body.explain)
        found = await service.unless_left(request, work)
        told = found.to_dict()
        return JSONResponse(await drawn(told) if body.svg else told)


@router.post("/ask", response_model=AnswerBody, responses={200: {"content": EVENTS}})
async def ask(body: AskBody, request: Request, caller: Reader) -> Response:
    """Answer a question from passages, with citations; with `stream` the hops are told as they happen."""
    return await _answered(request, caller.tenant, body, body.question)


@router.post("/chat", response_model=ChatAnswerBody, responses={200: {"content": EVENTS}})
async def chat(body: ChatBody, request: Request, caller: Reader) -> Response:
    """Answer the last turn of a conversation, understood by those before; nothing of it is kept on the server."""
    *before, last = body.messages
    if last.role != USER:
        raise CallerError("the last turn must be a user's")
    return await _answered(request, caller.tenant, body, last.content, history=[one.turn() for one in before])


async def _agent(service: Service, tenant: str, body: SearchBody, held: AsyncExitStack) -> Agent:
    """Return the agent for a request; `held` gives back what the request holds."""
    await held.enter_async_context(service.admitted())
    lent = service.shelf.agent(tenant, body.collections, body.wish())
    return await held.enter_async_context(lent)


async def _answered(
    request: Request, tenant: str, body: AskBody | ChatBody, question: str, *, history: History | None = None
) -> Response:
    service = service_of(request)
    async with AsyncExitStack() as held:
        agent = await _agent(service, tenant, body, held)
        told: dict[str, bool] = {"svg": body.svg, "explain": body.explain}
        posed = PosedQuestion(agent, question, body.k, body.where, history=history, **told)
        if body.stream:
            return EventStream(_streamed(service, posed), service, held.pop_all())
        answer = await service.unless_left(request, posed.answer())
        return JSONResponse(await posed.outcome(answer))


async def _streamed(service: Service, posed: PosedQuestion) -> AsyncGenerator[bytes, None]:
    """Yield a run as AG-UI events; closing it ends the run."""
    run = AgUiRun(posed.question)
    for event in run.begin():
        yield told(event)
    try:
        async with service.within_deadline(), aclosing(posed.parts()) as parts:
            async for part in parts:
                heard = run.end(part, await posed.outcome(part)) if isinstance(part, Answer) else run.hear(part)
                yield b"".join(map(told, heard))
    except Exception as error:  # whoever listens must hear of it
        yield b"".join(map(told, run.fail(*failure(error))))


def failure(error: Exception) -> tuple[str, str]:
    """Return what is told of an error in a stream, and its name."""
    if isinstance(error, TimeoutError):
        return "the deadline of the request has passed", "deadline"
    if isinstance(error, PolyhopError):
        log.error("stream failed", error=str(error))
    else:
        log.exception("stream failed", exc_info=error)
    shown = str(error) if isinstance(error, CallerError) else "the server failed at it; its log says why"
    return shown, type(error).__name__
