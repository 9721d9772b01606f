"""Many questions at once: runs that wait for each other, to ask the embedder and the vector index for several.

Each run has a thread, and few of them have a turn at a time. A run that needs a vector or a dense search gives its turn
away and waits. Once many wait, or too few are left to keep the processor busy, the needs of all are computed in one
call. Vectors do not depend on their company, so that the results are those of one question at a time.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, cast

from ..core.errors import CallerError, OperatorError
from ..graphs.executor import walk
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


class Batch:
    """Takes questions, already checked or failed, to their retrievals or errors; used once.

    Args:
        shape: makes a retrieval of the state that a run ends in.
    """

    def __init__(
        self,
        retriever: Retriever,
        asked: Sequence[PreparedRun | Exception],
        *,
        shape: Callable[[State], Retrieval],
        errors: Errors,
    ) -> None:
        if errors not in ("raise", "return"):
            raise CallerError(f"errors must be 'raise' or 'return', not {errors!r}")
        self._retriever = retriever
        self._asked = asked
        self._shape = shape
        self._errors = errors
        self._turns = TURNS_OWN if isinstance(retriever, CallableRetriever) else TURNS
        self._turn = threading.BoundedSemaphore(self._turns)
        self._inside = threading.Lock()
        self._waiting: list[Waiting] = []
        self._left = len(asked)
        self._held = 0  # runs that wait, or whose needs are being computed
        self._stopped = False

    def run(self) -> list[Retrieval | Exception]:
        """Return what became of each question, in their order; all are asked before an error is raised, if one is."""
        # What is there before the batch, all imports among it, is spared the collections that its many values set off.
        gc.freeze()
        with ThreadPoolExecutor(ACTIVE) as pool:
            try:
                outcomes = list(pool.map(self._ask, self._asked))
            except BaseException:
                self.stop()
                raise
            finally:
                gc.unfreeze()
        failed = [(place, outcome) for place, outcome in enumerate(outcomes) if isinstance(outcome, Exception)]
        if failed and self._errors == "raise":
            place, error = failed[0]
            error.add_note(f"question {place} of the batch; {len(failed)} of {len(outcomes)} failed")
            raise error
        return outcomes

    def stop(self) -> None:
        """Begin no more runs, and let those under way end after the hop that they are in."""
        self._stopped = True
        for asked in self._asked:
            if isinstance(asked, PreparedRun):
                asked.abandon()

    def _ask(self, asked: PreparedRun | Exception) -> Retrieval | Exception:
        try:
            with self._turn:
                return asked if isinstance(asked, Exception) else self._run(asked)
        except Exception as error:
            return error
        finally:
            with self._inside:
                self._left -= 1
            self._compute()

    def _run(self, asked: PreparedRun) -> Retrieval:
        if self._stopped:
            raise OperatorError("the batch was stopped before this question was asked; ask it again")
        asked.context.retriever = cast(Retriever, Deferred(self._retriever, self._wait))
        return self._shape(walk(asked.request, asked.context))

    def _wait(self, needs: Sequence[Need]) -> Mapping[Need, Outcome]:
        """Give the turn away until the needs are computed, with those of others or, if nobody else can, here."""
        waiting = Waiting(needs)
        with self._inside:
            self._held += 1
            self._waiting.append(waiting)
        self._turn.release()
        try:
            self._compute()
            waiting.done.wait()
        finally:
            self._turn.acquire()
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
