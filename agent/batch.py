"""Many questions at once: runs that wait for each other, to ask the embedder and the vector index for several.

Each run has a thread, and few of them have a turn at a time. A run that needs a vector or a dense search gives its turn
away and waits. Once many wait, or too few are left to keep the processor busy, the needs of all are computed in one
call. Vectors do not depend on their company, so that the results are those of one question at a time.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Literal, cast

from ..core.errors import CallerError, OperatorError
from ..graphs.loop import ask
from ..graphs.state import State
from ..retrieval.deferred import Deferred, Need, Outcome, compute
from ..retrieval.retriever import CallableRetriever, Retriever
from .results import Retrieval
from .runtime import PreparedRun

#: what becomes of an error: raised once all questions are asked, or returned in the place of its question
Errors = Literal["raise", "return"]

# Runs that have a turn: while one computes, another waits for the disk; more would only queue for the interpreter. A
# search of the user's own may wait for a network.
TURNS = 2
TURNS_OWN = 8
# Runs under way, and those that wait until their needs are computed together: more are hardly any faster.
ACTIVE = 64
TOGETHER = 16


@dataclass(slots=True)
class Waiting:
    """What a run waits for, and what came of it."""

    needs: Sequence[Need]
    outcomes: Mapping[Need, Outcome] = field(default_factory=dict)
    failure: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class BatchRun:
    """Takes questions to their retrievals or errors; used once.

    Args:
        ask: makes of a question what is run; it is called once the question has its turn, so that the memory of runs
            and their time are those of the few that are under way.
        retrieval_of: makes a retrieval of the state that a run ends in.
    """

    def __init__(
        self,
        questions: Sequence[str],
        ask: Callable[[str], PreparedRun],
        *,
        retriever: Retriever,
        retrieval_of: Callable[[State, PreparedRun], Retrieval],
        errors: Errors,
    ) -> None:
        if errors not in ("raise", "return"):
            raise CallerError(f"errors must be 'raise' or 'return', not {errors!r}")
        self._questions = tuple(questions)
        self._ask = ask
        self._retriever = retriever
        self._retrieval_of = retrieval_of
        self._errors = errors
        self._turns = TURNS_OWN if isinstance(retriever, CallableRetriever) else TURNS
        self._turn = threading.BoundedSemaphore(self._turns)
        self._inside = threading.Lock()
        self._waiting: list[Waiting] = []
        self._left = len(self._questions)
        self._held = 0  # runs that wait, or whose needs are being computed
        self._stopped = False
        # The runs under way, by their threads. A run's own retriever does not know it: it would live on as a cycle.
        self._active: dict[int, PreparedRun] = {}

    def run(self) -> list[Retrieval | Exception]:
        """Return what became of each question, in their order; all are asked before an error is raised, if one is."""
        here = copy_context()  # traces hang the runs below the caller's span
        with ThreadPoolExecutor(ACTIVE) as pool:
            try:
                outcomes = list(pool.map(lambda question: here.copy().run(self._outcome, question), self._questions))
            except BaseException:
                self.stop()
                raise
        failed = [(place, outcome) for place, outcome in enumerate(outcomes) if isinstance(outcome, Exception)]
        if failed and self._errors == "raise":
            place, error = failed[0]
            error.add_note(f"question {place} of the batch; {len(failed)} of {len(outcomes)} failed")
            raise error
        return outcomes

    def stop(self) -> None:
        """Begin no more runs, and let those under way end after the hop that they are in."""
        with self._inside:
            self._stopped = True
            for asked in self._active.values():
                asked.abandon()

    def _outcome(self, question: str) -> Retrieval | Exception:
        try:
            with self._turn:
                return self._run(question)
        except Exception as error:
            _forget(error)
            return error
        finally:
            with self._inside:
                self._left -= 1
            self._compute()

    def _run(self, question: str) -> Retrieval:
        asked = self._ask(question)
        with self._inside:
            if self._stopped:
                raise OperatorError("the batch was stopped before this question was asked; ask it again")
            self._active[threading.get_ident()] = asked
        try:
            asked.run.retriever = cast(Retriever, Deferred(self._retriever, self._wait))
            return self._retrieval_of(ask(asked.request, asked.run), asked)
        finally:
            with self._inside:
                del self._active[threading.get_ident()]

    def _wait(self, needs: Sequence[Need]) -> Mapping[Need, Outcome]:
        """Give the turn away until the needs are computed, with those of others or, if nobody else can, here."""
        waiting, began = Waiting(needs), time.monotonic()
        with self._inside:
            self._held += 1
            self._waiting.append(waiting)
        self._turn.release()
        try:
            self._compute()
            waiting.done.wait()
        finally:
            self._turn.acquire()
            if (asked := self._active.get(threading.get_ident())) is not None:
                asked.run.pause(time.monotonic() - began)
        if waiting.failure is not None:
            raise waiting.failure
        return waiting.outcomes

    def _compute(self) -> None:
        """Compute what is waited for, as long as enough wait or too few are able to go on."""
        while together := self._due():
            try:
                outcomes = compute(self._retriever, [need for waiting in together for need in waiting.needs])
                for waiting in together:
                    waiting.outcomes = {need: outcomes[need] for need in waiting.needs}
            except BaseException as failure:
                for waiting in together:
                    waiting.failure = failure
            with self._inside:
                self._held -= len(together)
            for waiting in together:
                waiting.done.set()

    def _due(self) -> list[Waiting]:
        with self._inside:
            able = min(ACTIVE, self._left) - self._held
            if len(self._waiting) < TOGETHER and able >= self._turns:
                return []
            together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            return together


def _forget(error: BaseException) -> None:
    """Let go of what the steps behind an error held, which would be the whole memory of its run."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            left += [one.__cause__, one.__context__]
