"""Rerank: a second look, after the last search, at a ranking that is not sure."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ...retrieval.hop.role import Find, Query
from ..context import Context, Watch
from ..state import State, add_finds
from .hop import first_bridges


def rerank(state: State, runtime: Runtime[Context]) -> State:
    """Ask the further updaters and then the rerankers, unless the ranking is sure enough or the run is to end now."""
    context = runtime.context
    if not (context.further or context.rerankers) or _sure(state, context) or context.expired():
        return State()
    watch = Watch("rerank", state)
    run = context.working(state)
    new = _further(state, context)
    finds = add_finds(state["finds"], new)
    ranked = context.ranker.rank(finds, run) if new else list(state["ranked"])
    for reranker in context.rerankers:
        ranked = reranker.rerank(ranked, run)
    ranked = context.distinct(ranked, run)
    before = {item["id"] for item in state["ranked"][: state["k"]]}
    event = watch.event(found=len(new), new=sum(item["id"] not in before for item in ranked[: state["k"]]))
    runtime.stream_writer(event)
    return State(finds=new, ranked=ranked, sufficiency=context.estimate(ranked, run), events=[event])


def _sure(state: State, context: Context) -> bool:
    estimate = state.get("sufficiency")
    return estimate is not None and estimate >= context.sure


def _further(state: State, context: Context) -> list[Find]:
    """Return what further updaters find from where the first hop began."""
    run, chosen = context.working(state), first_bridges(state)
    finds: list[Find] = []
    for name in context.further:
        queries: list[Query] = context.updaters[name].propose(chosen, run)
        found = context.updaters[name].search(queries, run) if queries else []
        finds += [Find(**{**find, "hop": state["hops"]}) for find in found]
    return finds
