"""Augment: a reformulation beside the question, where one is wanted and the gate lets it through."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import ModelError
from ...core.llm.gateway import Gateway
from ...prompts import load
from ...retrieval.candidate import Query
from ...retrieval.query.written import Unusable, Written
from ...retrieval.run import Run
from ..state import State
from ..watch import Watch


async def augment(state: State, run: Run) -> State:
    """Put what the augmenter makes of the question into the frontier, as text, so that it need not be made again.

    It comes after the first search, by whose outcome the gate decides, and its search is no hop. The question has been
    asked already: where nothing usable is written the run goes on as if nobody had tried, and says so.
    """
    watch = Watch("augment", state)
    gate = run.config.gate
    chance = None if gate is None else gate.chance(state["ranked"], state["found"], run)
    if run.expired() or (gate and chance is not None and chance < gate.threshold):
        return State(augmented=False, events=[watch.event(queries=0, **_facts(chance, []))])
    augmenter, llm, notices = run.config.augment, None, list[str]()
    if isinstance(augmenter, Written):
        llm = run.model(state.get("spent", []))
        queries, notices = await written(augmenter, run.question, llm)
    else:
        queries = augmenter.reformulate(run) if augmenter else []
    event = watch.event(queries=len(queries), **_facts(chance, notices))
    run.emit(event)
    changes = State(augmented=bool(queries), events=[event], spent=llm.taken() if llm else [])
    return State(**changes, frontier=queries) if queries else changes


async def written(augmenter: Written, question: str, llm: Gateway | None) -> tuple[list[Query], list[str]]:
    """Return the queries that a language model writes, and what to tell of replies that could not be had or used."""
    if llm is None:
        return [], [f"no language model writes {augmenter.name!r}, so the question stands alone; set POLYHOP_LLM"]
    texts: list[str] = []
    notices: list[str] = []
    asked = [
        {"role": "system", "content": load(f"augment-{augmenter.name}")},
        {"role": "user", "content": f"Question: {question}"},
    ]
    for sample in range(augmenter.samples):
        if not llm.allows():
            notices.append(f"no budget is left to write {augmenter.name!r}")
            break
        try:
            reply = await llm.complete(
                "augment", asked, max_tokens=augmenter.tokens, temperature=augmenter.temperature, sample=sample
            )
            texts.append(augmenter.text(question, reply))
        except ModelError as error:
            notices.append(str(error))
            break
        except Unusable as error:
            notices.append(f"what {llm.name!r} wrote as {augmenter.name!r} was dropped: {error}")
    queries = [
        Query(text=text, updater=augmenter.name, checkpoint=augmenter.checkpoint, path=[], score=1.0)
        for text in dict.fromkeys(texts)
    ]
    return queries, list(dict.fromkeys(notices))


def _facts(chance: float | None, notices: list[str]) -> Mapping[str, object]:
    facts: dict[str, object] = {} if chance is None else {"chance": round(chance, 4)}
    return facts | ({"notices": notices} if notices else {})
