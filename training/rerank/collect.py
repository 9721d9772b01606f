"""From question files to candidate lists: what polyhop retrieves for each question among their passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...retrieval.hop.span import SpanHop
from ...retrieval.rerank.pairs import candidate, way
from ...retrieval.rerank.role import Ranked
from ...retrieval.run import Run
from ...store.collection import Collection
from ..questions import HopQuestion, Sources, of_each, walked
from .lists import Candidate, CandidateList

DEEP = 40  # candidates of a question


def collect(sources: Sources, *, hops: Sequence[str] = ("span",)) -> list[CandidateList]:
    """Return a list for each question.

    Args:
        hops: updaters beside the link hop.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    return of_each(sources, lambda one, collection: _retrieved(one, collection, hops))


def _retrieved(one: HopQuestion, collection: Collection, hops: Sequence[str]) -> CandidateList:
    state, run = walked(one.question, collection, DEEP, SpanHop(), further=tuple(hops))
    gold = set(one.identities())
    candidates = tuple(_candidates(state["ranked"][:DEEP], run, gold))
    return CandidateList(one.question, len(gold), candidates, dict(run.weights))


def _candidates(ranked: Sequence[Ranked], run: Run, gold: set[str]) -> Iterator[Candidate]:
    for item in ranked:
        known = run.known(item["id"])
        bridge = run.known(item["path"][-1]) if item["path"] else None
        if known is None:
            continue
        passage = known.passage
        yield Candidate(
            id=passage.id,
            gold=passage.document if passage.document in gold else "",
            text=candidate(passage.title, passage.heading, passage.text),
            way=way(bridge.passage.title, bridge.passage.text, item["name"]) if bridge else "",
            score=item["score"],
            via=item["via"],
            path=tuple(item["path"]),
            parts=item.get("parts", {}),
        )
