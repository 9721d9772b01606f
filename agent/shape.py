"""From the state a run ends in to what people get."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from ..graphs.state import State
from ..retrieval.rerank.role import Ranked
from ..retrieval.retriever import Retriever
from ..retrieval.types import Passage
from .results import Answer, RankedPassage, Retrieval, Step

SHORT = 60


def shape_retrieval(state: State, retriever: Retriever) -> Retrieval:
    """Return the best k passages that are still there, each with the path to it."""
    ranked = state["ranked"]
    first = ranked[: state["k"]]
    there = dict(retriever.passages([name for item in first for name in (item["id"], *item["path"])]))
    kept = [item for item in first if item["id"] in there]
    if len(kept) < len(first):
        there.update(retriever.passages([item["id"] for item in ranked]))
        kept = [item for item in ranked if item["id"] in there][: state["k"]]
    return Retrieval(
        question=state["question"],
        passages=[_passage(item, there) for item in kept],
        events=state["events"],
        hops=state["hops"],
        stopped=state["stopped"],
    )


def shape_answer(state: State, retriever: Retriever) -> Answer:
    """Return the answer with the retrieval it rests on."""
    said = state["answer"]
    return Answer(
        question=state["question"],
        text=said["text"],
        citations=said["citations"],
        extractive=said["extractive"],
        found=said["found"],
        retrieval=shape_retrieval(state, retriever),
        model=said["model"],
        notices=said["notices"],
    )


def _passage(item: Ranked, there: Mapping[str, Passage]) -> RankedPassage:
    passage = there[item["id"]]
    return RankedPassage(
        id=passage.id,
        document=passage.document,
        title=passage.title,
        heading=passage.heading,
        text=passage.text,
        metadata=deepcopy(passage.metadata),  # the passage is shared with other runs
        source=passage.source,
        score=round(item["score"], 6),
        via=item["via"],
        name=item["name"],
        path=tuple(Step(name, _short(there[name])) for name in item["path"] if name in there),
    )


def _short(passage: Passage) -> str:
    if passage.title:
        return passage.title
    return passage.text if len(passage.text) <= SHORT else passage.text[: SHORT - 1] + "…"
