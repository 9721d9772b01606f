"""Instruct: what of a request is the question, and what is said about it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from ...core.errors import ModelError
from ...core.words import name_key
from ...prompts import prompted
from ...retrieval.candidate import Understood
from ...retrieval.query import fields
from ...retrieval.query.instructions import OPEN, SURE_CUE, Instructions, ParsedRequest, checked_reading, parse
from ...retrieval.query.role import first_query
from ...retrieval.query.translate import Translation, checked_question, translate
from ...retrieval.retriever import Retriever
from ...retrieval.run import Run
from ..state import State, Watch

#: tokens that the reply of a model may have
MOST = 256
MOST_QUESTION = 64
#: documents that may bear a name which holds an "and"
BEARERS = 60


async def instruct(state: State, run: Run) -> State:
    """Let the run look for the question alone, and note what is to be left out and kept to.

    Taken where `instructed` says so; a request that turns out to have no instructions is left as it is. A language
    model is asked only about one that looks as if it had some which no rule can read, and about keywords.
    """
    watch = Watch("instruct", state)
    request, notices = state["question"], list[str]()
    translation = translate(request)
    if translation is not None:
        said = Instructions(
            await _question(translation, state, run, notices), translation.excluded, translation.required
        )
    else:
        said = await _read(state, run, notices)
    if translation is None and not said:
        return _spent(State(events=[watch.event(notices=notices)]) if notices else State(), state, run)
    understood = _understood(said, translation, state, run, notices=notices)
    first = first_query(understood["lexical"], run.config.first)
    if understood["lexical"] != said.query:
        first["dense_text"] = said.query
    if understood["phrases"]:
        first["phrases"] = understood["phrases"]
    event = watch.event(understood=understood["told"], notices=notices)
    run.emit(event)
    others = [query for query in state["frontier"][1:] if not parse(query["text"])]
    return _spent(State(understood=understood, frontier=[first, *others], events=[event]), state, run)


def _spent(changes: State, state: State, run: Run) -> State:
    llm = run.model(state.get("spent", []))
    if llm is not None and (taken := llm.taken()):
        changes["spent"] = taken
    return changes


async def _read(state: State, run: Run, notices: list[str]) -> Instructions:
    """Return the instructions of a request in words, by the rules or else by a language model."""
    request = state["question"]
    # The collection is asked for its keys only where one can be named.
    keys = fields.keys(run.retriever) if re.search("only|just", request, re.IGNORECASE) else []
    said = parse(request, today=date.today(), keys=keys)
    llm = run.model(state.get("spent", []))
    if not said and llm is not None and SURE_CUE.search(request) and llm.allows():
        asked = prompted("instruct", f"Request: {request}")
        try:
            reading = await llm.structured("instruct", asked, ParsedRequest, max_tokens=MOST)
        except ModelError as error:
            notices.append(f"instructions were read by rules alone ({error})")
        else:
            said = checked_reading(request, reading) or said
    return replace(said, exclusions=_separated(said.exclusions, run.retriever))


async def _question(translation: Translation, state: State, run: Run, notices: list[str]) -> str:
    """Return a text in words for keywords: a model's, where there is one, or else the keywords without operators."""
    llm = run.model(state.get("spent", []))
    if llm is None or not llm.allows():
        return translation.dense
    asked = prompted("keywords", f"Query: {translation.lexical}")
    try:
        reply = await llm.complete("instruct", asked, max_tokens=MOST_QUESTION)
    except ModelError as error:
        notices.append(f"keywords were searched for as they are ({error})")
        return translation.dense
    return checked_question(translation.dense, reply) or translation.dense


def _separated(exclusions: tuple[str, ...], retriever: Retriever) -> tuple[str, ...]:
    """Return exclusions with "A and B" made two, unless something is called that."""
    joined = {name_key(one) for one in exclusions if " and " in one}
    known = retriever.bearers(sorted(joined), BEARERS) if joined else {}
    apart = (part.strip() for one in exclusions for part in ([one] if name_key(one) in known else one.split(" and ")))
    return tuple(dict.fromkeys(filter(None, apart)))


def _understood(
    said: Instructions, translation: Translation | None, state: State, run: Run, *, notices: list[str]
) -> Understood:
    """Return what is made of a request: what metadata can answer is a filter, as long as it lets something pass."""
    lexical, close = (translation.lexical, [*translation.phrases]) if translation else (said.query, [])
    told = [f"read as keywords: {said.query}"] if lexical != said.query or close else []
    told += [f"left out: {', '.join(said.exclusions)}"] if said.exclusions else []
    told += [f"to be mentioned: {', '.join(said.required)}"] if said.required else []
    conditions = [(fields.equal(key, value), f"only {key} {value!r}") for key, value in said.fields]
    conditions += [(fields.of_site(site), f"only from {site}") for site in (translation.sites if translation else ())]
    dated = fields.dated(run.retriever, said.period) if said.period != OPEN else None
    if dated is not None:
        conditions.append((dated, f"only {said.period}"))
    where, years = state["where"], OPEN
    for condition, meant in conditions:
        tried = fields.joined(where, condition.where)
        if _passes(said.query, tried, state, run):
            where = tried
            told.append(f"{meant}, by metadata {condition.key!r}")
        else:
            notices.append(f"{meant}: no document passes {condition.where!r}; it was not used as a filter")
            dated = None if condition is dated else dated
    if said.period != OPEN and dated is None:
        years = said.period
        told.append(f"rather {years}, by the years in the text, which is weak evidence")
    return Understood(
        query=said.query,
        lexical=lexical,
        phrases=close,
        exclusions=[*said.exclusions],
        required=[*said.required],
        since=years.since,
        until=years.until,
        where=where,
        told=told,
    )


def _passes(query: str, where: str, state: State, run: Run) -> bool:
    """Say whether a filter lets anything pass; a search of the user's own takes none."""
    asked = Run(run.retriever, query, where, k=state["k"])
    return any(run.retriever.dense(asked.vector[None], 1, where=where))
