"""An agent as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

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
