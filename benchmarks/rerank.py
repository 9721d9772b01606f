"""What a second look at rankings gains and costs, reranker by reranker, and how far a ranking knows that it suffices.

python -m benchmarks.rerank DIR [DIR ...] --split dev --json OUT.json --plot OUT.svg
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Config
from polyhop.agent.evaluate.metrics import Bin, reliability
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.cross import CrossEncoder
from polyhop.retrieval.rerank.listwise import Listwise
from polyhop.retrieval.rerank.reader_reranker import ReaderReranker
from polyhop.retrieval.rerank.role import RERANKERS, Reranker

from .harness import ARMS, BenchmarkError, Command, Given, Report, naturals, option
from .indexes import arms
from .metrics import (
    GAINED,
    Rows,
    SufficiencyEstimates,
    at_five,
    gain_row,
    gained,
    mean_rows,
    percent,
    rounded,
    rows,
    share,
)
from .plot import Point, draw
from .systems import Answers, asked_together, named

FAST, LIGHT, QUALITY, AUTO = "fast", "light", "quality", "auto"
SURE = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DEPTH = 10
#: those that read no text: what they are called, and what they are
CHEAP: Mapping[str, Sequence[Reranker]] = {
    "listwise": (Listwise(),),
    "listwise+cover": (Listwise(), Cover()),
    "rocchio": (RERANKERS.make("rocchio"),),
}
#: the series of the plot with all that reads no text
UNREAD = "no text read"
OPTIONS = (
    *ARMS,
    option(
        "--pairs",
        type=naturals,
        default=(0, 8, 12, 16, 24, 40),
        help="passages that a cross-encoder or the reader reads",
    ),
    option("--cross", metavar="FILE", type=Path, action="append", default=[], help="other weights beside"),
    option("--plot", metavar="OUT.svg", type=Path, help="draw recall@5 over milliseconds into this file"),
)


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """The figures of an arm, or their means: `ms` are p50 and mean by system, `again` shares of second looks."""

    rows: Rows
    ms: Mapping[str, Mapping[str, float]]
    again: Mapping[str, float]
    cases: Mapping[str, SufficiencyEstimates]


def measure(options: Given, report: Report) -> None:
    """Measure arm after arm, show the tables as they come and at last the means over the arms."""
    if missing := [str(file) for file in options.cross if not file.is_file()]:
        raise BenchmarkError(f"--cross is {missing[0]!r}; there is no such file")
    if len({file.stem for file in options.cross}) < len(options.cross):
        raise BenchmarkError("two files of --cross have one name; rename one of them, for they are told apart by it")
    made = profiles(options.pairs, [file.absolute() for file in options.cross])
    report.add(profile=repr(named(QUALITY)), seed=options.seed)
    done: list[ArmFigures] = []
    for seed, arm in arms(options):
        done.append(outcome(asked_together(arm, made, DEPTH, warm=QUALITY), arm.gold, seed=seed))
        report.add_to("arms", arm.facts() | _shown(report, arm.title, done[-1]))
    means = middle(done)
    bins = {name: reliability(own.sufficient, own.estimated) for name, own in means.cases.items()}
    found = _shown(report, f"mean over {len(done)} arms", means)
    found["reliability"] = {name: [asdict(one) for one in own] for name, own in bins.items()}
    report.add(means=found)
    report.show("all questions: reliability", _bins_table(bins), "cases; percent estimated, and sufficient (all@5)")
    if options.plot:
        title = f"recall@5 in percent, mean over {len(done)} arms"
        draw(options.plot, title, points(found["systems"]), "mean milliseconds of one question", apart=[UNREAD])


COMMAND = Command("rerank", __doc__, OPTIONS, measure)


def profiles(pairs: Sequence[int], files: Sequence[Path]) -> dict[str, Config]:
    """Return what is compared, by name: `fast`, each reranker after it, and `quality` with other numbers of reads.

    What would be the same as one before it is left out.

    Args:
        pairs: passages that a cross-encoder reads, and in the chain of `quality` the reader; 0 leaves it out.
        files: weights of more cross-encoders than the one that comes along.
    """
    fast, quality, shipped = named(FAST), named(QUALITY), CrossEncoder()

    def after(*chain: Reranker) -> Config:
        return replace(fast, light=(), rerankers=(*fast.light, *chain))

    found = {FAST: fast} | {name: after(*chain) for name, chain in CHEAP.items()}
    for file, mark in [(shipped.file, ""), *((file, f" {file.stem}") for file in files)]:
        for depth in filter(None, pairs):
            found[f"cross{mark} {depth}"] = after(replace(shipped, depth=depth, file=file))
    for depth in pairs:
        left = [one for one in quality.rerankers if depth or not isinstance(one, ReaderReranker)]
        read = [replace(one, depth=depth) if isinstance(one, ReaderReranker) else one for one in left]
        found[f"chain {depth}"] = replace(quality, rerankers=tuple(read))
    kept: dict[str, Config] = {}
    for name, profile in found.items():
        if profile not in (*kept.values(), quality):
            kept[name] = profile
    return kept | {LIGHT: replace(named("auto"), sure=0.0), QUALITY: quality}


def auto(light: Answers, quality: Answers, sure: float) -> Answers:
    """Return what the profile `auto` makes of the questions: of each what `quality` does, or its light rerankers alone.

    Up to the second look both do the same, and `auto` takes it where `light` ends less sufficient than `sure`. The
    millisecond that the light rerankers take before it is left out.
    """
    return light.or_else(quality, [known < sure for known in light.sufficiency])


def outcome(asked: Mapping[str, Answers], gold: Sequence[frozenset[str]], *, seed: int) -> ArmFigures:
    """Return the figures of what was asked, and of `auto`, which follows from them."""
    everyone = {**asked, **{f"{AUTO} {sure:g}": auto(asked[LIGHT], asked[QUALITY], sure) for sure in SURE}}
    values = {name: at_five(one.rankings, gold) for name, one in everyone.items()}
    return ArmFigures(
        rows(gained(values, FAST), GAINED, seed=seed),
        {name: _ms(np.median(one.ms), np.mean(one.ms)) for name, one in everyone.items()},
        {name: float(np.mean(one.again)) for name, one in everyone.items()},
        {
            name: SufficiencyEstimates(values[name][:, 1].tolist(), list(asked[name].sufficiency))
            for name in (FAST, LIGHT, QUALITY)
        },
    )


def _ms(median: Any, mean: Any) -> dict[str, float]:
    return {"p50": round(float(median), 3), "mean": round(float(mean), 3)}


def middle(done: Sequence[ArmFigures]) -> ArmFigures:
    """Return the mean over arms, each counting the same; the cases of all are put together."""

    def mean(name: str, kind: str) -> Any:
        return np.mean([one.ms[name][kind] for one in done])

    return ArmFigures(
        mean_rows([one.rows for one in done]),
        {name: _ms(mean(name, "p50"), mean(name, "mean")) for name in done[0].ms},
        {name: float(np.mean([one.again[name] for one in done])) for name in done[0].again},
        {name: sum((one.cases[name] for one in done), SufficiencyEstimates()) for name in done[0].cases},
    )


def figures(one: ArmFigures) -> dict[str, Any]:
    """Return plain JSON types: systems, what `auto` keeps, and how good the estimates are."""
    systems: dict[str, Any] = {name: {**own, "ms": dict(one.ms[name])} for name, own in one.rows.to_dict().items()}

    def kept(name: str, *keys: Any) -> float | None:
        """Return the share of the way from `fast` to `quality` that a system goes in a figure."""
        mine, low, high = (systems[each][keys[0]][keys[1]] for each in (name, FAST, QUALITY))
        return share(mine - low, high - low)

    autos: dict[str, Any] = {
        name: {"again": rounded(one.again[name]), "gain": kept(name, "recall@5", 0), "all": kept(name, "all@5", 0)}
        | {"time": kept(name, "ms", "mean")}
        for name in systems
        if name.startswith(AUTO)
    }
    judged = {name: {"share": rounded(np.mean(own.sufficient)), **own.figures()} for name, own in one.cases.items()}
    return {"systems": systems, AUTO: autos, "sufficiency": judged}


def _shown(report: Report, title: str, one: ArmFigures) -> dict[str, Any]:
    found = figures(one)
    looks = [
        gain_row(name, own, first=name == FAST) | {f"{kind} ms": f"{own['ms'][kind]:.1f}" for kind in ("p50", "mean")}
        for name, own in found["systems"].items()
    ]
    report.show(f"{title}: second looks", looks, f"percent; points against {FAST} [95 % bootstrap interval, paired]")
    names = {"again": "looked at again", "gain": "recall@5 gain kept", "all": "all@5 gain kept", "time": "time added"}
    table = [{"": name, **{names[key]: percent(own[key]) for key in names}} for name, own in found[AUTO].items()]
    report.show(f"{title}: auto", table, "percent: of the questions, of what quality gains, of what it costs")
    judged = [
        {"": name, "sufficient": percent(own["share"]), "estimated": percent(own["sufficiency"])}
        | {"AUROC": own["sufficiency_auroc"], "ECE": own["sufficiency_ece"]}
        for name, own in found["sufficiency"].items()
    ]
    report.show(f"{title}: sufficiency", judged, "percent: what was sufficient (all@5), and the mean estimate")
    return found


def _bins_table(bins: Mapping[str, Sequence[Bin]]) -> list[dict[str, str]]:
    """Return a row for each bin: cases, mean estimate and share that was sufficient, of each profile."""
    table = []
    for row in zip(*bins.values(), strict=True):
        made = {"estimate": f"{row[0].low:.1f} to {row[0].high:.1f}"}
        for name, one in zip(bins, row, strict=True):
            made |= {
                f"{name} cases": str(one.cases),
                f"{name} estimated": percent(one.estimated if one.cases else None),
            }
            made |= {f"{name} sufficient": percent(one.true if one.cases else None)}
        table.append(made)
    return table


def points(systems: Mapping[str, Any]) -> dict[str, list[Point]]:
    """Return recall@5 over the mean milliseconds: a line for systems of one kind, points for those that read no text.

    The chain leads through `quality`, and `auto` from `fast` to there. Points of one place are one, called after the
    first and the last of them.
    """
    series: dict[str, list[Point]] = {UNREAD: []}
    for name, own in systems.items():
        kind, _, number = name.rpartition(" ")
        kind = kind or ("chain" if name == QUALITY else UNREAD)
        series.setdefault(kind, []).append(Point(own["ms"]["mean"], 100 * own["recall@5"][0], number))
    found: dict[str, list[Point]] = {}
    for kind, own in series.items():
        for place, same in groupby(sorted(own) if kind != UNREAD else own, key=lambda point: point[:2]):
            labels = list(dict.fromkeys(point.label for point in same))
            label = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
            found.setdefault(kind, []).append(Point(place[0], place[1], label))
    return found


if __name__ == "__main__":
    COMMAND.run()
