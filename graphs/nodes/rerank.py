"""Rerank: a second look, after the last search, at a ranking that is not sure."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from ...core.errors import CallerError
from ...retrieval.hop.role import Find, Query
from ...retrieval.rerank.role import Ranked
from ..context import Context, Watch
from ..state import State, add_finds
from .hop import first_bridges


def rerank(state: State, runtime: Runtime[Context]) -> State:
    """Ask the further updaters and then the rerankers, unless the ranking is sure enough or the run is to end now.

    A reranker that fails is passed over, and the event says so: the run has a ranking already.
    """
    context = runtime.context
    if not (context.further or context.rerankers) or _sure(state, context) or context.expired():
        return State()
    watch = Watch("rerank", state)
    run = context.working(state)
    new = _further(state, context)
    finds = add_finds(state["finds"], new)
    ranked = context.ranker.rank(finds, run) if new else list(state["ranked"])
    ranked, notices = _reranked(ranked, state, context)
    ranked = context.distinct(ranked, run)
    before = {item["id"] for item in state["ranked"][: state["k"]]}
    facts = {"notices": notices} if notices else {}
    event = watch.event(found=len(new), new=sum(item["id"] not in before for item in ranked[: state["k"]]), **facts)
    runtime.stream_writer(event)
    return State(finds=new, ranked=ranked, sufficiency=context.estimate(ranked, run), events=[event])


def _sure(state: State, context: Context) -> bool:
    estimate = state.get("sufficiency")
    return estimate is not None and estimate >= context.sure


def _reranked(ranked: Sequence[Ranked], state: State, context: Context) -> tuple[list[Ranked], list[str]]:
    """Return the ranking after the rerankers, and what to tell of those that failed.

    A `CallerError`, such as a model that there is not, is raised: it would stand behind every question.
    """
    run, current, notices = context.working(state), list(ranked), list[str]()
    for reranker in context.rerankers:
        try:
            current = reranker.rerank(current, run)
        except CallerError:
            raise
        except Exception as error:  # whatever a model raises
            reason = f"{error.__class__.__name__}: {error}"
            notices.append(f"reranker {reranker.name!r} failed and was passed over ({reason})")
    return current, notices


def _further(state: State, context: Context) -> list[Find]:
    """Return what further updaters find from where the first hop began."""
    run, chosen = context.working(state), first_bridges(state)
    run.found, run.expanded = frozenset(find["id"] for find in state["finds"]), frozenset(state["expanded"])
    finds: list[Find] = []
    for name in context.further:
        queries: list[Query] = context.updaters[name].propose(chosen, run)
        found = context.updaters[name].search(queries, run) if queries else []
        finds += [Find(**{**find, "hop": state["hops"]}) for find in found]
    return finds
