"""The select_tools graph: intents, search, choose, expand, abstain, over one state of plain JSON."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, TypedDict, cast

from pydantic import BaseModel, Field

from ..core.check import check_k, question_text
from ..core.errors import ModelError
from ..core.llm.gateway import Gateway
from ..core.types import Spent
from ..tools.select.choose import IntentCover, Need, Needs, Twins, why
from ..tools.select.engine import Engine, ToolCandidate
from ..tools.select.gloss import asked
from ..tools.select.intents import MOST
from ..tools.select.intents import intents as split
from ..tools.select.prompt import QueryPrompt, tidy
from .loop import END, START, drive, way
from .state import Event, append

#: tokens that the queries of a language model may have
TOKENS = 400
#: A catalogue of no more tools than this refuses nothing by itself: whoever asks could offer them all.
FEW = 8
#: Of the model's threshold for a request that was put into English: what is lost in that speaks against no tool.
GLOSSED = 0.5


class Wanted(TypedDict, total=False):
    """What a selection starts from."""

    request: str
    k: int
    where: str


class Selecting(Wanted, total=False):
    """The state of a selection; every node returns the keys it changes."""

    #: the request in English, as far as the glossary goes; the request itself if it is English
    asked: str
    #: what the request asks for, one thing each
    intents: list[str]
    #: best first
    candidates: list[ToolCandidate]
    #: ids of the first k tools, and what does the same as each
    chosen: list[str]
    alternatives: dict[str, list[str]]
    reasons: dict[str, str]
    #: tools that give what the chosen ones must be given
    needs: list[Need]
    #: probability that the catalogue has what the request asks for
    answerable: float
    #: why nothing is offered; empty where something is
    abstained: str
    events: Annotated[list[Event], append]
    spent: list[Spent]


class ToolQueries(BaseModel):
    """What a language model says of the tools that a request needs."""

    tools: list[str] = Field(max_length=2 * MOST)


@dataclass(slots=True)
class Selector:
    """One run's context: the engine, the policies, and the language model if there is one.

    `threshold` is the probability of being answerable below which nothing is offered; by default the model's own, and
    none where there are few tools.
    `prompt` is how the language model is asked.
    """

    engine: Engine
    cover: IntentCover | None = field(default_factory=IntentCover)
    twins: Twins | None = field(default_factory=Twins)
    needs: Needs | None = field(default_factory=Needs)
    threshold: float | None = None
    llm: Gateway | None = None
    prompt: QueryPrompt = field(default_factory=QueryPrompt)
    seconds: float = math.inf
    cancelled: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)


async def intents(state: Selecting, selector: Selector) -> Selecting:
    """Find out what the request asks for: by a language model where there is one, otherwise by rules."""
    began = time.perf_counter()
    request, llm = question_text(state.get("request")), selector.llm
    index = selector.engine.index()
    english = asked(request, index.snapshot.tools, index.lexicon.vocabulary.counts)
    found, notices = split(english), list[str]()
    if llm is not None and llm.allows():
        try:
            found = await written(request, llm, selector.prompt) or found
        except ModelError as error:
            notices.append(f"no queries of a language model: {error}")
    spent = llm.taken() if llm is not None else []
    event = _event("intents", began, queries=1 + len(found), notices=notices)
    return Selecting(
        request=request,
        asked=english,
        k=check_k(state.get("k", 5)),
        where=state.get("where", ""),
        intents=found,
        events=[event],
        spent=spent,
    )


async def written(request: str, llm: Gateway, prompt: QueryPrompt) -> list[str]:
    """Return the queries that a language model writes for a request, none where it says that no tool is needed.

    Raises:
        ModelError: where there is no reply to be had that can be read.
    """
    said = await llm.structured("intents", prompt.messages(request), ToolQueries, max_tokens=TOKENS)
    return tidy(said.tools)


def search(state: Selecting, selector: Selector) -> Selecting:
    """Search for the request and for each intent, by words and by meaning."""
    began = time.perf_counter()
    found = selector.engine.search(state["asked"], state["intents"], where=state["where"])
    event = _event("search", began, found=len(found["candidates"]))
    return Selecting(candidates=found["candidates"], answerable=found["answerable"], events=[event])


def choose(state: Selecting, selector: Selector) -> Selecting:
    """Choose k tools that together serve all intents; what does the same as one of them is its alternative."""
    began = time.perf_counter()
    index, cover = selector.engine.index(), selector.cover
    candidates = cover.order(state["candidates"], index) if cover else state["candidates"]
    twins = selector.twins or Twins(head=0)
    choice = twins.choose(candidates, state["k"], index.snapshot)
    of = {one["id"]: one for one in candidates}
    reasons = {name: why(of[name], state["intents"]) for name in choice.chosen}
    event = _event("choose", began)
    return Selecting(chosen=choice.chosen, alternatives=choice.alternatives, reasons=reasons, events=[event])


def expand(state: Selecting, selector: Selector) -> Selecting:
    """Add the tools that give what the chosen ones must be given."""
    began = time.perf_counter()
    needs = selector.needs
    found = needs.of(state["chosen"], state["asked"], selector.engine.index()) if needs else []
    return Selecting(needs=found, events=[_event("expand", began, found=len(found))])


def abstain(state: Selecting, selector: Selector) -> Selecting:
    """Say that nothing fits where the ranking does not look like one that holds an answer."""
    began = time.perf_counter()
    threshold = _threshold(selector, state)
    sure = state["answerable"]
    reason = ""
    if not state["chosen"]:
        reason = "there is no tool to choose from"
    elif sure < threshold:
        reason = f"no tool seems to do this: sure to {sure:.2f}, less than {threshold:.2f}"
    return Selecting(abstained=reason, events=[_event("abstain", began, reason=reason)])


def _threshold(context: Selector, state: Selecting) -> float:
    """Return the bound that was given, or the model's; a catalogue of few tools can as well offer them all."""
    if context.threshold is not None:
        return context.threshold
    if len(context.engine.index().snapshot.tools) <= FEW:
        return 0.0
    return context.engine.model.threshold * (1.0 if state["asked"] == state["request"] else GLOSSED)


STEPS: Mapping[str, Any] = {step.__name__: step for step in (intents, search, choose, expand, abstain)}
ONWARD = dict(pairwise([START, *STEPS, END]))


def select(wanted: Wanted, selector: Selector) -> Selecting:
    """Take a request through the steps and return the last state."""
    return drive(way(STEPS, ONWARD, Selecting, wanted), _taken, selector)


def _taken(step: Any, state: Selecting, selector: Selector) -> Any:
    return step(state, selector)


def select_graph(checkpointer: Any = None) -> Any:
    """Return the compiled graph; run it with a `Selector` as its context."""
    from langgraph.graph import StateGraph
    from langgraph.runtime import get_runtime

    from .graph import connect

    graph = StateGraph(Selecting, context_schema=Selector, input_schema=Wanted, output_schema=Selecting)
    connect(graph, STEPS, ONWARD, lambda step, state: _taken(step, state, get_runtime(Selector).context))
    return graph.compile(checkpointer=checkpointer, name="select_tools")


def _event(name: str, began: float, **facts: Any) -> Event:
    said = {key: value for key, value in facts.items() if value not in ("", [])}
    return cast(Event, {"event": name, "hop": 0, "ms": round(1000 * (time.perf_counter() - began), 3), **said})
