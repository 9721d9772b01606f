"""From question files to candidate lists: what polyhop retrieves for each question among their passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...retrieval.candidate import Candidate
from ...retrieval.hop.role import UPDATERS
from ...retrieval.rerank.learned import Learned
from ...retrieval.rerank.pairs import candidate, way
from ...retrieval.run import Run
from ...store.collection import Collection
from ..questions import HopQuestion, Sources, of_each, walked
from .gather import GoldText
from .lists import CandidateList, ListedCandidate

DEEP = 40  # candidates of a question


def collect(sources: Sources, *, hops: Sequence[str] = ("span",)) -> list[CandidateList]:
    """Return a list for each question.

    Args:
        hops: updaters beside those of every question: `span`, `directional`, `treehop` or none.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    return of_each(sources, lambda one, collection: _retrieved(one, collection, hops))


def _retrieved(one: HopQuestion, collection: Collection, hops: Sequence[str]) -> CandidateList:
    further = tuple(UPDATERS.make(name, collection) for name in hops)
    state, run = walked(one.question, collection, DEEP, light=(), further=further, rerankers=(Learned(),))
    gold = [GoldText.of(each) for each in one.gold]
    candidates = tuple(_candidates(state["ranked"][:DEEP], run, gold))
    return CandidateList(one.question, len(gold), candidates, dict(run.weights))


def _candidates(ranked: Sequence[Candidate], run: Run, gold: Sequence[GoldText]) -> Iterator[ListedCandidate]:
    for item in ranked:
        known = run.known(item["id"])
        bridge = run.known(item["path"][-1]) if item["path"] else None
        if known is None:
            continue
        passage = known.passage
        yield ListedCandidate(
            id=passage.id,
            gold=next((each.text for each in gold if each.held(passage)), ""),
            text=candidate(passage.title, passage.heading, passage.text),
            way=way(bridge.passage.title, bridge.passage.text, item["name"]) if bridge else "",
            score=item["score"],
            kind=item["kind"],
            via=item["via"],
            path=tuple(item["path"]),
            parts=item.get("parts", {}),
        )
