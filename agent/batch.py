"""Many questions at once: runs that take turns, so that the embedder and the vector index are asked for several.

A run goes on until it needs a vector or a dense search, and waits. Once many wait, or nothing else is left to do, what
they need is computed in one call. Vectors do not depend on their company, so that the results are those of one
question at a time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

from ..core.errors import CallerError, OperatorError
from ..graphs.state import State
from ..graphs.walk import Walk
from ..retrieval.deferred import Deferred, PutOff, compute
from ..retrieval.retriever import Own, Retriever
from .machine import Asked
from .results import Retrieval

#: what becomes of an error: raised once all questions are asked, or returned in the place of its question
Errors = Literal["raise", "return"]

# While one computes, another waits for the embedder or the disk; more would only queue for the interpreter. A search of
# the user's own may wait for a network.
WORKERS = 2
WORKERS_OWN = 8
# Runs in memory, and those that wait until their needs are computed together: more are hardly any faster.
ACTIVE = 64
TOGETHER = 32


def outcomes(done: Sequence[Retrieval | Exception], errors: Errors) -> Sequence[Retrieval | Exception]:
    """Return the outcomes, or raise the first error among them unless errors are to be returned."""
    if errors not in ("raise", "return"):
        raise CallerError(f"errors must be 'raise' or 'return', not {errors!r}")
    failed = [(place, outcome) for place, outcome in enumerate(done) if isinstance(outcome, Exception)]
    if failed and errors == "raise":
        place, error = failed[0]
        error.add_note(f"question {place} of the batch; {len(failed)} of {len(done)} failed")
        raise error
    return done


@dataclass(slots=True)
class Run:
    """A question under way, and its place in the batch."""

    place: int
    asked: Asked
    deferred: Deferred
    walk: Walk


@dataclass(slots=True)
class Batch:
    """Takes questions, already checked or failed, to their retrievals or errors; used once.

    `shape` makes a retrieval of the state that a run ends in.
    """

    retriever: Retriever
    asked: Sequence[Asked | Exception]
    shape: Callable[[State], Retrieval]
    _done: dict[int, Retrieval | Exception] = field(default_factory=dict)
    _new: deque[int] = field(default_factory=deque)
    _active: dict[int, Run] = field(default_factory=dict)
    _ready: deque[Run] = field(default_factory=deque)
    _waiting: deque[Run] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def run(self) -> list[Retrieval | Exception]:
        """Return what became of each question, in their order; an error takes the place of its own question only."""
        self._new.extend(range(len(self.asked)))
        count = WORKERS_OWN if isinstance(self.retriever, Own) else WORKERS
        with ThreadPoolExecutor(count) as pool:
            workers = [pool.submit(self._work) for _ in range(min(count, len(self.asked)))]
            try:
                for worker in workers:
                    worker.result()
            finally:
                self.stop()
        if len(self._done) < len(self.asked):
            raise OperatorError("the batch was stopped before all its questions were asked; ask the rest again")
        return [self._done[place] for place in range(len(self.asked))]

    def stop(self) -> None:
        """Begin no more runs, and let those under way end after the hop that they are in."""
        with self._changed:
            self._stopped = True
            for run in self._active.values():
                run.asked.abandon()
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None:
                task()
        except BaseException:
            self.stop()
            raise

    def _next(self) -> Callable[[], None] | None:
        """Return what to do next, waiting for others if need be; None once nothing is left."""
        with self._changed:
            while not self._stopped:
                startable = self._new and len(self._active) < ACTIVE
                if len(self._waiting) >= TOGETHER or (self._waiting and not self._ready and not startable):
                    together = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
                    return partial(self._compute, together)
                if self._ready:
                    return partial(self._go_on, self._ready.popleft())
                if startable:
                    return partial(self._begin, self._new.popleft())
                if len(self._done) == len(self.asked):
                    return None
                self._changed.wait()
        return None

    def _begin(self, place: int) -> None:
        asked = self.asked[place]
        if isinstance(asked, Exception):
            self._end(place, asked)
            return
        deferred = Deferred(self.retriever)
        asked.context.retriever = cast(Retriever, deferred)
        run = Run(place, asked, deferred, Walk(asked.request, asked.context))
        with self._changed:
            self._active[place] = run
        self._go_on(run)

    def _go_on(self, run: Run) -> None:
        """Take a run to its next need or to its end."""
        try:
            self._end(run.place, self.shape(run.walk.go()))
        except PutOff:
            self._queue(self._waiting, [run])
        except Exception as error:
            self._end(run.place, error)

    def _compute(self, runs: Sequence[Run]) -> None:
        outcomes = compute(self.retriever, [need for run in runs for need in run.deferred.needs])
        for run in runs:
            run.deferred.give(outcomes)
        self._queue(self._ready, runs)

    def _queue(self, queue: deque[Run], runs: Iterable[Run]) -> None:
        with self._changed:
            queue.extend(runs)
            self._changed.notify_all()

    def _end(self, place: int, outcome: Retrieval | Exception) -> None:
        with self._changed:
            self._done[place] = outcome
            self._active.pop(place, None)
            self._changed.notify_all()
