"""Rerank: a second look, after the last search, at a ranking that is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from langgraph.runtime import Runtime

from ...core.errors import CallerError
from ...retrieval.hop.role import Find, Query
from ...retrieval.rerank.role import Ranked, Reranker
from ...retrieval.run import Run
from ..context import Context, Watch
from ..state import State, add_finds
from .hop import first_bridges


def rerank(state: State, runtime: Runtime[Context]) -> State:
    """Ask the further updaters; order the outcome by the light rerankers, or by all where it then is not sure.

    Without light rerankers it is the ranking as it stands that has to be sure. A reranker that fails is passed over,
    and the event says so: the run has a ranking already. A run that is to end now is left as it is.
    """
    context = runtime.context
    if not (context.light or context.further or context.rerankers) or context.expired():
        return State()
    sure = not context.light and _sure(state.get("sufficiency"), context)
    if sure:
        return State()
    watch = Watch("rerank", state)
    run = context.working(state)
    new = _further(state, context)
    found = context.ranker.rank(add_finds(state["finds"], new), run) if new else list(map(_alone, state["ranked"]))
    looked = second_look(found, run, context)
    before = {item["id"] for item in state["ranked"][: state["k"]]}
    facts = {"notices": looked.notices} if looked.notices else {}
    changed = sum(item["id"] not in before for item in looked.ranked[: state["k"]])
    event = watch.event(found=len(new), new=changed, sure=looked.sure, **facts)
    runtime.stream_writer(event)
    return State(finds=new, ranked=looked.ranked, sufficiency=looked.sufficiency, events=[event])


class Looked(NamedTuple):
    """A ranking after a second look, how sufficient it is, whether it was sure without being read, what failed."""

    ranked: list[Ranked]
    sufficiency: float | None
    sure: bool
    notices: list[str]


def second_look(found: list[Ranked], run: Run, context: Context) -> Looked:
    """Order a ranking by the light rerankers, or by all where it then is not sure; near-duplicates come last."""
    ranked, notices = _reranked(found, context.light or context.rerankers, run)
    ranked = context.kept_to(ranked, run)
    estimate = context.estimate(ranked, run)
    sure = bool(context.light) and _sure(estimate, context)
    if context.light and not sure:
        ranked, notices = _reranked(found, context.rerankers, run)
        ranked = context.kept_to(ranked, run)
        estimate = context.estimate(ranked, run)
    return Looked(context.distinct(ranked, run), estimate, sure, notices)


def _sure(estimate: float | None, context: Context) -> bool:
    return estimate is not None and estimate >= context.sure


def _reranked(ranked: Sequence[Ranked], rerankers: Sequence[Reranker], run: Run) -> tuple[list[Ranked], list[str]]:
    """Return the ranking after the rerankers, and what to tell of those that failed.

    A `CallerError`, such as a model that there is not, is raised: it would stand behind every question.
    """
    current, notices = list(ranked), list[str]()
    for reranker in rerankers:
        try:
            current = reranker.rerank(current, run)
        except CallerError:
            raise
        except Exception as error:  # whatever a model raises
            reason = f"{error.__class__.__name__}: {error}"
            notices.append(f"reranker {reranker.name!r} failed and was passed over ({reason})")
    return current, notices


def _alone(item: Ranked) -> Ranked:
    """Return a passage without the duplicates it was given, which are looked for again."""
    return cast(Ranked, {key: value for key, value in item.items() if key != "duplicates"})


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
