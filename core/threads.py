"""Work in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


def started(work: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Begin work in a daemon thread: unlike one of a pool it keeps neither an event loop nor a program from ending."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(*arguments))
        except BaseException as error:  # whoever waits must hear of it
            future.set_exception(error)

    threading.Thread(target=run, name=f"polyhop {getattr(work, '__name__', 'work')}", daemon=True).start()
    return future


async def outcome(future: Future[Result]) -> Result:
    """Wait for work; giving up leaves it to itself."""
    return await asyncio.shield(asyncio.wrap_future(future))
