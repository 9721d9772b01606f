"""What a question comes back as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from ..core.types import Metadata
from ..graphs.state import Event
from ..retrieval.candidate import Kind

if TYPE_CHECKING:
    from ..answering.citations.check import Citation


@dataclass(frozen=True, slots=True)
class Step:
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
    path: tuple[Step, ...]
    hop: int = 0
    span: Span | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    duplicates: tuple[Step, ...] = ()
    kind: Kind = "question"


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
        from ..retrieval.query.decompose import needs

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
    estimates it. `spent` is what language models cost, by the step that asked them, `sub_questions` are those that one
    split the question into. `notices` say what did not go as wished, such as an updater that had to be left out, and
    `instructions` what was read besides the question, such as what it wants left out.
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
        return any(event["event"] == "rerank" and not event.get("sure") for event in self.events)

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
    LLM that wrote it, if one did. `notices` say what did not go as wished, such as an LLM that failed.
    """

    question: str
    text: str
    citations: Sequence[Citation]
    extractive: bool
    found: bool
    retrieval: Retrieval
    model: str = ""
    notices: Sequence[str] = field(default=())

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
