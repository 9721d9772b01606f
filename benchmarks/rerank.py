"""What a second look at rankings gains and costs, reranker by reranker, and how far a ranking knows that it suffices.

python -m benchmarks.rerank DIR [DIR ...] --split dev --json OUT.json --plot OUT.svg
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import Config, Settings, __version__
from polyhop.agent.evaluate.metrics import scores

from .arms import Arm, add_arms, arms
from .common import BenchmarkError, Parser, child, run, write_json, write_text
from .gains import Rows, mean, rows
from .rerankers import FAST, LIGHT, QUALITY
from .scatter import Point, scatter
from .sureness import SURE, Answers, Cases, auto, auto_table, reliability_table, share, sufficiency_table

PAIRS = (0, 8, 12, 16, 24, 40)
SHOWN = ("recall@5", "all@5")
COLUMNS = (*SHOWN, *(f"{metric} gain" for metric in SHOWN))
AUTO = "auto"
#: the series of the plot with all that reads no text
CHEAP_ONES = "no text read"
WIDTH = 150
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of an arm, or their means: `ms` are p50 and mean by system, `again` shares of second looks."""

    rows: Rows
    ms: Mapping[str, Mapping[str, float]]
    again: Mapping[str, float]
    cases: Mapping[str, Cases]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.rerank", description=(__doc__ or "").splitlines()[0])
    add_arms(made)
    made.add_argument(
        "--pairs", type=_numbers, default=PAIRS, help="passages that a cross-encoder reads (default: 0,8,12,16,24,40)"
    )
    made.add_argument("--cross", metavar="FILE", type=Path, action="append", default=[], help="other weights beside")
    made.add_argument("--plot", metavar="OUT.svg", type=Path, help="draw recall@5 over milliseconds into this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure arm after arm, show the tables as they come and at last the means over the arms."""
    options = parser().parse_args(arguments)
    _check(options.cross)
    report: Report = {
        "command": f"python -m benchmarks.rerank {shlex.join(arguments)}",
        "polyhop_version": __version__,
        "profile": repr(Config.of(Settings(profile=QUALITY))),
        "seed": options.seed,
        "arms": [],
    }
    screen = Console(width=None if sys.stdout.isatty() else WIDTH)
    done: list[Outcome] = []
    for seed, arm in arms(options):
        done.append(outcome(_asked(arm, options), arm.gold, seed=seed))
        report["arms"].append(arm.facts() | figures(done[-1]))
        _show(screen, arm.title, done[-1])
        _write(options.json, report)
    means = middle(done)
    report["means"] = figures(means) | {
        "reliability": {name: [asdict(one) for one in cases.bins()] for name, cases in means.cases.items()}
    }
    if len(done) > 1:
        _show(screen, f"mean over {len(done)} arms", means)
    screen.print(
        reliability_table("all questions: reliability", {name: cases.bins() for name, cases in means.cases.items()})
    )
    _write(options.json, report)
    if options.plot:
        write_text(options.plot, picture(report["means"], len(done)))


def _numbers(text: str) -> list[int]:
    """Read whole numbers from the command line."""
    try:
        found = sorted({int(one) for one in text.split(",")})
    except ValueError:
        found = [-1]
    if found[0] < 0:
        raise argparse.ArgumentTypeError(f"it must be whole numbers of at least 0, with commas, not {text!r}")
    return found


def _check(files: Sequence[Path]) -> None:
    for file in files:
        if not file.is_file():
            raise BenchmarkError(f"--cross is {str(file)!r}; there is no such file")
    if len({file.stem for file in files}) < len(files):
        raise BenchmarkError("two files of --cross have one name; rename one of them, for they are told apart by it")


def _asked(arm: Arm, options: argparse.Namespace) -> dict[str, Answers]:
    """Ask every system every question, in a process of the arm's own and over one memory of look-ups."""
    job = {
        "home": arm.index.home,
        "name": arm.index.name,
        "title": arm.title,
        "questions": [question.text for question in arm.questions],
        "pairs": list(options.pairs),
        "files": [str(file.absolute()) for file in options.cross],
    }
    return {name: Answers(**answers) for name, answers in child("rerankers", job).items()}


def outcome(asked: Mapping[str, Answers], gold: Sequence[frozenset[str]], *, seed: int) -> Outcome:
    """Return the figures of what was asked, and of `auto`, which follows from them."""
    light, quality = asked[LIGHT], asked[QUALITY]
    everyone = {**asked, **{f"{AUTO} {sure:g}": auto(light, quality, sure) for sure in SURE}}
    values = {name: scores(one.rankings, gold, (5,)) for name, one in everyone.items()}
    cases = {
        name: Cases(values[name][:, SHOWN.index("all@5")].tolist(), list(asked[name].sufficiency))
        for name in (FAST, LIGHT, QUALITY)
    }
    return Outcome(
        rows({name: np.hstack([own, own - values[FAST]]) for name, own in values.items()}, COLUMNS, seed=seed),
        {name: _times(one.ms) for name, one in everyone.items()},
        {name: float(np.mean(one.again)) for name, one in everyone.items()},
        cases,
    )


def _times(ms: Sequence[float]) -> dict[str, float]:
    return {"p50": round(float(np.median(ms)), 3), "mean": round(float(np.mean(ms)), 3)}


def middle(done: Sequence[Outcome]) -> Outcome:
    """Return the mean over arms, each counting the same; the cases of all are put together."""
    names = done[0].rows.names
    cases = {name: sum((one.cases[name] for one in done), Cases()) for name in done[0].cases}
    ms = {
        name: {kind: round(float(np.mean([one.ms[name][kind] for one in done])), 3) for kind in ("p50", "mean")}
        for name in names
    }
    again = {name: float(np.mean([one.again[name] for one in done])) for name in names}
    return Outcome(mean([one.rows for one in done]), ms, again, cases)


def figures(one: Outcome) -> Report:
    """Return plain JSON types: systems, what `auto` keeps, and how good the estimates are."""
    found = one.rows.to_dict()
    systems = {name: {**own, "ms": dict(one.ms[name])} for name, own in found.items()}
    kept = {}
    for name in (name for name in found if name.startswith(AUTO)):
        ways = {"gain": SHOWN[0], "all": SHOWN[1]}
        kept[name] = {
            "again": round(one.again[name], 5),
            **{way: share(*(found[each][metric][0] for each in (name, FAST, QUALITY))) for way, metric in ways.items()},
            "time": share(*(one.ms[each]["mean"] for each in (name, FAST, QUALITY))),
        }
    return {"systems": systems, AUTO: kept, "sufficiency": {name: own.figures() for name, own in one.cases.items()}}


def _show(screen: Console, title: str, one: Outcome) -> None:
    found = figures(one)
    screen.print(systems_table(f"{title}: second looks", found["systems"]))
    screen.print(auto_table(f"{title}: auto", found[AUTO]))
    screen.print(sufficiency_table(f"{title}: sufficiency", found["sufficiency"]))


def systems_table(title: str, systems: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a row for each system: recall, what it gains on `fast`, and milliseconds."""
    shown = Table("", title=title, caption=f"percent; points against {FAST} [95 % bootstrap interval, paired]")
    for heading in (*COLUMNS, "p50 ms", "mean ms"):
        shown.add_column(heading, justify="right")
    for name, own in systems.items():
        levels = [f"{100 * own[metric][0]:.1f}" for metric in SHOWN]
        gains = ["" if name == FAST else _interval(own[f"{metric} gain"]) for metric in SHOWN]
        shown.add_row(name, *levels, *gains, *(f"{own['ms'][kind]:.1f}" for kind in ("p50", "mean")))
    return shown


def _interval(numbers: Sequence[float]) -> str:
    middle_one, low, high = (f"{100 * number:+.1f}" for number in numbers)
    return f"{middle_one} [{low}, {high}]"


def picture(means: Mapping[str, Any], count: int) -> str:
    """Return recall@5 over the mean milliseconds: a line for systems of one kind, points for those that read no text.

    The chain leads through `quality`, and `auto` from `fast` to there.
    """
    series: dict[str, list[Point]] = {CHEAP_ONES: []}
    for name, own in means["systems"].items():
        kind, _, number = name.rpartition(" ")
        kind = kind or ("chain" if name == QUALITY else CHEAP_ONES)
        series.setdefault(kind, []).append(Point(own["ms"]["mean"], 100 * own["recall@5"][0], number))
    joined = {kind: points if kind == CHEAP_ONES else _merged(sorted(points)) for kind, points in series.items()}
    over = "1 arm" if count == 1 else f"mean over {count} arms"
    return scatter(f"recall@5 in percent, {over}", joined, axis="mean milliseconds of one question", apart=[CHEAP_ONES])


def _merged(points: Sequence[Point]) -> list[Point]:
    """Return points of one place as one, which is called after the first and the last of them."""
    found: list[Point] = []
    for (x, y), same in groupby(points, key=lambda point: (point.x, point.y)):
        labels = [point.label for point in same]
        found.append(Point(x, y, labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"))
    return found


def _write(path: Path | None, report: Report) -> None:
    if path:
        write_json(path, report)


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
