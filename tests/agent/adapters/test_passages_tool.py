"""Retrieval as a tool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from langchain_core.tools import StructuredTool
from pydantic import ValidationError

from polyhop.agent.adapters.langchain import MOST, passages_tool
from polyhop.core.errors import CallerError, OperatorError


def build_tool(error: Exception | None = None) -> StructuredTool:
    """Return a tool over two passages, or over a search that raises."""

    def find(question: str, k: int) -> Sequence[Mapping[str, Any]]:
        if error:
            raise error
        return [{"title": title, "text": f"{question} {title}"} for title in ("Aare", "Rhine")][:k]

    return passages_tool(find)


def test_the_tool_numbers_what_it_found() -> None:
    """An agent gets JSON in which each passage has the number to cite it by."""
    found = json.loads(build_tool().invoke({"question": "Which river?", "k": 2}))

    assert [(1, "Aare"), (2, "Rhine")] == [(one["number"], one["title"]) for one in found]


def test_a_callers_mistake_goes_back_to_the_model() -> None:
    """What the model can mend is told to the model."""
    assert "error: the question is empty" == build_tool(CallerError("the question is empty")).invoke({"question": " "})


def test_an_operators_error_is_raised() -> None:
    """What the model cannot mend stops the agent."""
    with pytest.raises(OperatorError):
        build_tool(OperatorError("disk full")).invoke({"question": "Which river?"})


def test_k_is_bounded() -> None:
    """A model cannot ask for the whole collection."""
    with pytest.raises(ValidationError):
        build_tool().invoke({"question": "Which river?", "k": MOST + 1})
