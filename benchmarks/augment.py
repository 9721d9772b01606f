"""What reformulating a question brings and costs: never, always, the question twice, and where a gate lets it through.

python -m benchmarks.augment DIR [DIR ...] --split dev --json OUT.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import __version__
from polyhop.agent.evaluate.metrics import Values, scores
from polyhop.retrieval.query.role import AUGMENTERS

from .arms import Arm, add_arms, arms
from .augmenters import ALWAYS, DEPTH, GATE, NEVER, gate
from .common import BenchmarkError, Parser, child, chosen, run, write_json
from .gains import Rows, rows

#: the better of never and always for each question, which no gate can exceed
PERFECT = "perfect"
#: thresholds beside that of the gate that is asked
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SHOWN = ("recall@5", "all@5")
AGAINST = (NEVER, ALWAYS)
COLUMNS = (*SHOWN, *(f"{metric} against {name}" for name in AGAINST for metric in SHOWN))
DIGITS = 4
WIDTH = 150
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What each system made of the questions: recall and all-gold at 5, milliseconds, and whether it augmented.

    `chances` are what the gate gave a reformulation for.
    """

    values: Mapping[str, Values]
    ms: Mapping[str, Values]
    augmented: Mapping[str, Values]
    chances: Values

    def and_of(self, other: Asked) -> Asked:
        """Return the questions of both."""

        def joined(one: Mapping[str, Values], more: Mapping[str, Values]) -> dict[str, Values]:
            return {name: np.concatenate([own, more[name]]) for name, own in one.items()}

        return Asked(
            joined(self.values, other.values),
            joined(self.ms, other.ms),
            joined(self.augmented, other.augmented),
            np.concatenate([self.chances, other.chances]),
        )


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.augment", description=(__doc__ or "").splitlines()[0])
    add_arms(made)
    made.add_argument("--augment", default="feedback", help="the augmenter of `always` (default: %(default)s)")
    made.add_argument("--threshold", type=float, default=0.5, help="of the gate that is asked (default: %(default)s)")
    made.add_argument("--gate", type=Path, metavar="FILE", help="weights of the gate (default: those that come along)")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure arm after arm, show the tables as they come and at last all questions together."""
    options = parser().parse_args(arguments)
    name = _checked(options)
    report: Report = {
        "command": f"python -m benchmarks.augment {shlex.join(arguments)}",
        "polyhop_version": __version__,
        "augmenter": repr(AUGMENTERS.make(name)),
        "seed": options.seed,
        "arms": [],
    }
    screen = Console(width=None if sys.stdout.isatty() else WIDTH)
    pooled: Asked | None = None
    for seed, arm in arms(options):
        asked = _asked(arm, options)
        pooled = asked if pooled is None else pooled.and_of(asked)
        report["arms"].append(arm.facts() | figures(asked, seed=seed))
        screen.print(table(f"{arm.title}: {name}", report["arms"][-1]["systems"]))
        report["pooled"] = figures(pooled, seed=options.seed)
        if options.json:
            write_json(options.json, report)
    screen.print(table(f"all questions: {name}", report["pooled"]["systems"]))


def _checked(options: argparse.Namespace) -> str:
    (name,) = chosen(options.augment, AUGMENTERS.names())[:1]
    if options.gate is not None and not options.gate.is_file():
        raise BenchmarkError(f"--gate is {str(options.gate)!r}; there is no such file")
    gate(name, options.gate, options.threshold).checked()
    return name


def _asked(arm: Arm, options: argparse.Namespace) -> Asked:
    """Ask every system every question, in a process of the arm's own and over one memory of look-ups."""
    job = {
        "home": arm.index.home,
        "name": arm.index.name,
        "title": arm.title,
        "questions": [question.text for question in arm.questions],
        "augment": options.augment,
        "file": None if options.gate is None else str(options.gate.absolute()),
        "threshold": options.threshold,
    }
    answers = child("augmenters", job)
    chances = np.array([one or 0.0 for one in answers[GATE]["chances"]], np.float64)
    found = {name: scores(own["rankings"], arm.gold, (DEPTH,)) for name, own in answers.items()}
    ms = {name: np.array(own["ms"], np.float64) for name, own in answers.items()}
    made = {name: np.array(own["augmented"], np.float64) for name, own in answers.items()}
    return Asked(found, ms, made, chances)


def derived(asked: Asked) -> Asked:
    """Return the systems with what follows from never and always: gates of other thresholds, and a perfect one.

    The fraction of a millisecond that a gate takes is left out of the former.
    """
    values, ms, made = dict(asked.values), dict(asked.ms), dict(asked.augmented)
    for threshold in THRESHOLDS:
        name, passed = f"{GATE} {threshold:g}", asked.chances >= threshold
        values[name] = np.where(passed[:, None], values[ALWAYS], values[NEVER])
        ms[name], made[name] = np.where(passed, ms[ALWAYS], ms[NEVER]), passed.astype(np.float64)
    values[PERFECT] = np.maximum(values[NEVER], values[ALWAYS])
    return Asked(values, ms, made, asked.chances)


def figures(asked: Asked, *, seed: int) -> Report:
    """Return plain JSON types: figures by system, with what each adds to never and always, and its share of the cost.

    `added` is the milliseconds over never, as a share of those of always.
    """
    asked = derived(asked)
    known = {
        name: np.hstack([own, *(own - asked.values[other] for other in AGAINST)]) for name, own in asked.values.items()
    }
    found: Rows = rows(known, COLUMNS, seed=seed)
    base, most = (float(asked.ms[name].mean()) for name in AGAINST)
    systems: dict[str, Report] = {}
    for name, own in found.to_dict().items():
        systems[name] = dict(own)
        if name in asked.ms:
            mean = float(asked.ms[name].mean())
            systems[name] |= {
                "augmented": round(float(asked.augmented[name].mean()), DIGITS),
                "ms": round(mean, 3),
                "added": round((mean - base) / (most - base), DIGITS) if most > base else None,
            }
    return {"systems": systems}


def table(title: str, systems: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a row for each system."""
    caption = "percent; points against never and always [95 % bootstrap interval, paired]; time added, of always'"
    shown = Table("", title=title, caption=caption)
    for heading in (*SHOWN, *COLUMNS[2::2], "augmented", "ms", "time added"):
        shown.add_column(heading, justify="right")
    for name, own in systems.items():
        levels = [f"{100 * own[metric][0]:.2f}" for metric in SHOWN]
        gains = ["{:+.2f} [{:+.2f}, {:+.2f}]".format(*(100 * part for part in own[column])) for column in COLUMNS[2::2]]
        cost = [_percent(own.get("augmented")), f"{own['ms']:.1f}" if "ms" in own else "", _percent(own.get("added"))]
        shown.add_row(name, *levels, *gains, *cost)
    return shown


def _percent(number: float | None) -> str:
    return "" if number is None else f"{100 * number:.0f}"


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
