"""Augment: a reformulation beside the question, where one is wanted and the gate lets it through."""

from __future__ import annotations

from collections.abc import Mapping

from langgraph.runtime import Runtime

from ...core.errors import ModelError
from ...core.llm import Gateway
from ...prompts import load
from ...retrieval.hop.role import Query
from ...retrieval.query.written import Unusable, Written
from ..context import Context, Watch
from ..state import State


async def augment(state: State, runtime: Runtime[Context]) -> State:
    """Put what the augmenter makes of the question into the frontier, as text, so that it need not be made again.

    It comes after the first search, by whose outcome the gate decides, and its search is no hop. The question has been
    asked already: where nothing usable is written the run goes on as if nobody had tried, and says so.
    """
    context = runtime.context
    watch = Watch("augment", state)
    run = context.working(state)
    chance = None if context.gate is None else context.gate.chance(state["ranked"], state["finds"], run)
    if context.expired() or (context.gate and chance is not None and chance < context.gate.threshold):
        return State(augmented=False, events=[watch.event(queries=0, **_facts(chance, []))])
    updater, llm, notices = context.updaters[context.augment], None, list[str]()
    if isinstance(updater, Written):
        llm = context.model(state)
        queries, notices = await written(updater, run.question, llm)
    else:
        queries = updater.propose([], run)
    event = watch.event(queries=len(queries), **_facts(chance, notices))
    runtime.stream_writer(event)
    changes = State(augmented=bool(queries), events=[event], spent=llm.taken() if llm else [])
    return State(**changes, frontier=queries) if queries else changes


async def written(updater: Written, question: str, llm: Gateway | None) -> tuple[list[Query], list[str]]:
    """Return the queries that a language model writes, and what to tell of replies that could not be had or used."""
    if llm is None:
        return [], [f"no language model writes {updater.name!r}, so the question stands alone; set POLYHOP_LLM"]
    texts: list[str] = []
    notices: list[str] = []
    asked = [
        {"role": "system", "content": load(f"augment-{updater.name}")},
        {"role": "user", "content": f"Question: {question}"},
    ]
    for sample in range(updater.samples):
        if not llm.allows():
            notices.append(f"no budget is left to write {updater.name!r}")
            break
        try:
            reply = await llm.complete(
                "augment", asked, max_tokens=updater.tokens, temperature=updater.temperature, sample=sample
            )
            texts.append(updater.text(question, reply))
        except ModelError as error:
            notices.append(str(error))
            break
        except Unusable as error:
            notices.append(f"what {llm.name!r} wrote as {updater.name!r} was dropped: {error}")
    queries = [
        Query(text=text, updater=updater.name, checkpoint=updater.checkpoint, path=[], score=1.0)
        for text in dict.fromkeys(texts)
    ]
    return queries, list(dict.fromkeys(notices))


def _facts(chance: float | None, notices: list[str]) -> Mapping[str, object]:
    facts: dict[str, object] = {} if chance is None else {"chance": round(chance, 4)}
    return facts | ({"notices": notices} if notices else {})


def due(state: State) -> str:
    """Return the node after `rank`."""
    return "augment" if state["hops"] == 1 and state.get("augmented") is None else "judge"


def beside(state: State) -> str:
    """Return the node after `augment`."""
    return "search" if state["augmented"] else "judge"
