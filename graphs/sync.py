"""One adapter that gives async nodes a synchronous form."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

from langchain_core.runnables import RunnableLambda
from langgraph.runtime import Runtime, get_runtime

from .context import Context
from .state import State

Result = TypeVar("Result")
AsyncNode = Callable[[State, Runtime[Context]], Coroutine[Any, Any, State]]


def run_sync(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end from synchronous code, also where an event loop is already running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[Any] = []

    def thread() -> None:
        try:
            outcome.append((asyncio.run(work), None))
        except BaseException as error:
            outcome.append((None, error))

    worker = threading.Thread(target=thread)
    worker.start()
    worker.join()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def both(node: AsyncNode) -> RunnableLambda[State, State]:
    """Return a node that runs under `invoke` and under `ainvoke`."""

    @wraps(node)
    async def in_loop(state: State) -> State:
        return await node(state, get_runtime(Context))

    @wraps(node)
    def without_loop(state: State) -> State:
        return run_sync(node(state, get_runtime(Context)))

    return RunnableLambda(without_loop, afunc=in_loop, name=node.__name__)
