"""Work in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")

_loop: asyncio.AbstractEventLoop | None = None
_making = threading.Lock()


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


async def aside(work: Coroutine[Any, Any, Result]) -> Result:
    """Wait for work in the event loop that lives as long as the process; giving up cancels it.

    For libraries whose connections and tasks belong to a loop, where each question may have one of its own.
    """
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _lasting()))


def _lasting() -> asyncio.AbstractEventLoop:
    global _loop
    with _making:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="polyhop loop", daemon=True).start()
        return _loop


def _forget() -> None:
    """Begin anew in a forked process, which has none of the threads."""
    global _loop, _making
    _loop, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
