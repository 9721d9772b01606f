"""What one question carries through the graph: plain JSON types, so that any checkpointer can keep it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict, cast

from ..conversation.turn import Turn
from ..core.types import Spent
from ..retrieval.candidate import Candidate, PursuedQuestion, Query, Understood

#: whether passages are all that is wanted, or an answer made of them
Task = Literal["retrieve", "answer"]


class Event(TypedDict, total=False):
    """What happened in one step, as it is streamed and kept: `event` names the node, the rest belongs to it.

    `hop` is the hop that the step belongs to, 0 for the first search.
    """

    event: str
    hop: int
    ms: float
    queries: int
    found: int
    new: int
    bridges: list[str]
    dropped: list[str]
    reason: str
    question: str
    sure: bool
    chance: float
    notices: list[str]
    text: str
    again: bool
    understood: list[str]


def add_found(old: Sequence[Candidate], new: Sequence[Candidate]) -> list[Candidate]:
    """Append the candidates that are not there yet, in their order; another way to a passage is another candidate."""
    seen = {_identity(one) for one in old}
    merged = list(old)
    for one in new:
        if (identity := _identity(one)) not in seen:
            seen.add(identity)
            merged.append(one)
    return merged


def append(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Return both lists as one."""
    return [*old, *new]


def _identity(one: Candidate) -> tuple[Any, ...]:
    return one["id"], one["via"], one["name"], *one["path"]


class Request(TypedDict, total=False):
    """What a run starts from, checked by whoever makes it (`agent/options.py`)."""

    task: Task
    question: str
    #: what was said before; the question is then made of it and of the last turn
    history: list[Turn]
    turn: str
    k: int
    where: str


class State(Request, total=False):
    """The shared state of the graphs; every node returns the keys it changes."""

    #: what was made of the question, where that is not the question itself
    understood: Understood | None
    #: queries to run next
    frontier: list[Query]
    #: every way to every passage found
    found: Annotated[list[Candidate], add_found]
    #: each passage found, once, best first
    ranked: list[Candidate]
    #: passages that were expanded
    expanded: list[str]
    #: searches made, the first and one for each hop; that of a reformulation does not count
    searches: int
    #: whether there is a language model to be asked
    llm: bool
    #: whether the question was reformulated; None while that is not decided
    augmented: bool | None
    #: passages of the last search that no earlier one found, those that no hop has begun at, and those of the best k
    #: that are new there
    new_passages: int
    unread: int
    new_best: int
    #: probability that the best k hold everything needed, where somebody estimates it
    sufficiency: float | None
    #: sub-questions, as each was asked, with its answers and what it found
    asked: list[PursuedQuestion]
    #: the stop rule that fired, once one did
    stopped: str
    events: Annotated[list[Event], append]
    #: what language models were asked, by which node, and what that cost
    spent: Annotated[list[Spent], append]
    #: the written answer and its checked citations, in the answer graph
    answer: dict[str, Any]


def new_best(state: State, ranked: Sequence[Candidate]) -> int:
    """Return how many of the best k passages of a ranking are not among the best k of the state."""
    before = {item["id"] for item in state["ranked"][: state["k"]]}
    return sum(item["id"] not in before for item in ranked[: state["k"]])


class Watch:
    """Times a step and makes its event."""

    def __init__(self, event: str, state: State, *, ahead: bool = False) -> None:
        """Start; a step `ahead` of a search belongs to the hop that this search makes, others to the one made last."""
        self._event = event
        self._hop = max(0, state.get("searches", 0) - (not ahead))
        self._began = time.perf_counter()

    def event(self, **facts: object) -> Event:
        """Return the event with its milliseconds so far; facts that are None and empty notices are left out."""
        milliseconds = round(1000 * (time.perf_counter() - self._began), 3)
        said = {key: fact for key, fact in facts.items() if fact is not None and (fact or key != "notices")}
        return cast(Event, {"event": self._event, "hop": self._hop, "ms": milliseconds, **said})
