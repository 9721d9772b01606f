"""What a server takes on: how many requests, how long, how large, how often."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

#: bytes of a request that is a question: one of 20,000 characters with the turns before it
QUESTION_BYTES = 2_000_000
#: keys and addresses whose rate is remembered
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The bounds of a server.

    Args:
        threads: that compute questions, 0 for one a core: more would only queue for the interpreter.
        most: requests at a time, those that wait for a thread or for a language model among them.
        rate: requests a minute of one key, or of one address without keys; 0 is no bound.
        deadline: seconds from a request to its answer.
        body: bytes of a request that brings documents.
        grace: seconds for what is under way when the server is stopped.
    """

    threads: int = 0
    most: int = 64
    rate: int = 0
    deadline: float = 120.0
    body: int = 100_000_000
    grace: float = 30.0

    @property
    def workers(self) -> int:
        """Return the number of threads."""
        return self.threads or max(2, os.cpu_count() or 2)


class QuestionPool(ThreadPoolExecutor):
    """The threads that compute questions, and what they do now."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, thread_name_prefix="polyhop-question")
        self._jobs: set[Future[Any]] = set()

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Let a thread do something."""
        job = super().submit(work, *arguments, **named)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return job

    async def quiet(self) -> None:
        """Wait until what is computed now is done.

        A question whose client has left goes on in its thread until its present step ends, and may read till then.
        """
        running = [asyncio.wrap_future(job) for job in tuple(self._jobs) if job.running()]
        if running:
            await asyncio.wait(running)


class BusyError(Exception):
    """The server has no room for a request now; `seconds` later it may. `rate` says that the caller asks too often."""

    def __init__(self, seconds: float, *, rate: bool = False) -> None:
        super().__init__(f"come back in {seconds:g} s")
        self.seconds, self.rate = seconds, rate


class Admission:
    """Lets as many requests in as there is room for. Used in one event loop."""

    def __init__(self, most: int) -> None:
        self.most, self.inside = most, 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place.

        Raises:
            BusyError: where all are taken.
        """
        if self.inside >= self.most:
            raise BusyError(1.0)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


class Rates:
    """Token buckets: whoever has been quiet may ask for a minute's worth at once."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> None:
        """Count a request.

        Raises:
            BusyError: for one too many.
        """
        if not self._rate:
            return
        now, rate = self._clock(), float(self._rate)
        left, since = self._left.pop(who, (rate, now))
        left = min(rate, left + (now - since) * rate / 60)
        self._left[who] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            raise BusyError((1 - left) * 60 / rate, rate=True)
