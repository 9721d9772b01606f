"""An agent as a LangChain retriever, or as a LangChain tool."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from ...core.errors import CallerError
from ..results import RankedPassage, Retrieval


class PassageRetriever(BaseRetriever):
    """Finds the passages that together answer a question, best first; errors are raised as they are.

    Use it where a chain always looks things up, and `Agent.as_tool` where a model decides when to.
    """

    find: Callable[[str], Retrieval] = Field(repr=False)
    afind: Callable[[str], Awaitable[Retrieval]] = Field(repr=False)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [document(passage) for passage in self.find(query).passages]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [document(passage) for passage in (await self.afind(query)).passages]


def document(passage: RankedPassage) -> Document:
    """Return a passage as LangChain has it, how it was found beside its own metadata, which gives way."""
    found = {
        "title": passage.title,
        "source": passage.source,
        "score": passage.score,
        "hop": passage.hop,
        "via": passage.via,
        "path": [step.title for step in passage.path],
    }
    return Document(id=passage.id, page_content=passage.text, metadata={**passage.metadata, **found})


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


def passages_tool(
    find: Callable[[str, int], Sequence[Mapping[str, Any]]], name: str = "find_passages"
) -> StructuredTool:
    """Return a LangChain tool over a function from (question, k) to passages as mappings.

    A mistake of the calling model comes back to it as text that says what to change; errors of the machine are raised.
    """

    def run(question: str, k: int = 5) -> str:
        try:
            found = find(question, k)
        except CallerError as error:
            return f"error: {error}"
        return json.dumps(
            [{"number": number, **passage} for number, passage in enumerate(found, start=1)], ensure_ascii=False
        )

    return StructuredTool.from_function(run, name=name, description=DESCRIPTION, args_schema=Ask)
