"""Retrieval as a tool that an agent can call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from ..core.errors import CallerError

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
