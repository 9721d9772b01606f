"""What one question carries through the graph: plain JSON types, so that any checkpointer can keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from ..conversation import Turn
from ..core.llm.gateway import Spent
from ..retrieval.hop.role import Find, Query
from ..retrieval.query.pursue import PursuedQuestion
from ..retrieval.query.understood import Understood
from ..retrieval.rerank.role import Ranked


class Event(TypedDict, total=False):
    """What happened in one step, as it is streamed and kept: `event` names the node, the rest belongs to it."""

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


def add_finds(old: Sequence[Find], new: Sequence[Find]) -> list[Find]:
    """Append the finds that are not there yet, in the order in which they were made."""
    seen = {_identity(find) for find in old}
    merged = list(old)
    for find in new:
        if (identity := _identity(find)) not in seen:
            seen.add(identity)
            merged.append(find)
    return merged


def append(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Append."""
    return [*old, *new]


def _identity(find: Find) -> tuple[Any, ...]:
    return find["id"], find["via"], find["name"], *find["path"]


class Request(TypedDict, total=False):
    """What a run starts from."""

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
    #: every way in which a passage was found
    finds: Annotated[list[Find], add_finds]
    #: everything found, best first
    ranked: list[Ranked]
    #: passages that were gone on from
    expanded: list[str]
    #: searches made; that of a reformulation does not count
    hops: int
    #: whether the question was reformulated; None while that is not decided
    augmented: bool | None
    #: passages of the last search that no earlier one found, and those of the best k that are new there
    new_passages: int
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
