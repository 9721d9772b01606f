"""Rerank: a second look, after the last search, at a ranking that is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from ...core.errors import CallerError
from ...retrieval.candidate import Candidate
from ...retrieval.rerank.role import Reranker
from ...retrieval.run import Run
from ..state import State, Watch, add_found, new_best
from .steps import first_bridges


def rerank(state: State, run: Run) -> State:
    """Ask the further updaters; order the outcome by the light rerankers, or by all where it then is not sure.

    Without light rerankers it is the ranking as it stands that has to be sure. A reranker that fails is passed over,
    and the event says so: the run has a ranking already. A run that is to end now is left as it is.
    """
    config = run.config
    if not (config.light or config.further or config.rerankers) or run.expired():
        return State()
    if not config.light and _sure(state.get("sufficiency"), run):
        return State()
    watch = Watch("rerank", state)
    new = _further(state, run)
    found = config.ranker.rank(add_found(state["found"], new), run) if new else list(map(_alone, state["ranked"]))
    looked = second_look(found, run)
    changed = new_best(state, looked.ranked)
    event = watch.event(found=len(new), new=changed, sure=looked.sure, notices=looked.notices)
    run.emit(event)
    return State(found=new, ranked=looked.ranked, sufficiency=looked.sufficiency, events=[event])


class Looked(NamedTuple):
    """A ranking after a second look, how sufficient it is, whether it was sure without being read, what failed."""

    ranked: list[Candidate]
    sufficiency: float | None
    sure: bool
    notices: list[str]


def second_look(found: list[Candidate], run: Run) -> Looked:
    """Order a ranking by the light rerankers, or by all where it then is not sure; near-duplicates come last."""
    config = run.config
    ranked, estimate, notices = _reranked(found, config.light or config.rerankers, run)
    sure = bool(config.light) and _sure(estimate, run)
    if config.light and not sure:
        ranked, estimate, notices = _reranked(found, config.rerankers, run)
    return Looked(config.distinct(ranked, run), estimate, sure, notices)


def _sure(estimate: float | None, run: Run) -> bool:
    return estimate is not None and estimate >= run.config.sure


def _reranked(
    ranked: Sequence[Candidate], rerankers: Sequence[Reranker], run: Run
) -> tuple[list[Candidate], float | None, list[str]]:
    """Return the ranking after the rerankers, how sufficient it is, and what to tell of those that failed.

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
    current = run.config.exclude.demote(current, run.understood, run)
    return current, run.config.estimate(current, run), notices


def _alone(item: Candidate) -> Candidate:
    """Return a passage without the duplicates it was given, which are looked for again."""
    return cast(Candidate, {key: value for key, value in item.items() if key != "duplicates"})


def _further(state: State, run: Run) -> list[Candidate]:
    """Return what further updaters find from where the first hop began."""
    chosen = first_bridges(state)
    run.found, run.expanded = frozenset(one["id"] for one in state["found"]), frozenset(state["expanded"])
    found: list[Candidate] = []
    for updater in run.config.further:
        queries = updater.propose(chosen, run)
        new = updater.search(queries, run) if queries else []
        found += [Candidate(**{**one, "hop": state["searches"]}) for one in new]
    return found
