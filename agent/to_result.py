"""From the state a run ends in to what people get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy

from ..core.types import Passage
from ..graphs.state import State
from ..retrieval.candidate import Candidate
from ..retrieval.hop.mentions import locate
from ..retrieval.retriever import Retriever
from .results import Answer, RankedPassage, Retrieval, Span, Spending, Step, SubQuestion

SHORT = 60


def shape_retrieval(state: State, retriever: Retriever, notices: Sequence[str] = ()) -> Retrieval:
    """Return the best k passages that are still there, each with the path to it."""
    ranked = state["ranked"]
    first = ranked[: state["k"]]
    there = dict(retriever.passages([name for item in first for name in _mentioned(item)]))
    kept = [item for item in first if item["id"] in there]
    if len(kept) < len(first):
        there.update(retriever.passages([item["id"] for item in ranked]))
        kept = [item for item in ranked if item["id"] in there][: state["k"]]
        there.update(retriever.passages([name for item in kept for name in _mentioned(item)]))
    return Retrieval(
        question=state["question"],
        passages=[_passage(item, there, state["question"]) for item in kept],
        events=state["events"],
        hops=state["searches"] - 1,
        stopped=state["stopped"],
        notices=[*notices, *(notice for event in state["events"] for notice in event.get("notices", ()))],
        sufficiency=state.get("sufficiency"),
        spent=_spending(state),
        sub_questions=[
            SubQuestion(one["question"], one["template"], tuple(one["answers"]), tuple(one["passages"]))
            for one in state.get("asked", [])
        ],
        turn=state.get("turn", state["question"]),
        instructions=understood["told"] if (understood := state.get("understood")) is not None else [],
    )


def shape_answer(state: State, retriever: Retriever, notices: Sequence[str] = ()) -> Answer:
    """Return the answer with the retrieval it rests on."""
    said, retrieval = state["answer"], shape_retrieval(state, retriever, notices)
    return Answer(
        question=state["question"],
        text=said["text"],
        citations=said["citations"],
        extractive=said["extractive"],
        found=said["found"],
        retrieval=retrieval,
        model=said["model"],
        notices=[*retrieval.notices, *said["notices"]],
    )


def _spending(state: State) -> dict[str, Spending]:
    records = state.get("spent", [])
    nodes = dict.fromkeys(record["node"] for record in records)
    return {node: Spending.of(record for record in records if record["node"] == node) for node in nodes}


def _mentioned(item: Candidate) -> list[str]:
    return [item["id"], *item["path"], *item.get("duplicates", ())]


def _passage(item: Candidate, there: Mapping[str, Passage], question: str) -> RankedPassage:
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
        kind=item["kind"],
        via=item["via"],
        name=item["name"],
        path=_steps(item["path"], there),
        hop=item.get("hop", len(item["path"])),
        span=_span(item, there, question),
        parts={name: round(value, 6) for name, value in item.get("parts", {}).items()},
        duplicates=_steps(item.get("duplicates", ()), there),
    )


def _steps(ids: Iterable[str], there: Mapping[str, Passage]) -> tuple[Step, ...]:
    return tuple(Step(name, _short(there[name])) for name in ids if name in there)


def _span(item: Candidate, there: Mapping[str, Passage], question: str) -> Span | None:
    """Return where the name stands that was followed: in the last bridge, or in the question without a bridge."""
    bridge = item["path"][-1] if item["path"] else ""
    if bridge and bridge not in there:
        return None
    text = there[bridge].text if bridge else question
    place = locate(item["name"], text)
    return Span(bridge, text[slice(*place)], *place) if place else None


def _short(passage: Passage) -> str:
    if passage.title:
        return passage.title
    return passage.text if len(passage.text) <= SHORT else passage.text[: SHORT - 1] + "…"
