"""An agent as a LangChain retriever, or as a LangChain tool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
    adispatch_custom_event,
    dispatch_custom_event,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from ...core.errors import CallerError
from ...graphs.state import Event
from ..results import RankedPassage, Retrieval
from .passages import metadata_of

#: the name of LangChain's custom events; the data of each is an `Event` of the run
EVENT = "polyhop"

Emit = Callable[[Event], None]


class PassageRetriever(BaseRetriever):
    """Finds the passages that together answer a question, best first; errors are raised as they are.

    Use it where a chain always looks things up, and `Agent.as_tool` where a model decides when to. The steps of a run
    go to callbacks and to `astream_events` as custom events called `EVENT`, as they happen.
    """

    find: Callable[[str, Emit], Retrieval] = Field(repr=False)
    afind: Callable[[str, Emit], Awaitable[Retrieval]] = Field(repr=False)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        heard: Any = {"callbacks": run_manager.get_child()}
        found = self.find(query, lambda event: dispatch_custom_event(EVENT, event, config=heard))
        return [document(passage) for passage in found.passages]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        heard: Any = {"callbacks": run_manager.get_child()}
        loop, events = asyncio.get_running_loop(), asyncio.Queue[Event | None]()

        def emit(event: Event) -> None:  # steps run in threads
            loop.call_soon_threadsafe(events.put_nowait, event)

        finding = asyncio.ensure_future(self.afind(query, emit))
        finding.add_done_callback(lambda done: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                await adispatch_custom_event(EVENT, event, config=heard)
            return [document(passage) for passage in (await finding).passages]
        finally:
            finding.cancel()


def document(passage: RankedPassage) -> Document:
    """Return a passage as LangChain has it, how it was found beside its own metadata, which gives way."""
    return Document(id=passage.id, page_content=passage.text, metadata=metadata_of(passage))


MOST = 20
DESCRIPTION = (
    "Find the passages that together answer a question, also when no single document does. Give the whole question as "
    "it was asked, not keywords. Returns numbered passages with title, text, source and the path that led to each; "
    "cite by number."
)


class Ask(BaseModel):
    """What the tool takes."""

    question: str = Field(description="the question, in full")
    k: int = Field(5, ge=1, le=MOST, description="passages to return")


class Finding(Protocol):
    """What the tool asks, such as an agent."""

    def retrieve(self, question: str, k: int | None = None) -> Retrieval:
        """Return the passages for a question."""
        ...

    async def aretrieve(self, question: str, k: int | None = None) -> Retrieval:
        """Do what `retrieve` does."""
        ...


def passages_tool(agent: Finding, name: str = "find_passages") -> StructuredTool:
    """Return a LangChain tool over an agent.

    A model reads numbered passages as JSON; the message that it stands in has the same passages as LangChain documents
    in its `artifact`, in the same order, so that a program can follow a citation by its number. A mistake of the
    calling model comes back to it as text that says what to change; errors of the machine are raised.
    """

    def run(question: str, k: int = 5) -> tuple[str, list[Document]]:
        try:
            return _told(agent.retrieve(question, k))
        except CallerError as error:
            return f"error: {error}", []

    async def arun(question: str, k: int = 5) -> tuple[str, list[Document]]:
        try:
            return _told(await agent.aretrieve(question, k))
        except CallerError as error:
            return f"error: {error}", []

    return StructuredTool.from_function(
        run, arun, name=name, description=DESCRIPTION, args_schema=Ask, response_format="content_and_artifact"
    )


def _told(found: Retrieval) -> tuple[str, list[Document]]:
    numbered = [{"number": number, **passage} for number, passage in enumerate(found.brief(), start=1)]
    return json.dumps(numbered, ensure_ascii=False), [document(passage) for passage in found.passages]
