"""When the work of this thread is due, for whatever waits for others in it: a server, a process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .threads import Result

_due: ContextVar[float] = ContextVar("due", default=math.inf)


@contextmanager
def due(at: float) -> Iterator[None]:
    """Say that what is done inside has to end at a time of `time.monotonic`; an earlier one outside still counts."""
    token = _due.set(min(at, _due.get()))
    try:
        yield
    finally:
        _due.reset(token)


def left(most: float = math.inf) -> float:
    """Return the seconds until the work is due, 0 if it is late, `most` at most."""
    return max(0.0, min(most, _due.get() - time.monotonic()))


def within(seconds: float, work: Callable[..., Result], *arguments: Any) -> Result:
    """Return what work returns, done in a thread that is left to itself when it takes longer.

    Raises:
        TimeoutError: when it takes longer.
    """
    from .threads import started

    return started(work, *arguments).result(None if math.isinf(seconds) else seconds)
