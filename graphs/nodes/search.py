"""Search: run the queries of the frontier."""

from __future__ import annotations

from ...core.errors import OperatorError
from ...retrieval.candidate import Candidate, Query
from ...retrieval.query.role import Searcher
from ...retrieval.run import Run
from ..state import State
from ..watch import Watch


def search(state: State, run: Run) -> State:
    """Let each updater run its queries; those whose passages are gone since they were made are dropped and reported."""
    watch = Watch("search", state, ahead=True)
    run.load(name for query in state["frontier"] for name in query["path"])
    kept = [query for query in state["frontier"] if not run.gone.intersection(query["path"])]
    searchers, hop, beside = run.config.searchers(), state["searches"], _beside(state, run)
    before = {one["id"] for one in state.get("found", [])}
    run.found, run.expanded = frozenset(before), frozenset(state.get("expanded", []))
    found: list[Candidate] = []
    for name in dict.fromkeys(query["updater"] for query in kept):
        queries = [query for query in kept if query["updater"] == name]
        _same_weights(queries, searchers.get(name))
        found += [Candidate(**{**one, "hop": hop - beside}) for one in searchers[name].search(queries, run)]
    ids = dict.fromkeys(one["id"] for one in found)
    new = sum(name not in before for name in ids)
    event = watch.event(queries=len(kept), found=len(ids), new=new, dropped=sorted(run.gone))
    run.emit(event)
    if beside:
        return State(found=found, new_passages=state["new_passages"] + new, events=[event])
    return State(found=found, searches=hop + 1, new_passages=new, events=[event])


def _beside(state: State, run: Run) -> bool:
    """Say whether these are reformulations, asked beside the first search; it is no hop."""
    names = {query["updater"] for query in state["frontier"]}
    augmenter = run.config.augment
    return bool(state.get("augmented")) and augmenter is not None and names == {augmenter.name}


def _same_weights(queries: list[Query], searcher: Searcher | None) -> None:
    """A run that was begun with other weights cannot be finished with these."""
    checkpoints = {query["checkpoint"] for query in queries}
    if searcher is None or checkpoints != {searcher.checkpoint}:
        raise OperatorError(
            f"the run was begun with updater {queries[0]['updater']!r}, checkpoint {sorted(checkpoints)!r}, "
            "which is not what is loaded now; resume it with the same settings or ask again under another thread"
        )
