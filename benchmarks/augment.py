"""What reformulating a question brings and costs: never, always, the question twice, and where a gate lets it through.

python -m benchmarks.augment DIR [DIR ...] --split dev --json OUT.json
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Config
from polyhop.agent.evaluate.metrics import Values
from polyhop.retrieval.query.gate import Gate
from polyhop.retrieval.query.role import AUGMENTERS

from .harness import ARMS, BenchmarkError, Command, Given, Report, chosen, option
from .indexes import arms
from .metrics import SHOWN, at_five, gained, interval, percent, rows, share
from .systems import Answers, asked_together, named

NEVER, ALWAYS, REPEAT, GATE = "never", "always", "repeat", "gate"
#: the better of never and always for each question, which no gate can exceed
PERFECT = "perfect"
#: thresholds beside that of the gate that is asked
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
AGAINST = (NEVER, ALWAYS)
COLUMNS = (*SHOWN, *(f"{metric} against {name}" for name in AGAINST for metric in SHOWN))
DEPTH = 5
OPTIONS = (
    *ARMS,
    option("--augment", default="feedback", help="the augmenter of `always` (default: %(default)s)"),
    option("--threshold", type=float, default=0.5, help="of the gate that is asked (default: %(default)s)"),
    option("--gate", type=Path, metavar="FILE", help="weights of the gate (default: those that come along)"),
)


@dataclass(frozen=True, slots=True)
class SystemResults:
    """What each system made of the questions, and recall and all-gold at 5 by system."""

    answers: Mapping[str, Answers]
    values: Mapping[str, Values]

    def __add__(self, other: SystemResults) -> SystemResults:
        """Return the questions of both."""
        answers = {name: own + other.answers[name] for name, own in self.answers.items()}
        return SystemResults(
            answers, {name: np.concatenate([own, other.values[name]]) for name, own in self.values.items()}
        )


def measure(options: Given, report: Report) -> None:
    """Measure arm after arm, show the tables as they come and at last all questions together."""
    (name,) = chosen(options.augment, AUGMENTERS.names())[:1]
    if options.gate is not None and not options.gate.is_file():
        raise BenchmarkError(f"--gate is {str(options.gate)!r}; there is no such file")
    made = profiles(name, options.gate, options.threshold)
    report.add(augmenter=repr(AUGMENTERS.make(name)), seed=options.seed)
    pooled: SystemResults | None = None
    for seed, arm in arms(options):
        answers = asked_together(arm, made, DEPTH, warm=ALWAYS)
        asked = SystemResults(answers, {name: at_five(own.rankings, arm.gold) for name, own in answers.items()})
        pooled = pooled + asked if pooled else asked
        report.add_to("arms", arm.facts() | {"systems": _shown(report, f"{arm.title}: {name}", asked, seed)})
    if pooled:
        report.add(pooled={"systems": _shown(report, f"all questions: {name}", pooled, options.seed)})


COMMAND = Command("augment", __doc__, OPTIONS, measure)


def profiles(name: str, file: Path | None, threshold: float) -> dict[str, Config]:
    """Return what is compared, all with the default parts; the gate has weights that come along, or a file's."""
    gate = Gate(name, threshold) if file is None else Gate(name, threshold, file)
    gate.checked()
    never = named("fast")
    always = replace(never, augment=AUGMENTERS.make(name))
    twice = replace(never, augment=AUGMENTERS.make(REPEAT))
    return {NEVER: never, ALWAYS: always, REPEAT: twice, GATE: replace(always, gate=gate)}


def derived(asked: SystemResults) -> SystemResults:
    """Return the systems with what follows from never and always: gates of other thresholds, and a perfect one.

    The fraction of a millisecond that a gate takes is left out of the former.
    """
    answers, values = dict(asked.answers), dict(asked.values)
    for threshold in THRESHOLDS:
        passed = [(chance or 0.0) >= threshold for chance in answers[GATE].chances]
        answers[f"{GATE} {threshold:g}"] = answers[NEVER].or_else(answers[ALWAYS], passed)
        values[f"{GATE} {threshold:g}"] = np.where(np.array(passed)[:, None], values[ALWAYS], values[NEVER])
    return SystemResults(answers, values | {PERFECT: np.maximum(values[NEVER], values[ALWAYS])})


def figures(asked: SystemResults, *, seed: int) -> Any:
    """Return figures by system, with what each adds to never and always, and its share of the cost.

    `added` is the milliseconds over never, as a share of those of always.
    """
    asked = derived(asked)
    base, most = (float(np.mean(asked.answers[name].ms)) for name in AGAINST)
    systems: Any = rows(gained(asked.values, *AGAINST), COLUMNS, seed=seed).to_dict()
    for name, own in asked.answers.items():
        ms = float(np.mean(own.ms))
        added = share(ms - base, most - base) if most > base else None
        systems[name] |= {"augmented": round(float(np.mean(own.augmented)), 4), "ms": round(ms, 3), "added": added}
    return systems


def _shown(report: Report, title: str, asked: SystemResults, seed: int) -> Any:
    systems = figures(asked, seed=seed)
    table = [
        {
            "": name,
            **{metric: percent(own[metric][0], 2) for metric in SHOWN},
            **{column: interval(own[column], "+", digits=2) for column in COLUMNS[2::2]},
            "augmented": percent(own.get("augmented"), 0),
            "ms": f"{own['ms']:.1f}" if "ms" in own else "",
            "time added": percent(own.get("added"), 0),
        }
        for name, own in systems.items()
    ]
    report.show(
        title, table, "percent; points against never and always [95 % interval, paired]; time added, of always'"
    )
    return systems


if __name__ == "__main__":
    COMMAND.run()
