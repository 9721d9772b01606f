"""Augment: a reformulation of the question, where one is wanted and the gate lets it through."""

from __future__ import annotations

from ...core.errors import ModelError
from ...core.llm.gateway import Gateway
from ...prompts import prompted
from ...retrieval.candidate import Query
from ...retrieval.query.reformulations import Unusable, Written
from ...retrieval.run import Run
from ..state import State, Watch


async def augment(state: State, run: Run) -> State:
    """Put what the augmenter makes of the question into the frontier, as text, so that it need not be made again.

    It comes after the first search, by whose outcome the gate decides, and its search is no hop. The question has been
    asked already: where nothing usable is written the run goes on as if nobody had tried, and says so.
    """
    watch = Watch("augment", state)
    gate = run.config.gate
    chance = None if gate is None else gate.chance(state["ranked"], state["found"], run)
    rounded = None if chance is None else round(chance, 4)
    if run.expired() or (gate and chance is not None and chance < gate.threshold):
        return State(augmented=False, events=[watch.event(queries=0, chance=rounded)])
    augmenter, llm, notices = run.config.augment, None, list[str]()
    if isinstance(augmenter, Written):
        llm = run.model(state.get("spent", []))
        queries, notices = await written(augmenter, run.question, llm)
    else:
        queries = augmenter.reformulate(run) if augmenter else []
    event = watch.event(queries=len(queries), chance=rounded, notices=notices)
    run.emit(event)
    changes = State(augmented=bool(queries), events=[event], spent=llm.taken() if llm else [])
    return State(**changes, frontier=queries) if queries else changes


async def written(augmenter: Written, question: str, llm: Gateway | None) -> tuple[list[Query], list[str]]:
    """Return the queries that a language model writes, and what to tell of replies that could not be had or used."""
    if llm is None:
        return [], [f"no language model writes {augmenter.name!r}, so the question stands alone; set POLYHOP_LLM"]
    texts: list[str] = []
    notices: list[str] = []
    asked = prompted(f"augment-{augmenter.name}", f"Question: {question}")
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
