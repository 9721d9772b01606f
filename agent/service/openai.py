"""The protocol of OpenAI's chat completions, so that its clients work unchanged; a model is a collection and a profile.

Passages that an answer cites stand in `annotations`, as `url_citation`s. What a client sets that a search has no use
for, such as a temperature, is passed over.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Any, Literal, get_args
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from ...conversation.turn import ASSISTANT, USER
from ...core.errors import CallerError
from ...store.collection import NoCollection
from ...tools.catalogue import holds_tools
from ..results import Answer, RankedPassage
from .events import EventStream, told
from .limits import QUESTION_BYTES
from .problems import COMMON
from .questions import PosedQuestion, failure
from .shelf import AgentWish, Profile
from .side_calls import side_call
from .state import Reader, Service, service_of

PREFIX = "polyhop/"
PROFILES: Sequence[Profile] = get_args(Profile)
DONE = "[DONE]"
router = APIRouter(prefix="/v1", tags=["openai"], responses=COMMON, max_body_size=QUESTION_BYTES)


class PartBody(BaseModel):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(extra="allow")
    type: str
    text: str | None = None


class MessageBody(BaseModel):
    """A message; those of users and assistants are read."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[PartBody] | None = None

    @property
    def text(self) -> str:
        """Return its text."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.text)


class StreamOptions(BaseModel):
    """What is streamed besides."""

    model_config = ConfigDict(extra="allow")
    include_usage: bool = False


class CompletionBody(BaseModel):
    """A conversation whose last message, a user's, is to be answered."""

    model_config = ConfigDict(extra="allow")
    model: str = Field(max_length=200, examples=["polyhop/default/fast"])
    messages: list[MessageBody] = Field(
        min_length=1,
        max_length=1_000,
        examples=[[{"role": "user", "content": "In which city was the director of Jaws born?"}]],
    )
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(1, ge=1, le=1)


class ModelBody(BaseModel):
    """A collection in a profile."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsBody(BaseModel):
    """The models that there are."""

    object: Literal["list"]
    data: list[ModelBody]


class CompletionAnswer(BaseModel):
    """A chat completion, as OpenAI describes it."""

    model_config = ConfigDict(extra="allow")
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]


@router.get("/models", response_model=ModelsBody)
async def list_models(request: Request, caller: Reader) -> Response:
    """List a model for each collection of documents and each profile."""
    service = service_of(request)
    found = [name for name in service.shelf.names(caller.tenant) if await _has_documents(service, caller.tenant, name)]
    return JSONResponse(
        {"object": "list", "data": [_model(f"{PREFIX}{name}/{one}") for name in found for one in PROFILES]}
    )


@router.get("/models/{model:path}", response_model=ModelBody)
async def get_model(
    model: Annotated[str, Path(max_length=200, examples=["polyhop/default/fast"])], request: Request, caller: Reader
) -> Response:
    """Say that there is a model."""
    service = service_of(request)
    name, _ = _meant(model)
    if not await _has_documents(service, caller.tenant, name):
        raise _unknown(model)
    return JSONResponse(_model(model))


@router.post(
    "/chat/completions",
    response_model=CompletionAnswer,
    responses={200: {"content": {"text/event-stream": {"example": 'data: {"object":"chat.completion.chunk"}\n\n'}}}},
)
async def complete(body: CompletionBody, request: Request, caller: Reader) -> Response:
    """Answer the last message from the passages of a collection."""
    service = service_of(request)
    name, profile = _meant(body.model)
    said = _Reply(body.model, str(request.base_url), name)
    question, history = _asked(body)
    async with AsyncExitStack() as held:
        await held.enter_async_context(service.admitted())
        try:
            agent = await held.enter_async_context(service.shelf.agent(caller.tenant, [name], AgentWish(profile)))
        except NoCollection:
            raise _unknown(body.model) from None
        posed = PosedQuestion(agent, question, None, "", history=history)
        aside = side_call(question)
        if body.stream:
            pieces = _streamed(service, posed, said, aside, usage=_wants_usage(body))
            return EventStream(pieces, service, held.pop_all())
        if aside is not None:
            return JSONResponse(said.whole(aside))
        answer = await service.unless_left(request, posed.answer())
    return JSONResponse(said.whole(answer.text, answer))


def _wants_usage(body: CompletionBody) -> bool:
    return body.stream_options is not None and body.stream_options.include_usage


def _asked(body: CompletionBody) -> tuple[str, list[dict[str, Any]]]:
    """Return the question and the turns before it."""
    turns = [{"role": one.role, "content": one.text} for one in body.messages if one.role in (USER, ASSISTANT)]
    if body.messages[-1].role != USER:
        raise CallerError("the last message must be a user's")
    return turns[-1]["content"], turns[:-1]


async def _streamed(
    service: Service, posed: PosedQuestion, said: _Reply, aside: str | None, *, usage: bool
) -> AsyncGenerator[bytes, None]:
    """Yield a completion in chunks.

    The text comes once its citations are checked: this protocol cannot take back what was said.
    """
    yield told(said.chunk({"role": "assistant", "content": ""}))
    try:
        async with service.within_deadline():
            answer = await posed.answer() if aside is None else None
    except Exception as error:  # whoever listens must hear of it
        yield told({"error": {"message": failure(error)[0], "type": "server_error", "param": None, "code": None}})
        return
    text = answer.text if answer else aside or ""
    for piece in _pieces(text):
        yield told(said.chunk({"content": piece}))
    if noted := said.annotations(text, answer):
        yield told(said.chunk({"annotations": noted}))
    yield told(said.chunk({}, finish="stop"))
    if usage:
        yield told({**said.chunk({}), "choices": [], "usage": _usage(answer)})
    yield told(DONE)


def _pieces(text: str) -> list[str]:
    """Return a text word by word, as clients show it."""
    return [piece + " " * (place < text.count(" ")) for place, piece in enumerate(text.split(" "))]


class _Reply:
    """Makes the objects of one completion.

    Args:
        base: address of the server, at which a passage of a file can be looked up.
    """

    def __init__(self, model: str, base: str, collection: str) -> None:
        self._base, self._collection = base, collection
        self._common = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    def whole(self, text: str, answer: Answer | None = None) -> dict[str, Any]:
        """Return the completion."""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        message["annotations"] = self.annotations(text, answer)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._common, "object": "chat.completion", "choices": [choice], "usage": _usage(answer)}

    def chunk(self, delta: Mapping[str, Any], *, finish: str | None = None) -> dict[str, Any]:
        """Return a chunk of a streamed completion."""
        choice = {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish}
        return {**self._common, "object": "chat.completion.chunk", "choices": [choice]}

    def annotations(self, text: str, answer: Answer | None) -> list[dict[str, Any]]:
        """Return the passages that each sentence cites, with the characters that the sentence has in the text."""
        found, after = [], 0
        for citation in answer.citations if answer else ():
            start = max(0, text.find(citation["sentence"], after))
            after = start + len(citation["sentence"]) if text[start:].startswith(citation["sentence"]) else after
            for number in citation["passages"]:
                if answer and 0 < number <= len(answer.retrieval.passages):
                    passage = answer.retrieval.passages[number - 1]
                    found.append(self._annotation(passage, start, max(start, after)))
        return found

    def _annotation(self, passage: RankedPassage, start: int, end: int) -> dict[str, Any]:
        url = passage.source
        if not url.startswith(("http://", "https://")):
            url = f"{self._base}collections/{self._collection}/documents/{quote(passage.document)}"
        cited = {"start_index": start, "end_index": end, "title": passage.title or passage.document, "url": url}
        return {"type": "url_citation", "url_citation": cited}


def _usage(answer: Answer | None) -> dict[str, int]:
    """Return what a language model read and wrote for it; nothing without one."""
    cost = answer.retrieval.cost if answer else None
    read, wrote = (cost.tokens_in, cost.tokens_out) if cost else (0, 0)
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "polyhop"}


def _meant(model: str) -> tuple[str, Profile]:
    """Return the collection and the profile that a model is."""
    name, _, profile = model.removeprefix(PREFIX).partition("/")
    found = next((one for one in PROFILES if one == profile), None)
    if not model.startswith(PREFIX) or found is None:
        raise _unknown(model)
    return name, found


def _unknown(model: str) -> NoCollection:
    return NoCollection(f"there is no model {model[:200]!r}; GET /v1/models lists them")


async def _has_documents(service: Service, tenant: str, name: str) -> bool:
    try:
        async with service.shelf.collection(tenant, name) as collection:
            return not holds_tools(collection.record, empty=False)
    except (NoCollection, CallerError):
        return False
