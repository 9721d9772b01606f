"""What each part of polyhop adds to its recall, and what stop rules save, on several sets of questions.

python -m benchmarks.ablation DIR [DIR ...] --split dev --parts link,named,shared,stop --json OUT.json
python -m benchmarks.ablation DIR [DIR ...] --split dev --profile quality --parts reader,further
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from polyhop.agent import Agent, CallerError, Collection, Config, MaxHops, Stop
from polyhop.agent.evaluate.compare import Memory, ask, cached
from polyhop.agent.evaluate.metrics import metrics, scores
from polyhop.agent.evaluate.systems import best_documents, polyhop
from polyhop.agent.evaluate.variants import WITH, WITHOUT, WITHOUT_AGAIN, Setup, variants
from polyhop.retrieval.candidate import ways_of
from polyhop.retrieval.stop import Progress, WhenDry, WhenHopeless, WhenSettled, WhenSufficient

from .harness import ARMS, PROFILE, Command, Given, Report, bar, chosen, option, tell
from .indexes import Arm, arms
from .metrics import Gold, Rankings, Rows, interval, mean_rows, rows
from .systems import PASSAGES, POLYHOP, named

DEPTHS = (5, 10)
METRICS = metrics(DEPTHS)
SHOWN = ("recall@5", "all@5", "recall@10")
STOP = "stop"
LEFT_OUT = (*WITHOUT, *WITHOUT_AGAIN)
PARTS = (*LEFT_OUT, *WITH, STOP)
OPTIONS = (
    *(*ARMS, PROFILE),
    option("--parts", default=",".join(PARTS), help="what to leave out or add (default: %(default)s)"),
)
PATIENCE = 3
#: What a user asks for: rules look at the best k.
K = 5
_DRY, _SETTLED = WhenDry(), WhenSettled()
_PATIENT: Mapping[str, Stop] = {f"MaxHops({hops})": MaxHops(hops) for hops in (3, 2, 1, 0)}
REFERENCE = "MaxHops(3)"


def _either(hops: int, name: str, rule: Stop) -> dict[str, Stop]:
    """Return a rule that ends after so many hops, or where another one fires."""
    return {f"MaxHops({hops}) | {name}": MaxHops(hops) | rule}


def _hopeless(hops: int, *shares: float) -> dict[str, Stop]:
    made = [_either(hops, f"WhenHopeless({share:g})", WhenHopeless(share)) for share in shares]
    return {name: rule for one in made for name, rule in one.items()}


RULES: Mapping[str, Stop] = {
    **_PATIENT,
    **_either(3, "WhenDry", _DRY),
    **_either(3, "WhenSettled", _SETTLED),
    **_hopeless(3, 0.5, 0.7, 1),
    **_either(3, "WhenSettled | WhenHopeless(0.7)", _SETTLED | WhenHopeless(0.7)),
    **_either(1, "WhenDry", _DRY),
    **_hopeless(1, 0.5, 0.7, 0.8, 1),
}
#: The default rule, and with it the end at a sufficiency.
SUFFICIENT: Mapping[str, Stop] = _either(1, "WhenDry", _DRY) | {
    f"MaxHops(1) | WhenDry | WhenSufficient({least:g})": MaxHops(1) | _DRY | WhenSufficient(least)
    for least in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
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
class RecordedRun:
    """A patient run: what it would have returned after each search, and each time that the rules were asked."""

    rankings: list[list[str]] = field(default_factory=list)
    asked: list[tuple[Progress, float]] = field(default_factory=list)

    def until(self, rule: Stop) -> Stopped:
        """Return where a rule would have ended the run; at its end, for one that never fires."""
        for progress, milliseconds in self.asked:
            if rule(progress):
                return Stopped(self.rankings[progress.hops], progress.hops, milliseconds)
        return Stopped(self.rankings[-1], len(self.rankings) - 1, self.asked[-1][1])


class RunRecorder:
    """Asks an agent that stops late and takes no second look, and writes down what happens."""

    def __init__(self, setup: Setup, memory: Memory, *, depth: int) -> None:
        self._record, self._began, self._saved = RecordedRun(), 0.0, 0.0
        self._memory, self._depth, self._light = memory, depth, setup.config.light
        self._noted: list[tuple[Sequence[Any], Sequence[Any], Any]] = []
        own: Any = {"stop": _Listening(self), "ranker": _Noting(setup.config.ranker, self)}
        self._agent = Agent(setup.retriever, config=replace(setup.config, **own, further=(), rerankers=()))

    def ask(self, question: str) -> RecordedRun:
        """Return the record of a run."""
        self._record, self._began, self._saved = RecordedRun(), time.perf_counter(), self._memory.saved
        self._noted = []
        self._agent.retrieve(question, K)
        self._record.rankings = [self._looked_at(*one) for one in self._noted]
        return self._record

    def heard(self, progress: Progress) -> None:
        """Note the facts that a rule is asked about; remembered look-ups count at their cost."""
        seconds = time.perf_counter() - self._began + self._memory.saved - self._saved
        self._record.asked.append((progress, 1000 * seconds))

    def ranked(self, finds: Sequence[Any], ranking: Sequence[Any], run: Any) -> None:
        """Note a ranking and what it was made of."""
        self._noted.append((list(finds), list(ranking), run))

    def _looked_at(self, finds: Sequence[Any], ranking: Sequence[Any], run: Any) -> list[str]:
        """Return the best ids after the light rerankers, as at the end of a run that stops there."""
        run.ways = ways_of(finds)
        for one in self._light:
            ranking = one.rerank(ranking, run)
        return [item["id"] for item in ranking[: self._depth]]


@dataclass(frozen=True, slots=True)
class _Listening(Stop):
    """Stops late, and lets the recorder hear the facts."""

    recorder: RunRecorder

    def __call__(self, progress: Progress) -> bool:
        self.recorder.heard(progress)
        return MaxHops(PATIENCE)(progress)


@dataclass(frozen=True, slots=True)
class _Noting:
    """Lets the recorder see the rankings that a ranker makes."""

    inner: Any
    recorder: RunRecorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def rank(self, finds: Any, run: Any) -> Any:
        """Return what the ranker inside returns."""
        ranking = self.inner.rank(finds, run)
        self.recorder.ranked(finds, ranking, run)
        return ranking


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of a table, and milliseconds of one question: the median by part, the mean by stop rule.

    A rule that saves a search now and then leaves the median as it is.
    """

    rows: Rows
    ms: Mapping[str, float]


def measure(options: Given, report: Report) -> None:
    """Measure arm after arm, show the tables as they come and at last the means over the arms."""
    parts = chosen(options.parts, PARTS, "part")
    report.add(profile=repr(named(options.profile)), seed=options.seed)
    done: list[dict[str, Compared]] = []
    for seed, arm in arms(options):
        done.append(compared(arm, named(options.profile), parts, seed=seed))
        report.add_to("arms", arm.facts() | _shown(report, arm.title, done[-1]))
    if len(done) > 1:
        means = {name: _mean([one[name] for one in done]) for name in done[0]}
        report.add(means=_shown(report, f"mean over {len(done)} arms", means))


COMMAND = Command("ablation", __doc__, OPTIONS, measure)


def compared(arm: Arm, profile: Config, parts: Sequence[str], *, seed: int) -> dict[str, Compared]:
    """Ask every variant every question, over one memory of look-ups; the tables of stop rules come last."""
    with arm.index.opened() as collection, bar(arm.title, len(arm.questions)) as advance:
        memory = Memory()
        setup = Setup(cached(collection, memory), profile)
        # The patient run comes first: it meets most texts, and what parsing them costs then counts for no variant.
        systems: dict[str, Callable[[str], Any]] = {STOP: RunRecorder(setup, memory, depth=PASSAGES).ask}
        systems |= {name: _documents(one) for name, one in {POLYHOP: setup, **_variants(setup, parts)}.items()}
        asked = ask(systems, arm.texts, memory=memory, advance=advance)
        records = [record for record, _ in asked.pop(STOP)]
        rankings = {name: [ranking for ranking, _ in of_system] for name, of_system in asked.items()}
        milliseconds = {name: float(np.median([ms for _, ms in of_system])) for name, of_system in asked.items()}
        found = {"parts": Compared(gains(rankings, arm.gold, seed=seed), milliseconds)}
        return found | (_rules(records, collection, arm.gold, seed) if STOP in parts else {})


def _variants(setup: Setup, parts: Sequence[str]) -> dict[str, Setup]:
    """Return the variants that make a difference to the profile; the others are told."""
    found: dict[str, Setup] = {}
    for part in [part for part in parts if part != STOP]:
        try:
            found |= variants(setup, **{"without" if part in LEFT_OUT else "plus": [part]})
        except CallerError as error:
            tell(f"skipped: {error}")
    return found


def _documents(setup: Setup) -> Callable[[str], list[str]]:
    search = polyhop(setup.retriever, setup.config)
    return lambda question: best_documents(search, question, DEPTHS[-1], passages=PASSAGES)


def _rules(records: Sequence[RecordedRun], collection: Collection, gold: Gold, seed: int) -> dict[str, Compared]:
    """Return for each table of rules what they save, and their milliseconds."""
    ids = {name for record in records for ranking in record.rankings for name in ranking}
    keys = {name: passage.document for name, passage in collection.passages(sorted(ids)).items()}
    found = {}
    for table, rules in TABLES.items():
        ends = {name: [record.until(rule) for record in records] for name, rule in rules.items()}
        rankings = {
            name: [list(dict.fromkeys(keys[one] for one in end.ids)) for end in own] for name, own in ends.items()
        }
        hops = {name: [end.hops for end in own] for name, own in ends.items()}
        ms = {name: _mean_of([end.ms for end in own]) for name, own in ends.items()}
        found[table] = Compared(savings(rankings, hops, gold, seed=seed), ms)
    return found


def gains(rankings: Mapping[str, Rankings], gold: Gold, *, seed: int) -> Rows:
    """Return the figures of the whole run, then what each part adds: the run less `-part`, and `+part` less the run."""
    values = {name: scores(own, gold, DEPTHS) for name, own in rankings.items()}
    whole = values.pop(POLYHOP)
    added = {name: whole - own if name.startswith("-") else own - whole for name, own in values.items()}
    return rows({POLYHOP: whole, **added}, METRICS, seed=seed)


def savings(found: Mapping[str, Rankings], hops: Mapping[str, Sequence[int]], gold: Gold, *, seed: int) -> Rows:
    """Return what each stop rule saves and loses against the first: hops a question, and figures."""
    values = {name: scores(own, gold, DEPTHS) for name, own in found.items()}
    made = {name: np.array(own, np.float64)[:, None] for name, own in hops.items()}
    reference = next(iter(values))
    saved = {
        name: np.hstack([made[name], made[reference] - made[name], values[reference] - own])
        for name, own in values.items()
    }
    return rows(saved, ("hops", "saved", *METRICS), seed=seed)


def _mean(done: Sequence[Compared]) -> Compared:
    ms = {name: _mean_of([one.ms[name] for one in done]) for name in done[0].ms}
    return Compared(mean_rows([one.rows for one in done]), ms)


def _mean_of(numbers: Sequence[float]) -> float:
    return round(float(np.mean(numbers)), 3)


def _shown(report: Report, title: str, tables: Mapping[str, Compared]) -> dict[str, Any]:
    """Show the tables and return their figures as plain JSON types."""
    figures: dict[str, Any] = {}
    for name, one in tables.items():
        own = one.rows.to_dict()
        figures |= {name: own, f"{name}_ms": dict(one.ms)}
        if name == "parts":
            caption = "points [95 % bootstrap interval, paired]; ms: median, and what it adds"
            report.show(f"{title}: what each part adds", parts_table(own, one.ms), caption)
        else:
            caption = f"against {next(iter(own))}: hops saved, points lost, mean ms"
            report.show(f"{title}: stop rules", rules_table(own, one.ms), caption)
    return figures


def parts_table(figures: Mapping[str, Mapping[str, Sequence[float]]], ms: Mapping[str, float]) -> list[dict[str, str]]:
    """Return a row for each part: what it adds to recall in points, and its milliseconds."""
    made = []
    for name, own in figures.items():
        sign = "" if name == POLYHOP else "+"
        cost = ms[name] - (0 if name == POLYHOP else ms[POLYHOP])
        cells = {metric: interval(own[metric], sign) for metric in SHOWN}
        made.append({"part": name, **cells, "ms": f"{-cost + 0.0 if name.startswith('-') else cost:{sign}.1f}"})
    return made


def rules_table(figures: Mapping[str, Mapping[str, Sequence[float]]], ms: Mapping[str, float]) -> list[dict[str, str]]:
    """Return a row for each stop rule: hops, and what it loses in points."""
    return [
        {
            "stop rule": name,
            "hops": f"{own['hops'][0]:.2f}",
            "saved": interval(own["saved"], digits=2, scale=1),
            **{f"{metric} lost": interval(own[metric], "+") for metric in SHOWN},
            "ms": f"{ms[name]:.1f}",
        }
        for name, own in figures.items()
    ]


if __name__ == "__main__":
    COMMAND.run()
