"""Instruct: what of a request is the question, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ...core.errors import ModelError
from ...core.words import name_key
from ...prompts import prompted
from ...retrieval.candidate import Understood
from ...retrieval.query import fields
from ...retrieval.query.instructions import CUE, OPEN, SURE_CUE, Instructions, ParsedRequest, checked_reading, parse
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

    A request without instructions, in words, is left as it is. A language model is asked only about one that looks as
    if it had some which no rule can read, and about keywords.
    """
    if not run.config.instructions:
        return State()
    watch = Watch("instruct", state)
    request, notices = state["question"], list[str]()
    translation = translate(request)
    if translation is not None:
        said = Instructions(
            await _question(translation, state, run, notices), translation.excluded, translation.required
        )
        lexical, close = translation.lexical, list(translation.phrases)
    else:
        said = await _read(state, run, notices)
        lexical, close = said.query, []
    if translation is None and not said:
        return _spent(State(events=[watch.event(notices=notices)]) if notices else State(), state, run)
    understood = _understood(said, lexical, close, state["where"])
    sites = translation.sites if translation else ()
    understood = _filtered(understood, said, sites, state=state, run=run, notices=notices)
    first = first_query(lexical, run.config.first)
    if lexical != said.query:
        first["dense_text"] = said.query
    if close:
        first["phrases"] = close
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
    if not CUE.search(request):
        return Instructions(request)
    said = parse(request, today=date.today(), keys=_keys(request, run.retriever))
    llm = run.model(state.get("spent", []))
    if not said and llm is not None and SURE_CUE.search(request) and llm.allows():
        asked = prompted("instruct", f"Request: {request}")
        try:
            reading = await llm.structured("instruct", asked, ParsedRequest, max_tokens=MOST)
        except ModelError as error:
            notices.append(f"instructions were read by rules alone ({error})")
        else:
            said = checked_reading(request, reading) or said
    return replace(said, exclusions=_told_apart(said.exclusions, run.retriever))


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


def _keys(request: str, retriever: Retriever) -> list[str]:
    """Return the keys that the request could name; the collection is asked only where it says "only" or "just"."""
    folded = request.lower()
    return fields.keys(retriever) if "only" in folded or "just" in folded else []


def _told_apart(exclusions: tuple[str, ...], retriever: Retriever) -> tuple[str, ...]:
    """Return exclusions with "A and B" made two, unless something is called that."""
    joined = {name_key(one) for one in exclusions if " and " in one}
    known = retriever.bearers(sorted(joined), BEARERS) if joined else {}
    apart = (
        part for one in exclusions for part in ([one] if name_key(one) in known else one.split(" and ")) if part.strip()
    )
    return tuple(dict.fromkeys(part.strip() for part in apart))


def _understood(said: Instructions, lexical: str, close: list[str], where: str) -> Understood:
    told = [f"left out: {', '.join(said.exclusions)}"] if said.exclusions else []
    told += [f"to be mentioned: {', '.join(said.required)}"] if said.required else []
    if lexical != said.query or close:
        told.insert(0, f"read as keywords: {said.query}")
    return Understood(
        query=said.query,
        lexical=lexical,
        phrases=close,
        exclusions=list(said.exclusions),
        required=list(said.required),
        since=None,
        until=None,
        where=where,
        told=told,
    )


def _filtered(
    understood: Understood,
    said: Instructions,
    sites: tuple[str, ...],
    *,
    state: State,
    run: Run,
    notices: list[str],
) -> Understood:
    """Add what metadata can answer to the filter, as long as it lets something pass, and say what was done instead."""
    conditions = [(fields.equal(key, value), f"only {key} {value!r}") for key, value in said.fields]
    conditions += [(fields.of_site(site), f"only from {site}") for site in sites]
    dated = fields.dated(run.retriever, said.period) if said.period != OPEN else None
    if dated is not None:
        conditions.append((dated, f"only {said.period}"))
    since, until, where = None, None, understood["where"]
    told = list(understood["told"])
    for condition, meant in conditions:
        tried = fields.joined(where, condition.where)
        if _passes(understood["query"], tried, state, run):
            where = tried
            told.append(f"{meant}, by metadata {condition.key!r}")
        else:
            notices.append(f"{meant}: no document passes {condition.where!r}; it was not used as a filter")
            dated = None if condition is dated else dated
    if said.period != OPEN and dated is None:
        since, until = said.period.since, said.period.until
        told.append(f"rather {said.period}, by the years in the text, which is weak evidence")
    return Understood(**{**understood, "where": where, "since": since, "until": until, "told": told})


def _passes(query: str, where: str, state: State, run: Run) -> bool:
    """Say whether a filter lets anything pass; a search of the user's own takes none."""
    asked = Run(run.retriever, query, where, k=state["k"])
    return any(run.retriever.dense(asked.vector[None], 1, where=where))
