"""Rank: one ranking out of everything found so far."""

from __future__ import annotations

from ...retrieval.run import Run
from ..state import State
from ..watch import Watch


def rank(state: State, run: Run) -> State:
    """Order all passages found, near-duplicates last, and count how many of the best k are new there."""
    watch = Watch("rank", state)
    config = run.config
    ranked = config.exclude.demote(config.ranker.rank(state.get("found", []), run), run.understood, run)
    ranked = config.distinct(ranked, run)
    k = state["k"]
    before = {item["id"] for item in state["ranked"][:k]}
    new = sum(item["id"] not in before for item in ranked[:k])
    return State(
        ranked=ranked,
        new_best=new,
        sufficiency=config.estimate(ranked, run),
        events=[watch.event(found=len(ranked), new=new)],
    )
