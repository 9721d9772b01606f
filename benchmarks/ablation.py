"""What each part of polyhop adds to its recall, and what stop rules save, on several sets of questions.

python -m benchmarks.ablation DIR [DIR ...] --split dev --parts link,named,shared,stop --json OUT.json
python -m benchmarks.ablation DIR [DIR ...] --split dev --profile quality --parts cross,listwise,cover,further
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from polyhop.agent import CallerError, Collection, Config, Settings, __version__
from polyhop.agent.evaluate.compare import ask
from polyhop.agent.evaluate.remember import Memory, Remembering
from polyhop.agent.evaluate.systems import best_documents, polyhop
from polyhop.agent.evaluate.variants import WITH, WITHOUT, WITHOUT_AGAIN, Setup, variants

from .arms import Arm, add_arms, arms
from .common import BenchmarkError, Parser, add_profile, bar, run, tell, write_json
from .gains import DEFAULT, DEPTHS, Rows, gains, gains_table, mean, savings, savings_table
from .stopping import TABLES, Record, Recorder

STOP = "stop"
LEFT_OUT = (*WITHOUT, *WITHOUT_AGAIN)
PARTS = (*LEFT_OUT, *WITH, STOP)
#: Passages to ask for at first, since some are of one document.
PASSAGES = 20
WIDTH = 170
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of an arm, with milliseconds of one question: the median by part, the mean by stop rule.

    A rule that saves a search now and then leaves the median as it is. `rules` are by table.
    """

    parts: Rows
    parts_ms: Mapping[str, float]
    rules: Mapping[str, Rows]
    rules_ms: Mapping[str, Mapping[str, float]]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.ablation", description=(__doc__ or "").splitlines()[0])
    add_arms(made)
    add_profile(made)
    made.add_argument("--parts", default=",".join(PARTS), help="what to leave out or add (default: %(default)s)")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure arm after arm, show the tables as they come and at last the means over the arms."""
    options = parser().parse_args(arguments)
    parts = chosen_parts(options.parts)
    report: Report = {
        "command": f"python -m benchmarks.ablation {shlex.join(arguments)}",
        "polyhop_version": __version__,
        "profile": repr(_profile(options.profile)),
        "seed": options.seed,
        "arms": [],
    }
    screen = Console(width=None if sys.stdout.isatty() else WIDTH)
    done: list[Outcome] = []
    for seed, arm in arms(options):
        done.append(measure(arm, _profile(options.profile), parts, seed=seed))
        report["arms"].append(arm.facts() | _figures(done[-1]))
        _show(screen, arm.title, report["arms"][-1])
        _write(options.json, report)
    if len(done) > 1:
        report["means"] = _figures(_mean(done))
        _show(screen, f"mean over {len(done)} arms", report["means"])
        _write(options.json, report)


def chosen_parts(text: str) -> list[str]:
    """Return the parts in a comma-separated list, each once."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in PARTS]
    if unknown or not names:
        raise BenchmarkError(f"unknown part {', '.join(unknown) or text!r}; choose among {', '.join(PARTS)}")
    return names


def _profile(name: str) -> Config:
    return Config.of(Settings(profile=name))


def measure(arm: Arm, profile: Config, parts: Sequence[str], *, seed: int) -> Outcome:
    """Ask every variant every question, in one process and over one memory of look-ups."""
    with Collection.open(arm.index.home, arm.index.name) as collection:
        memory = Memory()
        setup = Setup(Remembering(collection, memory), profile)
        # The patient run comes first: it meets most texts, and what parsing them costs then counts for no variant.
        systems: dict[str, Callable[[str], Any]] = {STOP: Recorder(setup, memory, depth=PASSAGES).ask}
        for name, one in {DEFAULT: setup, **_variants(setup, parts)}.items():
            systems[name] = _documents(one)
        with bar(arm.title, len(arm.questions)) as advance:
            asked = ask(systems, [question.text for question in arm.questions], memory=memory, advance=advance)
        records = [record for record, _ in asked.pop(STOP)]
        rankings = {name: [ranking for ranking, _ in of_system] for name, of_system in asked.items()}
        milliseconds = {name: float(np.median([ms for _, ms in of_system])) for name, of_system in asked.items()}
        rules = _rules(records, collection, arm.gold, seed) if STOP in parts else ({}, {})
    return Outcome(gains(rankings, arm.gold, seed=seed), milliseconds, *rules)


def _variants(setup: Setup, parts: Sequence[str]) -> dict[str, Setup]:
    """Return the variants that make a difference to the profile; the others are told."""
    found: dict[str, Setup] = {}
    for part in parts:
        if part == STOP:
            continue
        try:
            found |= variants(setup, **{"without" if part in LEFT_OUT else "plus": [part]})
        except CallerError as error:
            tell(f"skipped: {error}")
    return found


def _documents(setup: Setup) -> Callable[[str], list[str]]:
    search = polyhop(setup.retriever, setup.config)
    return lambda question: best_documents(search, question, DEPTHS[-1], passages=PASSAGES)


def _rules(
    records: Sequence[Record], collection: Collection, gold: Sequence[frozenset[str]], seed: int
) -> tuple[dict[str, Rows], dict[str, dict[str, float]]]:
    """Return for each table of rules what they save, and their milliseconds."""
    ids = {name for record in records for ranking in record.rankings for name in ranking}
    keys = {name: passage.document for name, passage in collection.passages(sorted(ids)).items()}
    saved: dict[str, Rows] = {}
    milliseconds: dict[str, dict[str, float]] = {}
    for table, rules in TABLES.items():
        ends = {name: [record.until(rule) for record in records] for name, rule in rules.items()}
        rankings = {
            name: [list(dict.fromkeys(keys[one] for one in end.ids)) for end in of_rule]
            for name, of_rule in ends.items()
        }
        searches = {name: [end.hops + 1 for end in of_rule] for name, of_rule in ends.items()}
        saved[table] = savings(rankings, searches, gold, seed=seed)
        milliseconds[table] = {name: _mean_of([end.ms for end in of_rule]) for name, of_rule in ends.items()}
    return saved, milliseconds


def _mean(done: Sequence[Outcome]) -> Outcome:
    def over(costs: Sequence[Mapping[str, float]]) -> dict[str, float]:
        return {name: _mean_of([one[name] for one in costs]) for name in costs[0]}

    return Outcome(
        mean([one.parts for one in done]),
        over([one.parts_ms for one in done]),
        {table: mean([one.rules[table] for one in done]) for table in done[0].rules},
        {table: over([one.rules_ms[table] for one in done]) for table in done[0].rules_ms},
    )


def _mean_of(numbers: Sequence[float]) -> float:
    return round(float(np.mean(numbers)), 3)


def _figures(outcome: Outcome) -> Report:
    figures: Report = {"parts": outcome.parts.to_dict(), "parts_ms": dict(outcome.parts_ms)}
    for table, rules in outcome.rules.items():
        figures |= {table: rules.to_dict(), f"{table}_ms": dict(outcome.rules_ms[table])}
    return figures


def _show(screen: Console, title: str, figures: Report) -> None:
    screen.print(gains_table(f"{title}: what each part adds", figures["parts"], figures["parts_ms"]))
    for table in TABLES:
        if table in figures:
            screen.print(savings_table(f"{title}: stop rules", figures[table], figures[f"{table}_ms"]))


def _write(path: Path | None, report: Report) -> None:
    if path:
        write_json(path, report)


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
