"""The steps that every question takes: plan, search, rank, judge, hop, rerank, finish."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import NamedTuple, cast

from ...core.errors import CallerError, OperatorError
from ...retrieval.candidate import Candidate, Query, ways_of
from ...retrieval.query.instructions import CUE
from ...retrieval.query.role import Searcher, first_query
from ...retrieval.query.translate import translate
from ...retrieval.rerank.learned import Learned
from ...retrieval.rerank.role import ALWAYS, Reranker
from ...retrieval.run import Run
from ...retrieval.stop import MOST_HOPS, MaxHops, Progress
from ..state import Event, State, Watch, add_found, new_best

#: The weight of a turn as it was said; the question that is made of it has 1.
AS_SAID = 0.5


def plan(state: State, run: Run) -> State:
    """Begin with the question itself, which stays one of the queries whatever else is planned.

    In a conversation the last turn, as it was said, is another.
    """
    if not state.get("history"):
        run.begin()
    watch = Watch("plan", state)
    question = state["question"]
    first = run.config.first
    queries = [first_query(question, first)]
    if (turn := state.get("turn", question)) != question:
        queries.append(first_query(turn, first, AS_SAID))
    return State(
        task=state.get("task", "retrieve"),
        where=state.get("where", ""),
        understood=None,
        frontier=queries,
        ranked=[],
        expanded=[],
        searches=0,
        llm=run.llm is not None,
        augmented=None if run.config.augment else False,
        stopped="",
        spent=[],
        events=[watch.event(queries=len(queries))],
    )


def instructed(state: State, run: Run) -> bool:
    """Say whether a request may say something besides its question; the step `instruct` then reads it."""
    request = state["question"]
    return run.config.instructions and (CUE.search(request) is not None or translate(request) is not None)


def choosing(state: State, run: Run) -> bool:
    """Say whether a language model is to choose among the passages; the step `choose` then asks it."""
    return run.config.choice is not None and run.llm is not None and len(state["ranked"]) > 1


def search(state: State, run: Run) -> State:
    """Let each updater run its queries; those whose passages are gone since they were made are dropped and reported."""
    watch = Watch("search", state, ahead=True)
    run.load(name for query in state["frontier"] for name in query["path"])
    kept = [query for query in state["frontier"] if not run.gone.intersection(query["path"])]
    searchers, made, again = run.config.searchers(), state["searches"], _reformulated(state, run)
    before = {one["id"] for one in state.get("found", [])}
    run.found, run.expanded = frozenset(before), frozenset(state.get("expanded", []))
    found: list[Candidate] = []
    for name in dict.fromkeys(query["updater"] for query in kept):
        queries = [query for query in kept if query["updater"] == name]
        _same_weights(queries, searchers.get(name))
        found += [Candidate(**{**one, "hop": made - again}) for one in searchers[name].search(queries, run)]
    ids = dict.fromkeys(one["id"] for one in found)
    new = sum(name not in before for name in ids)
    unread = sum(name not in run.expanded for name in ids)
    event = watch.event(queries=len(kept), found=len(ids), new=new, dropped=sorted(run.gone))
    run.emit(event)
    if again:
        return State(
            found=found,
            new_passages=state["new_passages"] + new,
            unread=state.get("unread", 0) + unread,
            events=[event],
        )
    return State(found=found, searches=made + 1, new_passages=new, unread=unread, events=[event])


def _reformulated(state: State, run: Run) -> bool:
    """Say whether the queries are reformulations of the question; their search is no hop."""
    augmenter, names = run.config.augment, {query["updater"] for query in state["frontier"]}
    return bool(state.get("augmented")) and augmenter is not None and names == {augmenter.name}


def _same_weights(queries: list[Query], searcher: Searcher | None) -> None:
    """A run that was begun with other weights cannot be finished with these."""
    checkpoints = {query["checkpoint"] for query in queries}
    if searcher is None or checkpoints != {searcher.checkpoint}:
        raise OperatorError(
            f"the run was begun with updater {queries[0]['updater']!r}, checkpoint {sorted(checkpoints)!r}, "
            "which is not what is loaded now; resume it with the same settings or ask again under another thread"
        )


def rank(state: State, run: Run) -> State:
    """Order all passages found, near-duplicates last, and count how many of the best k are new there."""
    watch = Watch("rank", state)
    config = run.config
    ranked = config.exclude.demote(config.ranker.rank(state.get("found", []), run), run.understood, run)
    ranked = config.distinct(ranked, run)
    new = new_best(state, ranked)
    return State(
        ranked=ranked,
        new_best=new,
        sufficiency=_so_far(ranked, state.get("found", []), run),
        events=[watch.event(found=len(ranked), new=new)],
    )


def _so_far(ranked: Sequence[Candidate], found: Sequence[Candidate], run: Run) -> float | None:
    """Return how sufficient a ranking is, where the stop rules may look at that; it is known after a look at it."""
    if run.config.sufficiency is None or not run.config.stop.asks_sufficiency:
        return None
    return first_look(ranked, found, run).sufficiency


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


def judge(state: State, run: Run) -> State:
    """Ask the stop rules about the run so far."""
    reason = verdict(state, run)
    return State(stopped=reason, events=ended(state, reason))


def verdict(state: State, run: Run, proposed: Sequence[Query] | None = None) -> str:
    """Return the rule that ends the run, or nothing; the bound on hops holds whatever the rules say.

    `proposed` are the queries that would come next, where they are known.
    """
    ranked, k = state["ranked"], state["k"]
    progress = Progress(
        hops=state["searches"] - 1,
        new_passages=state["new_passages"],
        unread=_unread(state),
        new_best=state["new_best"],
        queries=len(state["frontier"] if proposed is None else proposed),
        seconds=time.monotonic() - run.started,
        cancelled=run.cancelled.is_set(),
        best_query=math.inf if proposed is None else best_query(proposed),
        kth=ranked[k - 1]["score"] if len(ranked) >= k else 0.0,
        sufficiency=state.get("sufficiency"),
    )
    return (run.config.stopping() | MaxHops(MOST_HOPS)).reason(progress)


def _unread(state: State) -> int | None:
    """Return how many passages are left to go on from: of those the last search led to, and of the best k."""
    unread = state.get("unread")
    if unread is None:
        return None
    best = list(_distinct(state))[: state["k"]]
    return unread + len(set(best) - set(state.get("expanded", [])))


def best_query(queries: Sequence[Query]) -> float:
    """Return the best score that one of the queries can give to what it finds.

    A query without a strength, whose score shows only when it is made, counts as infinite.
    """
    return max(
        (query["score"] * query["strength"] if "strength" in query else math.inf for query in queries), default=0.0
    )


def ended(state: State, reason: str) -> list[Event]:
    """Return the event that a run ends here, if it does."""
    return [Event(event="judge", hop=state["searches"] - 1, reason=reason)] if reason else []


def finish(state: State, run: Run) -> State:
    """Say how the run ended."""
    seconds = time.monotonic() - run.started
    event = Event(event="finish", hop=state["searches"] - 1, ms=round(1000 * seconds, 3), reason=state["stopped"])
    run.emit(event)
    return State(frontier=[], events=[event])


def rerank(state: State, run: Run) -> State:
    """Order the outcome by the light rerankers; where it then is not sure, ask the further updaters and the rerankers.

    Without light rerankers it is the ranking as it stands that has to be sure. A reranker that fails is passed over,
    and the event says so: the run has a ranking already. A run that is to end now is left as it is.
    """
    config, more = run.config, bool(run.config.further or run.config.rerankers)
    if run.expired():
        return State()
    if not config.light:
        known = state.get("sufficiency")
        if known is None and config.sufficiency and (config.sure < ALWAYS or not more):
            known = first_look(state["ranked"], state["found"], run).sufficiency
        if not more or _sure(known, run):
            return State(sufficiency=known)
    watch, new, again = Watch("rerank", state), list[Candidate](), False
    looked = first_look(state["ranked"], state["found"], run) if config.light else None
    if looked is None or (more and not looked.sure):
        new, again = further_of(state, run), True
        looked = second_look(add_found(state["found"], new), run, looked)
    changed = new_best(state, looked.ranked)
    event = watch.event(found=len(new), new=changed, sure=looked.sure, again=again, notices=looked.notices)
    run.emit(event)
    return State(found=new, ranked=looked.ranked, sufficiency=looked.sufficiency, events=[event])


class Looked(NamedTuple):
    """A ranking after a look, how sufficient it is, whether it was sure without being read, what failed."""

    ranked: list[Candidate]
    sufficiency: float | None
    sure: bool
    notices: list[str]


def first_look(ranked: Sequence[Candidate], found: Sequence[Candidate], run: Run) -> Looked:
    """Order a ranking by the light rerankers, by the learned one where there are none; near-duplicates come last."""
    run.ways = ways_of(found)
    ordered, estimate, notices = _reranked(list(map(_alone, ranked)), run.config.light or (Learned(),), run)
    return Looked(run.config.distinct(ordered, run), estimate, _sure(estimate, run), notices)


def second_look(found: list[Candidate], run: Run, looked: Looked | None = None) -> Looked:
    """Rank everything found anew and order it by the rerankers, or where there are none by the light ones.

    What a first look at it had to say stays said.
    """
    config = run.config
    run.ways = ways_of(found)
    ranked, estimate, notices = _reranked(config.ranker.rank(found, run), config.rerankers or config.light, run)
    return Looked(config.distinct(ranked, run), estimate, False, [*(looked.notices if looked else ()), *notices])


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


def further_of(state: State, run: Run) -> list[Candidate]:
    """Return what further updaters find from where the first hop began."""
    chosen = first_bridges(state)
    run.found, run.expanded = frozenset(one["id"] for one in state["found"]), frozenset(state["expanded"])
    found: list[Candidate] = []
    for updater in run.config.further:
        queries = updater.propose(chosen, run)
        new = updater.search(queries, run) if queries else []
        found += [Candidate(**{**one, "hop": state["searches"]}) for one in new]
    return found
