"""Search: run the queries of the frontier."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ...core.errors import OperatorError
from ...retrieval.hop.role import Find, Query
from ..context import Context, Watch
from ..state import State


def search(state: State, runtime: Runtime[Context]) -> State:
    """Let each updater run its queries; those whose passages are gone since they were made are dropped and reported."""
    context = runtime.context
    watch = Watch("search", state)
    run = context.working(state)
    run.load(name for query in state["frontier"] for name in query["path"])
    kept = [query for query in state["frontier"] if not run.gone.intersection(query["path"])]
    hop, beside = state["hops"], _beside(state, context)
    before = {find["id"] for find in state.get("finds", [])}
    run.found, run.expanded = frozenset(before), frozenset(state.get("expanded", []))
    finds: list[Find] = []
    for name in dict.fromkeys(query["updater"] for query in kept):
        queries = [query for query in kept if query["updater"] == name]
        _same_weights(queries, context)
        finds += [Find(**{**find, "hop": hop - beside}) for find in context.updaters[name].search(queries, run)]
    found = dict.fromkeys(find["id"] for find in finds)
    new = sum(name not in before for name in found)
    event = watch.event(queries=len(kept), found=len(found), new=new, dropped=sorted(run.gone))
    runtime.stream_writer(event)
    if beside:
        return State(finds=finds, new_passages=state["new_passages"] + new, events=[event])
    return State(finds=finds, hops=hop + 1, new_passages=new, events=[event])


def _beside(state: State, context: Context) -> bool:
    """Say whether these are reformulations, asked beside the first search; it is no hop."""
    names = {query["updater"] for query in state["frontier"]}
    return bool(state.get("augmented")) and names == {context.augment}


def _same_weights(queries: list[Query], context: Context) -> None:
    """A run that was begun with other weights cannot be finished with these."""
    updater = context.updaters.get(queries[0]["updater"])
    checkpoints = {query["checkpoint"] for query in queries}
    if updater is None or checkpoints != {updater.checkpoint}:
        raise OperatorError(
            f"the run was begun with updater {queries[0]['updater']!r}, checkpoint {sorted(checkpoints)!r}, "
            "which is not what is loaded now; resume it with the same settings or ask again under another thread"
        )
