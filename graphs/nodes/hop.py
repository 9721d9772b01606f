"""Hop: the next queries, from the question and the passages worth going on from."""

from __future__ import annotations

from collections.abc import Sequence

from ...retrieval.candidate import Candidate, Query
from ...retrieval.run import Run
from ..state import State
from ..watch import Watch
from .judge import ended, verdict

# Passages to go on from: those that the question names and the head of the first ranking, later the best that are left.
NAMED = 4
FIRST = 4
LATER = 4


def hop(state: State, run: Run) -> State:
    """Let each updater propose queries from the bridges, and ask the stop rules whether to make them."""
    watch = Watch("hop", state, ahead=True)
    chosen = bridges(state)
    queries: list[Query] = []
    for updater in run.config.hops:
        queries += updater.propose(chosen, run)
    titles = [known.passage.title or known.passage.text[:60] for item in chosen if (known := run.known(item["id"]))]
    event = watch.event(queries=len(queries), bridges=titles)
    run.emit(event)
    expanded = [*state["expanded"], *(bridge["id"] for bridge in chosen)]
    reason = verdict(state, run, queries)
    return State(frontier=queries, expanded=expanded, stopped=reason, events=[event, *ended(state, reason)])


def bridges(state: State) -> list[Candidate]:
    """Return the passages to go on from, each once in a run.

    The first hop trusts the search more than the score: what the question names outright, then the fused ranking.
    From a near-duplicate nothing leads on that does not lead on from what it repeats, and no hop begins at a passage
    that is to be left out.
    """
    if state["searches"] == 1:
        return first_bridges(state)
    left = [item for item in _distinct(state).values() if item["id"] not in state["expanded"]]
    return left[:LATER]


def first_bridges(state: State) -> list[Candidate]:
    """Return the passages that the first hop goes on from: those named, then those of the first search."""
    ranked = _distinct(state)
    named = sorted(
        (one for one in state["found"] if one["kind"] == "named" and one["id"] in ranked),
        key=lambda one: (-one["score"], one["id"]),
    )
    found = [name for name in _fused(state["found"]) if name in ranked]
    ids = dict.fromkeys([*(one["id"] for one in named[:NAMED]), *found[:FIRST]])
    return [ranked[name] for name in ids]


def _fused(found: Sequence[Candidate]) -> list[str]:
    """Return what the first search found, best first; a reformulation counts half as much, as in the ranking."""
    shares = {"question": 1.0, "reformulation": 0.5}
    scores: dict[str, float] = {}
    for one in found:
        if share := shares.get(one["kind"], 0.0):
            scores[one["id"]] = scores.get(one["id"], 0.0) + share * one["score"]
    return sorted(scores, key=lambda name: -round(scores[name], 12))


def _distinct(state: State) -> dict[str, Candidate]:
    repeated = {name for item in state["ranked"] for name in item.get("duplicates", ())}
    return {item["id"]: item for item in state["ranked"] if item["id"] not in repeated and "about" not in item}
