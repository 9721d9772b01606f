"""The loop: which step follows which, and the run of a question through them. This is the one executor.

A question is a table of steps and a loop over it. LangGraph's machinery costs a third of a fast question
(docs/architecture.md has the figures), so that a run which nobody streams or keeps goes through this loop; the graph in
`graph.py` is made of the same table and ends in the same state.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from inspect import iscoroutine, iscoroutinefunction
from typing import Any, Literal, TypeVar, cast, get_type_hints

from structlog.contextvars import bound_contextvars

from ..core.deadline import due
from ..core.errors import Suspended
from ..core.telemetry import RunTrace, begin
from ..retrieval.retriever import Retriever, source_of
from ..retrieval.run import Run
from ..retrieval.stop import MOST_HOPS
from .nodes.steps import choosing, finish, hop, instructed, judge, plan, rank, rerank, search
from .state import Request, State

START, END = "__start__", "__end__"  # as LangGraph calls them
Step = Callable[[Any, Any], Any]
Onward = Mapping[str, str | Callable[[Any], str]]
Result = TypeVar("Result", bound=Mapping[str, Any])
Value = TypeVar("Value")


def entry(state: State) -> Literal["condense", "plan"]:
    """Return the first step: without a history there is nothing to condense."""
    return "condense" if state.get("history") else "plan"


def after_rank(state: State) -> Literal["augment", "judge"]:
    """Return the step after `rank`."""
    return "augment" if state["searches"] == 1 and state.get("augmented") is None else "judge"


def after_augment(state: State) -> Literal["search", "judge"]:
    """Return the step after `augment`."""
    return "search" if state["augmented"] else "judge"


def after_judge(state: State) -> Literal["hop", "rerank"]:
    """Return the step after `judge`."""
    return "rerank" if state["stopped"] else "hop"


def after_hop(state: State) -> Literal["search", "rerank"]:
    """Return the step after `hop`."""
    return "rerank" if state["stopped"] else "search"


def after_rerank(state: State) -> Literal["escalate", "finish"]:
    """Return the step after `rerank`: only a language model can split the question, or choose passages."""
    return "escalate" if state.get("llm") else "finish"


def after_finish(state: State) -> Literal["answer", "__end__"]:
    """Return the step after `finish`: where passages are all that is wanted, the end."""
    return "answer" if state.get("task") == "answer" else "__end__"


def late(name: str, needed: Callable[[State, Run], bool] | None = None) -> Step:
    """Return an async step that most questions do not need; its module is imported when one needs it.

    Args:
        needed: says cheaply whether the step may change anything; without it the step is always taken.
    """

    async def step(state: State, run: Run) -> State:
        if needed is not None and not needed(state, run):
            return State()
        module = import_module(f"{__package__}.nodes.{name}")
        return cast(State, await getattr(module, name)(state, run))

    step.__name__ = name
    return step


#: A hop is four steps, a reformulation three; the rest are before and after.
MOST_STEPS = 4 * (MOST_HOPS + 1) + 15

STEPS: Mapping[str, Step] = {
    step.__name__: step
    for step in (
        late("condense"),
        plan,
        late("instruct", instructed),
        late("augment"),
        search,
        rank,
        judge,
        hop,
        rerank,
        late("escalate"),
        late("choose", choosing),
        finish,
        late("answer"),
    )
}
#: the step after each, or what names it
ONWARD: Onward = {
    START: entry,
    "condense": "plan",
    "plan": "instruct",
    "instruct": "search",
    "search": "rank",
    "rank": after_rank,
    "augment": after_augment,
    "judge": after_judge,
    "hop": after_hop,
    "rerank": after_rerank,
    "escalate": "choose",
    "choose": "finish",
    "finish": after_finish,
    "answer": END,
}


def ask(request: Request | State, run: Run, at: str = START) -> State:
    """Take a question through the steps and return the last state.

    Args:
        request: what is asked; with `at`, the state of a run that was suspended.
        at: the step that such a run goes on with.

    Raises:
        Suspended: where the language model's `approve` raises it; it holds the step and the state before it.
    """
    with bound_contextvars(run=run.id), observed(request, run) as told:
        return told(drive(way(STEPS, ONWARD, State, request, at=at), taken, run))


async def aask(request: Request | State, run: Run, at: str = START) -> State:
    """Do what `ask` does, in a thread; with a language model, the steps that ask it wait in this event loop.

    Raises:
        Suspended: as for `ask`.
    """
    if run.llm is None:
        return await asyncio.to_thread(ask, request, run, at)
    with bound_contextvars(run=run.id), observed(request, run) as told:
        return told(await _waited(request, run, at))


async def _waited(request: Request | State, run: Run, at: str) -> State:
    async def take(step: Step, state: State) -> Any:
        if iscoroutinefunction(step):
            return await taken(step, state, run)
        queued = time.monotonic()

        def compute() -> Any:
            run.pause(time.monotonic() - queued)  # waiting for a thread is not the run's time
            return taken(step, state, run)

        return await asyncio.to_thread(compute)

    begun = way(STEPS, ONWARD, State, request, at=at)
    step, state = next(begun)
    try:
        while True:
            step, state = begun.send(await take(step, state))
    except StopIteration as end:
        return cast(State, end.value)
    except Suspended as suspended:
        raise suspended.at(step.__name__, state) from None


def taken(step: Step, state: State, run: Run) -> Any:
    """Take a step of a run, which is told first what the state says is asked."""
    understood = state.get("understood")
    if understood is not None:
        run.about(understood["query"], understood["where"], state["k"], understood)
    elif "question" in state:
        run.about(state["question"], state.get("where", ""), state.get("k", 0))
    with due(run.started + run.config.seconds):
        if run.trace is None:
            return step(state, run)
        if iscoroutinefunction(step):
            return _told_later(step, state, run)
        with run.trace.step(step.__name__, state) as span:
            return span.told(step(state, run))


async def _told_later(step: Step, state: State, run: Run) -> Any:
    with cast(RunTrace, run.trace).step(step.__name__, state) as span:
        return span.told(await step(state, run))


@contextmanager
def observed(request: Request | State, run: Run) -> Iterator[Callable[[State], State]]:
    """Give a run spans, where somebody traces; its searches too.

    What it lends is told the state that the run ends in, and returns it. It changes no context variable, so that a
    generator may stand inside.
    """
    said = request.get("question") or request.get("turn", "")
    task, source = request.get("task", "retrieve"), source_of(run.retriever)
    run.trace = begin(id=run.id, task=task, question=said, k=request.get("k", 0), source=source)
    if run.trace is None:
        yield _as_it_is
    else:
        from ..retrieval.traced import Traced

        run.retriever = cast(Retriever, Traced(run.retriever, run.trace))
        with run.trace as trace:
            yield trace.ended


def _as_it_is(state: State) -> State:
    return state


def way(
    steps: Mapping[str, Step],
    onward: Onward,
    kind: type[Result],
    begun: Mapping[str, Any],
    *,
    at: str = START,
) -> Generator[tuple[Step, Result], Any, Result]:
    """Yield (step, state) one after the other, take what the step changes, and return the last state.

    With `at` it goes on with that step, in a state of which `begun` holds all.
    """
    reducers = _reducers(kind)
    state: Any = dict(begun)
    after = onward[START] if at == START else at
    for _ in range(MOST_STEPS):
        name = after if isinstance(after, str) else after(state)
        if name == END:
            break
        changes = yield steps[name], state
        joined = {key: reducers[key](state.get(key, []), new) for key, new in changes.items() if key in reducers}
        state = {**state, **changes, **joined}
        after = onward[name]
    return cast(Result, state)


@lru_cache(maxsize=8)
def _reducers(kind: type) -> Mapping[str, Callable[[Any, Any], Any]]:
    """Return how a new value of a key joins the old one, as the state says; of other keys the new value counts."""
    hints = get_type_hints(kind, include_extras=True)
    return {key: hint.__metadata__[0] for key, hint in hints.items() if hasattr(hint, "__metadata__")}


def drive(
    begun: Generator[tuple[Step, Result], Any, Result], take: Callable[[Step, Result, Any], Any], with_what: Any
) -> Result:
    """Take the steps of a way one after the other and return the last state.

    Args:
        take: takes a step in a state `with_what`, which has the language model as `llm`. It is no closure: the frames
            behind an error keep the functions that they ran, and with a closure all that a run has met.
    """
    step, state = next(begun)
    try:
        while True:
            changes = awaited(take(step, state, with_what), alone=with_what.llm is None)
            step, state = begun.send(changes)
    except StopIteration as end:
        return cast(Result, end.value)
    except Suspended as suspended:
        raise suspended.at(step.__name__, state) from None


def awaited(work: Any, *, alone: bool) -> Any:
    """Return what a step comes to; `alone`, without a language model, an async one waits for nothing: no event loop."""
    if not iscoroutine(work):
        return work
    if not alone:
        return run_sync(cast(Coroutine[Any, Any, Any], work))
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    finally:
        work.close()
    raise RuntimeError(f"{work!r} waits for something although there is no language model")


def run_sync(work: Coroutine[Any, Any, Value]) -> Value:
    """Run a coroutine to its end from synchronous code, also where an event loop is already running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
