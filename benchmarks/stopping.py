"""Stop rules, compared on the record of one patient run: what each would have saved there, and lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from polyhop.agent import Agent, Config, MaxHops, Stop
from polyhop.agent.evaluate.remember import Memory
from polyhop.agent.evaluate.variants import Setup
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.role import Ranker
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import Progress, WhenDry, WhenHopeless, WhenSettled, WhenSufficient

PATIENCE = 3
#: What a user asks for: rules look at the best k.
K = 5
REFERENCE = f"MaxHops({PATIENCE})"
RULES: Mapping[str, Stop] = {
    REFERENCE: MaxHops(PATIENCE),
    "MaxHops(2)": MaxHops(2),
    "MaxHops(1)": MaxHops(1),
    "MaxHops(0)": MaxHops(0),
    "MaxHops(3) | WhenDry": MaxHops(3) | WhenDry(),
    "MaxHops(3) | WhenSettled": MaxHops(3) | WhenSettled(),
    "MaxHops(3) | WhenHopeless(0.5)": MaxHops(3) | WhenHopeless(0.5),
    "MaxHops(3) | WhenHopeless(0.7)": MaxHops(3) | WhenHopeless(0.7),
    "MaxHops(3) | WhenHopeless(1)": MaxHops(3) | WhenHopeless(1.0),
    "MaxHops(3) | WhenSettled | WhenHopeless(0.7)": MaxHops(3) | WhenSettled() | WhenHopeless(0.7),
    "MaxHops(1) | WhenDry": MaxHops(1) | WhenDry(),
    "MaxHops(1) | WhenHopeless(0.5)": MaxHops(1) | WhenHopeless(0.5),
    "MaxHops(1) | WhenHopeless(0.7)": MaxHops(1) | WhenHopeless(0.7),
    "MaxHops(1) | WhenHopeless(0.8)": MaxHops(1) | WhenHopeless(0.8),
    "MaxHops(1) | WhenHopeless(1)": MaxHops(1) | WhenHopeless(1.0),
}
#: The default rule, and with it the end at a sufficiency.
SUFFICIENT: Mapping[str, Stop] = {
    "MaxHops(1) | WhenDry": MaxHops(1) | WhenDry(),
    **{
        f"MaxHops(1) | WhenDry | WhenSufficient({least:g})": MaxHops(1) | WhenDry() | WhenSufficient(least)
        for least in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
    },
}
#: Tables of rules, each held against its first.
TABLES: Mapping[str, Mapping[str, Stop]] = {"rules": RULES, "sufficient": SUFFICIENT}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where a rule ends a run: the best passages there, the hops made and the milliseconds until then."""

    ids: Sequence[str]
    hops: int
    ms: float


@dataclass(slots=True)
class Record:
    """A patient run: the ranking after each search, and each time that the rules were asked."""

    rankings: list[list[str]] = field(default_factory=list)
    asked: list[tuple[Progress, float]] = field(default_factory=list)

    def until(self, rule: Stop) -> Stopped:
        """Return where a rule would have ended the run; at its end, for one that never fires."""
        for progress, milliseconds in self.asked:
            if rule(progress):
                return Stopped(self.rankings[progress.hops], progress.hops, milliseconds)
        return Stopped(self.rankings[-1], len(self.rankings) - 1, self.asked[-1][1])


class Recorder:
    """Asks an agent that stops late and takes no second look, and writes down what happens."""

    def __init__(self, setup: Setup, memory: Memory, *, depth: int) -> None:
        self._record = Record()
        self._clock = _clock(memory)
        stop = _Listening(MaxHops(PATIENCE), self._heard)
        ranker = _Noting(setup.config.ranker, self._ranked)
        profile: Config = replace(setup.config, stop=stop, ranker=ranker, further=(), rerankers=())
        self._agent = Agent(setup.retriever, config=profile)
        self._memory = memory
        self._depth = depth

    def ask(self, question: str) -> Record:
        """Return the record of a run."""
        self._record = Record()
        self._clock = _clock(self._memory)
        self._agent.retrieve(question, K)
        return self._record

    def _heard(self, progress: Progress) -> None:
        self._record.asked.append((progress, self._clock()))

    def _ranked(self, ranking: Sequence[Candidate]) -> None:
        self._record.rankings.append([item["id"] for item in ranking[: self._depth]])


@dataclass(frozen=True, slots=True)
class _Listening(Stop):
    """Lets somebody hear the facts that a rule is asked about."""

    inner: Stop
    heard: Callable[[Progress], None]

    def __call__(self, progress: Progress) -> bool:
        self.heard(progress)
        return self.inner(progress)


@dataclass(frozen=True, slots=True)
class _Noting:
    """Lets somebody see the rankings that a ranker makes."""

    inner: Ranker
    seen: Callable[[Sequence[Candidate]], None]

    @property
    def name(self) -> str:
        """Return the name of the ranker inside."""
        return self.inner.name

    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return what the ranker inside returns."""
        ranking = self.inner.rank(finds, run)
        self.seen(ranking)
        return ranking


def _clock(memory: Memory) -> Callable[[], float]:
    """Return a clock of milliseconds from now on that counts remembered look-ups at their cost."""
    began, saved = time.perf_counter(), memory.saved
    return lambda: 1000 * (time.perf_counter() - began + memory.saved - saved)
