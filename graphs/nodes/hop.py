"""Hop: the next queries, from the question and the passages worth going on from."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from ...retrieval.hop.role import SEARCH, Bridge, Find, Query
from ...retrieval.rerank.path import ALONE, AUGMENTED
from ...retrieval.rerank.role import Ranked
from ..context import Context, Watch
from ..state import State
from .judge import ended, verdict

# Passages to go on from: those that the question names and the head of the first ranking, later the best that are left.
NAMED = 4
FIRST = 4
LATER = 4


def hop(state: State, runtime: Runtime[Context]) -> State:
    """Let each updater propose queries from the bridges, and ask the stop rules whether to make them."""
    context = runtime.context
    watch = Watch("hop", state)
    run = context.working(state)
    chosen = bridges(state)
    queries: list[Query] = []
    for name in context.hops:
        queries += context.updaters[name].propose(chosen, run)
    titles = [known.passage.title or known.passage.text[:60] for item in chosen if (known := run.known(item["id"]))]
    event = watch.event(queries=len(queries), bridges=titles)
    runtime.stream_writer(event)
    expanded = [*state["expanded"], *(bridge["id"] for bridge in chosen)]
    reason = verdict(state, context, queries)
    return State(frontier=queries, expanded=expanded, stopped=reason, events=[event, *ended(state, reason)])


def bridges(state: State) -> list[Bridge]:
    """Return the passages to go on from, each once in a run.

    The first hop trusts the search more than the score: what the question names outright, then the fused ranking.
    From a near-duplicate nothing leads on that does not lead on from what it repeats, and no hop begins at a passage
    that is to be left out.
    """
    if state["hops"] == 1:
        return first_bridges(state)
    left = [item for item in _distinct(state).values() if item["id"] not in state["expanded"]]
    return [_bridge(item) for item in left[:LATER]]


def first_bridges(state: State) -> list[Bridge]:
    """Return the passages that the first hop goes on from: those named, then those of the first search."""
    ranked = _distinct(state)
    named = sorted(
        (find for find in state["finds"] if find["via"] == "named" and find["id"] in ranked),
        key=lambda find: (-find["value"], find["id"]),
    )
    found = [name for name in _fused(state["finds"]) if name in ranked]
    ids = dict.fromkeys([*(find["id"] for find in named[:NAMED]), *found[:FIRST]])
    return [_bridge(ranked[name]) for name in ids]


def _fused(finds: Sequence[Find]) -> list[str]:
    """Return what the first search found, best first; a reformulation counts half as much, as in the ranking."""
    values: dict[str, float] = {}
    for find in finds:
        share = {SEARCH: 1.0, AUGMENTED: 0.5}.get(ALONE.get(find["via"], ""), 0.0)
        if share:
            values[find["id"]] = values.get(find["id"], 0.0) + share * find["value"]
    return sorted(values, key=lambda name: -round(values[name], 12))


def _distinct(state: State) -> dict[str, Ranked]:
    repeated = {name for item in state["ranked"] for name in item.get("duplicates", ())}
    return {item["id"]: item for item in state["ranked"] if item["id"] not in repeated and "about" not in item}


def _bridge(item: Ranked) -> Bridge:
    return Bridge(id=item["id"], score=item["score"], path=item["path"])
