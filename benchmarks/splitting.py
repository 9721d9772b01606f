"""Sub-questions by a language model: what they gain, where they are worth their calls, how many can be asked.

python -m benchmarks.splitting DIR [DIR ...] --decompositions FILE --split dev --json OUT.json

FILE has a row {question, decompositions, dataset} for each question that somebody's model has split; a function replays
it, through the gateway and the budgets of any model.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import Agent, Retrieval, Settings
from polyhop.agent.evaluate.metrics import Values, estimates, scores
from polyhop.core.files import read_rows

from .arms import Arm, add_arms, arms
from .common import Parser, add_profile, run, tell, write_json
from .sureness import share

#: what is compared, by the settings; the second is what `escalating` does where it has no call left
POLICIES: Mapping[str, Mapping[str, Any]] = {
    "LLM-free": {"split": "never", "llm_calls": 0},
    "LLM-free, looking again": {"split": "unsure", "llm_calls": 0},
    "LLM-free, quality": {"split": "never", "llm_calls": 0, "profile": "quality"},
    "LLM-driven": {"split": "always"},
    "escalating": {"split": "unsure"},
}
BELOW = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
SHOWN = ("recall@5", "all@5")

Model = Callable[[Sequence[Mapping[str, str]]], str]


@dataclass(slots=True)
class Outcome:
    """What a policy made of each question: documents, sufficiency, calls, tokens and milliseconds."""

    rankings: list[list[str]] = field(default_factory=list)
    sufficiency: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)

    def note(self, found: Retrieval, milliseconds: float) -> None:
        """Note a question."""
        self.rankings.append([passage.document for passage in found.passages])
        self.sufficiency.append(1.0 if found.sufficiency is None else found.sufficiency)
        self.calls.append(found.cost.calls)
        self.tokens.append(found.cost.tokens_in + found.cost.tokens_out)
        self.ms.append(milliseconds)

    def or_else(self, other: Outcome, below: float) -> Outcome:
        """Return the policy that is this one, and the other one where this is less sufficient than `below`."""
        chosen = [(other if known < below else self) for known in self.sufficiency]
        return Outcome(*([getattr(one, name)[place] for place, one in enumerate(chosen)] for name in self.__slots__))


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.splitting", description=(__doc__ or "").splitlines()[0])
    add_arms(made)
    add_profile(made)
    made.add_argument("--decompositions", type=Path, required=True, metavar="FILE", help="what a model said")
    made.add_argument(
        "--chains", action="store_true", help="also ask every row of FILE, and see whether it can be asked"
    )
    return made


def main(arguments: Sequence[str]) -> None:
    """Ask the questions under each policy, show the tables and write the figures."""
    options = parser().parse_args(arguments)
    rows = [row for _, row in read_rows(options.decompositions)]
    known = {_plain(row["question"]) for row in rows}
    result: dict[str, Any] = {"profile": options.profile, "split": options.split, "arms": {}}
    gold: list[frozenset[str]] = []
    pooled: dict[str, Outcome] = {}
    screen = Console(width=None if sys.stdout.isatty() else 120)
    model = replayed(rows)
    for _, arm in arms(options):
        own = [question for question in arm.questions if _plain(question.text) in known]
        outcomes = policies(arm, [question.text for question in own], model, options.profile) if own else {}
        gold += [question.gold for question in own]
        pooled |= {name: joined(pooled.get(name, Outcome()), outcome) for name, outcome in outcomes.items()}
        found = figures(outcomes, [question.gold for question in own], options.seed) if own else {}
        if options.chains:
            titled = [row for row in rows if row.get("dataset") == arm.source.folder.name]
            found["chains"] = chains(arm, titled, model, options.profile)
        result["arms"][arm.title] = found
        show(screen, arm.title, found)
    if pooled:
        result["pooled"] = figures(pooled, gold, options.seed)
        show(screen, "all together", result["pooled"])
    if options.json:
        write_json(options.json, result)


def show(screen: Console, title: str, found: Mapping[str, Any]) -> None:
    """Print what there is to show of an arm."""
    if "policies" in found:
        screen.print(table(title, found))
    if "chains" in found:
        screen.print(chains_table(title, found["chains"]))


def _plain(text: str) -> str:
    """Return a question with single spaces: in one of the files some have two."""
    return " ".join(text.split())


def replayed(rows: Sequence[Mapping[str, Any]]) -> Model:
    """Return a model that says what was said to each question, and fails at others."""
    said = {_plain(row["question"]): json.dumps(row["decompositions"]) for row in rows}

    def model(messages: Sequence[Mapping[str, str]]) -> str:
        question = re.match(r"Question:(.*)$", messages[-1]["content"].strip(), re.DOTALL)
        return said[_plain(question[1] if question else "")]

    return model


@contextmanager
def opened(arm: Arm, model: Model, **settings: Any) -> Iterator[Agent]:
    """Open the arm's collection with the model."""
    chosen = Settings(llm_cache=False, **settings)
    with Agent.open(arm.index.home, arm.index.name, llm=model, settings=chosen) as agent:
        agent.retrieve("warm up", 5)
        yield agent


def policies(arm: Arm, questions: Sequence[str], model: Model, profile: str) -> dict[str, Outcome]:
    """Return what the three policies make of the questions."""
    outcomes: dict[str, Outcome] = {}
    for name, settings in POLICIES.items():
        tell(f"{arm.title}: {name}")
        outcomes[name] = outcome = Outcome()
        with opened(arm, model, **{"profile": profile, **settings}) as agent:
            for question in questions:
                began = time.perf_counter()
                found = agent.retrieve(question, 5)
                outcome.note(found, 1000 * (time.perf_counter() - began))
    return outcomes


def joined(one: Outcome, other: Outcome) -> Outcome:
    """Return both outcomes as one."""
    return Outcome(*(getattr(one, name) + getattr(other, name) for name in Outcome.__slots__))


def figures(outcomes: Mapping[str, Outcome], gold: Sequence[frozenset[str]], seed: int) -> dict[str, Any]:
    """Return quality and cost of each policy, what each gains over none, and what other bounds would keep."""
    driven = outcomes["LLM-driven"]
    again = outcomes["LLM-free, looking again"]
    others = {f"below {below:g}": again.or_else(driven, below) for below in BELOW}
    values = {name: scores(one.rankings, gold) for name, one in {**outcomes, **others}.items()}
    base = values["LLM-free"]
    estimated = estimates(values, seed=seed)
    gains = estimates({name: own - base for name, own in values.items()}, seed=seed)
    whole = _mean(values["LLM-driven"] - base, 1)
    return {
        "questions": len(gold),
        "policies": {
            name: {
                **{metric: estimated[name][metric] for metric in SHOWN},
                **{f"{metric} gain": gains[name][metric] for metric in SHOWN},
                "gain_kept": share(_mean(values[name] - base, 1), 0.0, whole),
                "calls": int(sum(one.calls)),
                "tokens": int(sum(one.tokens)),
                "calls_share": round(sum(one.calls) / max(1, sum(driven.calls)), 5),
                "p50_ms": float(np.median(one.ms)),
            }
            for name, one in {**outcomes, **others}.items()
        },
    }


def _mean(values: Values, column: int) -> float:
    """Return the mean of one figure: column 1 is recall@5."""
    return float(values[:, column].mean())


def table(title: str, found: Mapping[str, Any]) -> Table:
    """Return a row for each policy."""
    shown = Table("policy", title=f"{title}, {found['questions']} questions", caption="percent [95 % interval]")
    for heading in ("recall@5", "all@5", "recall gain", "all gain", "gain kept", "calls", "of all", "tokens", "p50 ms"):
        shown.add_column(heading, justify="right")
    for name, own in found["policies"].items():
        quality = [_interval(own[metric], signed=False) for metric in SHOWN]
        gains = [_interval(own[f"{metric} gain"], signed=True) for metric in SHOWN]
        kept = "" if own["gain_kept"] is None else f"{100 * own['gain_kept']:.0f}"
        costs = (f"{own['calls']}", f"{100 * own['calls_share']:.0f}", f"{own['tokens']}", f"{own['p50_ms']:.0f}")
        shown.add_row(name, *quality, *gains, kept, *costs)
    return shown


def _interval(numbers: Sequence[float], *, signed: bool) -> str:
    mean, low, high = (100 * number for number in numbers)
    return f"{mean:+.1f} [{low:.1f}, {high:.1f}]" if signed else f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def chains(arm: Arm, rows: Sequence[Mapping[str, Any]], model: Model, profile: str) -> dict[str, Any]:
    """Return how many of the rows can be read, how many can be asked to the end, and what that costs."""
    parsed = referring = ended = calls = 0
    ms: list[float] = []
    with opened(arm, model, profile=profile, split="always") as agent:
        for number, row in enumerate(rows):
            if number % 100 == 0:
                tell(f"{arm.title}: chains {number} of {len(rows)}")
            found = agent.retrieve(row["question"], 5)
            calls += found.cost.calls
            parsed += bool(found.sub_questions)
            refers = any(one.template != one.question or not one.complete for one in found.sub_questions)
            referring += refers
            ended += refers and all(one.complete for one in found.sub_questions)
            ms += [event["ms"] for event in found.events if event["event"] == "escalate" and found.sub_questions]
    return {
        "rows": len(rows),
        "parsed": parsed,
        "with_references": referring,
        "ended": ended,
        "calls": calls,
        "p50_ms": round(float(np.median(ms)), 1) if ms else None,
        "p95_ms": round(float(np.quantile(ms, 0.95)), 1) if ms else None,
    }


def chains_table(title: str, found: Mapping[str, Any]) -> Table:
    """Return one row."""
    shown = Table(*found, title=f"{title}: what was said about all questions")
    shown.add_row(*(str(value) for value in found.values()))
    return shown


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
