"""Coroutines run from synchronous code."""

from __future__ import annotations

from contextvars import ContextVar

from polyhop.graphs.sync import run_sync

PLACE: ContextVar[str] = ContextVar("place", default="nowhere")


async def place() -> str:
    """Return where this runs."""
    return PLACE.get()


async def test_context_variables_come_along() -> None:
    """Also where an event loop runs already, and the coroutine needs a thread: LangGraph finds its stream by one."""
    PLACE.set("in a graph")
    assert "in a graph" == run_sync(place())
