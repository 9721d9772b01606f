"""What is asked: plain searches and polyhop in its profiles, and what they answer, question by question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from polyhop.agent import Collection, Config, Settings
from polyhop.agent.evaluate.compare import Memory, cached
from polyhop.agent.evaluate.compare import ask as ask_systems
from polyhop.agent.evaluate.metrics import DEPTHS
from polyhop.agent.evaluate.systems import SYSTEMS, Account, account, best_documents, retrieval

from .harness import bar, child, peak_mb, percentile, progress, timed
from .indexes import Arm, Index

T = TypeVar("T")
POLYHOP = "polyhop"
#: passages to ask for at first, since some are of one document
PASSAGES = 20


@dataclass(frozen=True, slots=True)
class Answers:
    """What a system made of each question: documents, milliseconds, and what it says of its run.

    `sufficiency` is its estimate that they suffice, `again` whether it looked at them again, `augmented` whether it
    reformulated the question and `chances` what a gate gave that for, `calls` and `tokens` what a language model took.
    """

    rankings: Sequence[Sequence[str]]
    ms: Sequence[float]
    sufficiency: Sequence[Any] = ()
    again: Sequence[bool] = ()
    augmented: Sequence[bool] = ()
    chances: Sequence[Any] = ()
    calls: Sequence[int] = ()
    tokens: Sequence[int] = ()

    @classmethod
    def of(cls, asked: Sequence[tuple[Account, float]]) -> Answers:
        """Return what came of the questions, each with its milliseconds."""
        told = [(one.documents, ms, one.sufficiency, one.again, one.augmented, one.chance) for one, ms in asked]
        return cls(*map(list, zip(*told, strict=True)))

    def costs(self) -> dict[str, float]:
        """Return the times of a question."""
        return {"p50_ms": percentile(self.ms), "p95_ms": percentile(self.ms, 95)}

    def or_else(self, other: Answers, taken: Sequence[Any]) -> Answers:
        """Return what comes of taking the other's answer to some of the questions."""
        places = enumerate([other if one else self for one in taken])
        chosen = [(one, place) for place, one in places]
        return self._each(lambda name: [getattr(one, name)[place] for one, place in chosen])

    def __add__(self, other: Answers) -> Answers:
        return self._each(lambda name: [*getattr(self, name), *getattr(other, name)])

    def _each(self, make: Callable[[str], Sequence[Any]]) -> Answers:
        return Answers(**{one.name: make(one.name) if getattr(self, one.name) else () for one in fields(self)})


def in_turns(
    ways: Mapping[str, Callable[[str], T]], arm: Arm, what: str, *, first: str = ""
) -> dict[str, list[tuple[T, float]]]:
    """Ask every question in each way, beginning with another one each time; return results and milliseconds.

    The way that `first` names is asked once more before all, and not counted.
    """
    found: dict[str, list[tuple[T, float]]] = {name: [] for name in ways}
    names = list(ways)
    for question in arm.warm:
        for ask in ways.values():
            ask(question)
    for number, question in enumerate(progress(arm.texts, what, len(arm.texts))):
        if first:
            ways[first](question)
        start = number % len(names)
        for name in (*names[start:], *names[:start]):
            found[name].append(timed(ways[name], question))
    return found


def times(asked: Sequence[tuple[Any, float]]) -> dict[str, float]:
    """Return the columns of a table with the times of a way."""
    ms = [one for _, one in asked]
    return {"p50 ms": percentile(ms), "p95 ms": percentile(ms, 95)}


def named(profile: str, **settings: Any) -> Config:
    """Return a profile by the name that the settings use."""
    return Config.of(Settings(profile=profile, **settings))


def asked_alone(arm: Arm, system: str, profile: str) -> tuple[Answers, float]:
    """Ask one system everything in a process of its own; return also its peak of memory."""
    job = {"index": asdict(arm.index), "system": system, "profile": profile, "warm": arm.warm, "questions": arm.texts}
    found = child(ask_all, **job)
    return Answers(**found["answers"]), found["peak_mb"]


def ask_all(job: dict[str, Any]) -> dict[str, Any]:
    """Ask one system each question once, after warming it up."""
    with Index(**job["index"]).opened() as collection:
        ask = _asking(job["system"], collection, job["profile"])
        for question in job["warm"]:
            ask(question)
        asked = [timed(ask, question) for question in progress(job["questions"], job["system"], len(job["questions"]))]
    return {"answers": asdict(Answers.of(asked)), "peak_mb": peak_mb()}


def _asking(system: str, collection: Collection, profile: str) -> Callable[[str], Account]:
    """Return what asks a system; the profile is that of polyhop, the others have none and say nothing of themselves."""
    if system == POLYHOP:
        retrieve = retrieval(collection, Config.of(Settings(profile=profile), collection))
        return lambda question: account(retrieve, question, DEPTHS[-1])
    search = SYSTEMS[system](collection)
    return lambda question: Account(best_documents(search, question, DEPTHS[-1]), None, again=False)


def asked_together(arm: Arm, profiles: Mapping[str, Config], depth: int, *, warm: str) -> dict[str, Answers]:
    """Ask each profile every question over one memory of look-ups.

    The one that `warm` names is asked once more than counts before each question, so that what texts cost when they
    are met for the first time counts for no profile.
    """
    with arm.index.opened() as collection, bar(arm.title, len(arm.questions)) as advance:
        memory = Memory()
        systems = {name: _accounts(cached(collection, memory), one, depth) for name, one in profiles.items()}
        for search in systems.values():
            search(arm.questions[0].text)
        asked = ask_systems(systems, arm.texts, memory=memory, warm=systems[warm], advance=advance)
    return {name: Answers.of(answers) for name, answers in asked.items()}


def _accounts(retriever: Any, profile: Config, depth: int) -> Callable[[str], Account]:
    retrieve = retrieval(retriever, profile)
    return lambda question: account(retrieve, question, depth, passages=PASSAGES)
