"""Rank: one ranking out of everything found so far."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ..context import Context, Watch
from ..state import State


def rank(state: State, runtime: Runtime[Context]) -> State:
    """Order all passages found, near-duplicates last, and count how many of the best k are new there."""
    watch = Watch("rank", state)
    context = runtime.context
    run = context.working(state)
    ranked = context.kept_to(context.ranker.rank(state.get("finds", []), run), run)
    ranked = context.distinct(ranked, run)
    k = state["k"]
    before = {item["id"] for item in state["ranked"][:k]}
    new = sum(item["id"] not in before for item in ranked[:k])
    return State(
        ranked=ranked,
        new_best=new,
        sufficiency=context.estimate(ranked, run),
        events=[watch.event(found=len(ranked), new=new)],
    )
