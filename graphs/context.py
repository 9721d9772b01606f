"""What nodes work with and what never enters the state: the parts of the machine, and the run's own memory."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ..core.errors import CallerError
from ..core.llm.gateway import Gateway
from ..retrieval.hop.role import SEARCH, HopUpdater
from ..retrieval.query.gate import Gate
from ..retrieval.query.pursue import Pursuit
from ..retrieval.rerank.duplicates import Duplicates
from ..retrieval.rerank.exclude import Exclude
from ..retrieval.rerank.role import Ranked, Ranker, Reranker
from ..retrieval.rerank.sufficiency import ALWAYS, Sufficiency
from ..retrieval.retriever import Retriever
from ..retrieval.run import Run
from .escalation import Never, Spend
from .state import Event, State
from .stop import Stop


@dataclass(slots=True)
class Context:
    """One run's context, made anew for each run, which a second one is refused.

    `started` is when it was made until the run begins: a question may wait for its turn, and its `seconds` are not to
    pass meanwhile.

    `updaters` run the queries of the frontier, by name; that named in `first` runs the question itself, and those named
    in `hops` also propose new ones. `augment` names the updater that reformulates the question after the first search,
    or is empty; a `gate` has to let it through.
    Without `duplicates` near-duplicates keep their places.

    After the last search those named in `further` are asked too, and the `light` rerankers order everything. Where the
    outcome is less sufficient than `sure` then, all `rerankers` do, in this order.

    `spend` says, of the outcome, whether a language model is to split the question; `pursuit` searches for its parts.
    """

    retriever: Retriever
    updaters: Mapping[str, HopUpdater]
    hops: tuple[str, ...]
    ranker: Ranker
    stop: Stop
    first: str = SEARCH
    duplicates: Duplicates | None = None
    #: whether instructions in a question are followed, and how passages that they leave out are moved back
    instructions: bool = True
    exclude: Exclude = field(default_factory=Exclude)
    augment: str = ""
    gate: Gate | None = None
    further: tuple[str, ...] = ()
    light: tuple[Reranker, ...] = ()
    rerankers: tuple[Reranker, ...] = ()
    sufficiency: Sufficiency | None = None
    sure: float = ALWAYS
    spend: Spend = field(default_factory=Never)
    pursuit: Pursuit = field(default_factory=Pursuit)
    llm: Gateway | None = None
    #: whether somebody listens to the pieces of an answer as they are written
    heard: bool = False
    seconds: float = math.inf
    cancelled: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)
    _begun: bool = False
    _working: Run | None = None
    _resumed: bool = False

    def begin(self) -> None:
        """Start the clock; the first node of a run says so.

        Raises:
            CallerError: where a run has begun with this context before; its memory, budget and clock are used up.
        """
        if self._begun:
            raise CallerError("this context has had its run; make a new one for each question")
        self._begun, self.started = True, time.monotonic()

    def pause(self, seconds: float) -> None:
        """Leave out of the run's time what it has waited for other runs."""
        self.started += seconds
        if self.llm is not None:
            self.llm.deadline += seconds

    def working(self, state: State) -> Run:
        """Return the run's memory, empty at first, after a resumption and for anything else that is asked."""
        understood, k = state.get("understood"), state.get("k", 0)
        question, where = state["question"], state.get("where", "")
        if understood is not None:
            question, where = understood["query"], understood["where"]
        run = self._working
        if run is None or (run.question, run.where, run.k, run.understood) != (question, where, k, understood):
            run = self._working = Run(self.retriever, question, where, k=k)
            run.understood = understood
        return run

    def model(self, state: State) -> Gateway | None:
        """Return the way to language models, if there is one; it ends with the run.

        What a resumed run had spent counts.
        """
        if self.llm is not None and not self._resumed:
            self.llm.resume(state.get("spent", []))
            self.llm.deadline = min(self.llm.deadline, self.started + self.seconds)
            self._resumed = True
        return self.llm

    def kept_to(self, ranked: list[Ranked], run: Run) -> list[Ranked]:
        """Return a ranking with what the question wants left out behind the rest."""
        return self.exclude.move(ranked, run.understood, run)

    def distinct(self, ranked: list[Ranked], run: Run) -> list[Ranked]:
        """Return a ranking with near-duplicates moved back, if they are to be."""
        return ranked if self.duplicates is None else self.duplicates.move(ranked, run)

    def estimate(self, ranked: Sequence[Ranked], run: Run) -> float | None:
        """Return the probability that the head of a ranking is sufficient, where it is asked for."""
        return None if self.sufficiency is None else self.sufficiency.estimate(ranked, run)

    def expired(self) -> bool:
        """Say whether the run is to end now, whatever else could be done."""
        return self.cancelled.is_set() or time.monotonic() - self.started >= self.seconds


class Watch:
    """Times a step and makes its event."""

    def __init__(self, event: str, state: State) -> None:
        self._event = event
        self._hop = state.get("hops", 0)
        self._began = time.perf_counter()

    def event(self, **facts: object) -> Event:
        """Return the event with its milliseconds so far."""
        milliseconds = round(1000 * (time.perf_counter() - self._began), 3)
        event = {"event": self._event, "hop": self._hop, "ms": milliseconds, **facts}
        return cast(Event, event)
