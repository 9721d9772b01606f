"""What a question comes back as, and how it is made of the state that a run ends in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from ..core.types import Metadata, Passage
from ..core.words import quoted_span
from ..graphs.state import Event, State
from ..retrieval.candidate import Candidate, Kind
from ..retrieval.escalation import needs
from ..retrieval.hop.mentions import locate
from ..retrieval.retriever import Retriever

if TYPE_CHECKING:
    from ..answering.citations.check import Citation, Place
    from .calibration import Calibration


@dataclass(frozen=True, slots=True)
class PathStep:
    """A passage on the way to another: its id and what to call it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Span:
    """Where a name stands: `text` is what is from character `start` up to `end` of a passage's text.

    `passage` is that passage's id, or empty for the question.
    """

    passage: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage with its score and how it was found.

    `kind` is by what it was reached: the `question` itself, `named` in the question, a `reformulation` of it, or a hop
    by `link`, `vector` or `words`; `via` is the updater that reached it so, and `name` the key of the name that was
    followed, `span` where it stands, and `path` the passages that it was followed through, first bridge first.
    `hop` counts from 0, the first search. The score is the sum of its `parts`, up to rounding to six
    decimals. `duplicates` say nearly the same and were moved behind all others.
    `page` counts from 1, 0 in formats without pages; `heading` is the trail of headings, `A > B`; `start` and `end` are
    the passage's characters in the text of its document, None where nobody knows.
    """

    id: str
    document: str
    title: str
    heading: str
    text: str
    metadata: Metadata
    source: str
    score: float
    via: str
    name: str
    path: tuple[PathStep, ...]
    hop: int = 0
    span: Span | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    duplicates: tuple[PathStep, ...] = ()
    kind: Kind = "question"
    page: int = 0
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOutPassage:
    """A passage that was found and is not in the result, with how it was found (see `RankedPassage`) and why it is out.

    `why` is "below the first k", a better passage that says nearly the same, or what the request leaves out.
    """

    id: str
    title: str
    kind: Kind
    via: str
    name: str
    path: tuple[PathStep, ...]
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class SubQuestion:
    """A part of the question that was asked by itself: as it was asked, as the model wrote it, its likeliest answers.

    `passages` are the ids of what it found, best first.
    """

    question: str
    template: str
    answers: tuple[str, ...]
    passages: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Say whether each answer that it refers to was found."""
        return not needs(self.question)


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent on language models: attempts made, tokens read and written, US dollars, seconds of waiting.

    `cached` counts the replies that came from the cache and cost nothing, `failed` the attempts that came to nothing.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float = 0.0
    seconds: float = 0.0
    cached: int = 0
    failed: int = 0

    @classmethod
    def of(cls, spent: Iterable[Mapping[str, Any]]) -> Self:
        """Return the sum of the records of a run."""
        totals: dict[str, Any] = {one.name: 0 for one in fields(cls)}
        for record in spent:
            for name in totals:
                totals[name] += record[name]
        return cls(**totals)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was retrieved for a question: passages best first, the run's events, and why it stopped.

    In a conversation `question` is what the last turn was understood as, and `turn` is how it was said.
    `sufficiency` is the probability that the first five passages hold everything the question needs, None where nobody
    estimates it, and `calibrated` is whether questions about this collection made it so (`Agent.calibrate`): where none
    did, its order can be trusted more than its level. `spent` is what language models cost, by the step that asked
    them, `sub_questions` are those that one split the question into. `notices` say what did not go as wished, such as
    an updater that had to be left out, and `instructions` what was read besides the question, such as what it wants
    left out. `run` is the id of the run, which its log lines and its trace bear. `left_out` are the best passages that
    were found and are not in the result, at most 10, where the question was asked with `explain`.
    """

    question: str
    passages: Sequence[RankedPassage]
    events: Sequence[Event]
    hops: int
    stopped: str
    notices: Sequence[str] = field(default=())
    sufficiency: float | None = None
    spent: Mapping[str, Spending] = field(default_factory=dict)
    sub_questions: Sequence[SubQuestion] = field(default=())
    turn: str = ""
    instructions: Sequence[str] = field(default=())
    calibrated: bool = False
    run: str = field(default="", compare=False)
    left_out: Sequence[LeftOutPassage] = field(default=())

    @property
    def understood(self) -> bool:
        """Say whether the question is another than what was said."""
        return self.turn not in ("", self.question)

    @property
    def cost(self) -> Spending:
        """Return what the run spent on language models in all."""
        return Spending.of(asdict(one) for one in self.spent.values())

    @property
    def seconds(self) -> float:
        """Return how long the run took."""
        return next((event["ms"] / 1000 for event in reversed(self.events) if event["event"] == "finish"), 0.0)

    @property
    def looked_again(self) -> bool:
        """Say whether the ranking got the second look that the profile has for those that are not sure."""
        return any(event["event"] == "rerank" and event.get("again") for event in self.events)

    @property
    def augmented(self) -> bool:
        """Say whether a reformulation was asked beside the question."""
        return any(event["event"] == "augment" and event.get("queries", 0) > 0 for event in self.events)

    @property
    def chance(self) -> float | None:
        """Return the chance that a reformulation helps, where a gate was asked for it."""
        return next((event["chance"] for event in self.events if "chance" in event), None)

    def brief(self) -> list[dict[str, Any]]:
        """Return of each passage what an agent reads: title, text, source, and the titles on the way to it."""
        return [
            {"title": one.title, "text": one.text, "source": one.source, "path": [step.title for step in one.path]}
            for one in self.passages
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the passages it rests on; citation numbers count `retrieval.passages` from 1.

    `extractive` answers are sentences of the passages, `found` is whether the passages held one, and `model` is the
    LLM that wrote it, if one did. `notices` say what did not go as wished, such as an LLM that failed. `confidence` is
    the probability that the sentences of an extractive answer hold what was asked for, None for one that a language
    model wrote; where nothing was found it is that of the best there was. `calibrated` is whether it was calibrated by
    questions about this collection, as `Retrieval.calibrated` is for the sufficiency.
    """

    question: str
    text: str
    citations: Sequence[Citation]
    extractive: bool
    found: bool
    retrieval: Retrieval
    model: str = ""
    notices: Sequence[str] = field(default=())
    confidence: float | None = None
    calibrated: bool = False

    @property
    def titles(self) -> list[str]:
        """Return the titles of the passages that the answer cites, each once."""
        cited = dict.fromkeys(number for citation in self.citations for number in citation["passages"])
        there = [
            self.retrieval.passages[number - 1].title for number in cited if number <= len(self.retrieval.passages)
        ]
        return list(dict.fromkeys(filter(None, there)))

    def to_dict(self) -> Mapping[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


SHORT = 60
#: passages that are told to be left out
MOST_LEFT_OUT = 10


def retrieval_of(
    state: State,
    retriever: Retriever,
    notices: Sequence[str] = (),
    calibration: Calibration | None = None,
    *,
    run: str = "",
    explain: bool = False,
) -> Retrieval:
    """Return the best k passages that are still there, each with the path to it, and how sufficient they are.

    Args:
        run: the id of the run.
        explain: whether what was left out is told too; its passages have to be read for that.
    """
    ranked = state["ranked"]
    first = ranked[: state["k"]]
    there = dict(retriever.passages([name for item in first for name in _mentioned(item)]))
    kept = [item for item in first if item["id"] in there]
    if len(kept) < len(first):
        # All from one look: passages of a document before and after a write must not stand side by side.
        there = dict(retriever.passages([name for item in ranked for name in _mentioned(item)]))
        kept = [item for item in ranked if item["id"] in there][: state["k"]]
    sufficiency, calibrated = _calibrated(calibration, "sufficiency", state.get("sufficiency"))
    told = (notice for event in state["events"] for notice in event.get("notices", ()))
    return Retrieval(
        question=state["question"],
        passages=[_passage(item, there, state["question"]) for item in kept],
        events=state["events"],
        hops=state["searches"] - 1,
        stopped=state["stopped"],
        notices=[*notices, *(calibration.notices if calibration else ()), *told],
        sufficiency=sufficiency,
        calibrated=calibrated,
        spent=_spending(state),
        sub_questions=[
            SubQuestion(one["question"], one["template"], tuple(one["answers"]), tuple(one["passages"]))
            for one in state.get("asked", [])
        ],
        turn=state.get("turn", state["question"]),
        instructions=understood["told"] if (understood := state.get("understood")) is not None else [],
        run=run,
        left_out=_left_out(state, kept, retriever) if explain else (),
    )


def answer_of(
    state: State,
    retriever: Retriever,
    notices: Sequence[str] = (),
    calibration: Calibration | None = None,
    *,
    run: str = "",
    explain: bool = False,
) -> Answer:
    """Return the answer with the retrieval it rests on; the arguments are those of `retrieval_of`."""
    retrieval = retrieval_of(state, retriever, notices, calibration, run=run, explain=explain)
    said = state["answer"]
    confidence, calibrated = _calibrated(calibration, "confidence", said.get("confidence"))
    return Answer(
        question=state["question"],
        text=said["text"],
        citations=_with_places(said["citations"], retrieval, retriever),
        extractive=said["extractive"],
        found=said["found"],
        retrieval=retrieval,
        model=said["model"],
        notices=[*retrieval.notices, *said["notices"]],
        confidence=confidence,
        calibrated=calibrated,
    )


def _calibrated(calibration: Calibration | None, score: str, stated: float | None) -> tuple[float | None, bool]:
    """Return a probability, calibrated where that is known, and whether it is."""
    if calibration is None or stated is None or score not in calibration.lines:
        return stated, False
    return float(calibration.lines[score](stated)), True


def _with_places(citations: Sequence[Citation], retrieval: Retrieval, retriever: Retriever) -> list[Citation]:
    """Return citations with the places where they stand in their passages."""
    shown = retrieval.passages
    there = retriever.passages([one.id for one in shown]) if citations else {}
    known = {number: there[one.id] for number, one in enumerate(shown, start=1) if one.id in there}
    made: list[Citation] = []
    for one in citations:
        said = one.get("quote") or one["sentence"]
        places = [place_of(said, known[number]) for number in one["passages"] if number in known]
        made.append({**one, "places": places})
    return made


def place_of(quote: str, passage: Passage) -> Place:
    """Return where some words stand in a passage and its document, and where the passage begins if they do not."""
    found = quoted_span(quote, passage.text)
    layout = passage.layout
    at = found[0] if found else 0
    block = layout.block(at) if layout and found else None
    inside = passage.span(*found) if found else None
    return {
        "id": passage.id,
        "key": passage.document,
        "title": passage.title,
        "source": passage.source,
        "page": layout.page(at) if layout else 0,
        "heading": " > ".join(block.trail) if block else passage.heading,
        "start": inside[0] if inside else None,
        "end": inside[1] if inside else None,
    }


def _left_out(state: State, kept: Sequence[Candidate], retriever: Retriever) -> list[LeftOutPassage]:
    """Return the best of what was found and is not kept; near-duplicates of what is kept are told before the rest."""
    shown = {item["id"] for item in kept}
    better = {name: item["id"] for item in state["ranked"] for name in item.get("duplicates", ())}
    rest = [item for item in state["ranked"] if item["id"] not in shown]
    rest.sort(key=lambda item: better.get(item["id"]) not in shown)
    there = dict(retriever.passages([name for item in rest[:MOST_LEFT_OUT] for name in _mentioned(item)]))
    there |= retriever.passages([better[item["id"]] for item in rest[:MOST_LEFT_OUT] if item["id"] in better])

    def why(item: Candidate) -> str:
        if item["id"] in better and better[item["id"]] in there:
            return f"says nearly the same as {_short(there[better[item['id']]])}"
        return f"about {item['about']}, which is to be left out" if "about" in item else f"below the first {state['k']}"

    return [
        LeftOutPassage(
            id=item["id"],
            title=_short(there[item["id"]]),
            kind=item["kind"],
            via=item["via"],
            name=item["name"],
            path=_steps(item["path"], there),
            score=round(item["score"], 6),
            why=why(item),
        )
        for item in rest[:MOST_LEFT_OUT]
        if item["id"] in there
    ]


def _spending(state: State) -> dict[str, Spending]:
    records = state.get("spent", [])
    nodes = dict.fromkeys(record["node"] for record in records)
    return {node: Spending.of(record for record in records if record["node"] == node) for node in nodes}


def _mentioned(item: Candidate) -> list[str]:
    return [item["id"], *item["path"], *item.get("duplicates", ())]


def _passage(item: Candidate, there: Mapping[str, Passage], question: str) -> RankedPassage:
    passage = there[item["id"]]
    start, end = passage.span() or (None, None)
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
        page=passage.page,
        start=start,
        end=end,
    )


def _steps(ids: Iterable[str], there: Mapping[str, Passage]) -> tuple[PathStep, ...]:
    return tuple(PathStep(name, _short(there[name])) for name in ids if name in there)


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
