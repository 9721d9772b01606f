"""Set choice by a language model: what it gains over the ranking that it chooses from, and what it costs.

POLYHOP_LLM=MODEL python -m benchmarks.choosing DIR [DIR ...] --replies FILE --profile quality --limit 200 --json OUT

What the model says is written to FILE; where FILE is there already it is replayed, so that figures can be computed
again without the model. A question is never split, so that the gain is that of the choice alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Agent, LiteLLM, Settings
from polyhop.agent.testing import Recorder
from polyhop.core.files import read_rows

from .harness import ARMS, PROFILE, BenchmarkError, Command, Given, Report, option, positive, progress, timed
from .indexes import Arm, arms
from .metrics import GAINED, at_five, gain_row, gained, rows
from .systems import Answers

BEFORE, AFTER = "the ranking", "chosen"
K = 10
OPTIONS = (
    *(*ARMS, PROFILE),
    option("--replies", type=Path, required=True, metavar="FILE", help="where replies are kept, or are already"),
    option("--passages", type=positive, default=20, help="passages to choose from (default: %(default)s)"),
)


def measure(options: Given, report: Report) -> None:
    """Ask the questions with and without the choice, and show a table for each set."""
    model = model_of(options.replies, Settings())
    report.add(profile=options.profile, split=options.split, passages=options.passages, arms={})
    for _, arm in arms(options):
        outcomes = {
            BEFORE: asked(arm, options.profile, "", None),
            AFTER: asked(arm, options.profile, f",choice={options.passages}", model),
        }
        found = figures(outcomes, arm.gold, options.seed)
        report.add(arms=report.values["arms"] | {arm.title: found})
        table = [
            gain_row(name, own, first=name == BEFORE)
            | {"calls": own["calls"], "tokens": own["tokens"], "p50 ms": f"{own['p50_ms']:.0f}"}
            for name, own in found.items()
        ]
        report.show(f"{arm.title}, {len(arm.questions)} questions", table, "percent [95 % interval]")


COMMAND = Command("choosing", __doc__, OPTIONS, measure)


def model_of(file: Path, settings: Settings) -> Any:
    """Return the model of the settings, written down as it speaks, or what it said where that is known already.

    Raises:
        BenchmarkError: where there is neither.
    """
    if file.exists():
        return replayed([row for _, row in read_rows(file)])
    if not settings.llm:
        raise BenchmarkError(f"{str(file)!r} is not there; name the model that is to be asked in POLYHOP_LLM")
    return Recorder(LiteLLM(settings.llm, {"api_base": settings.llm_url} if settings.llm_url else {}), file)


def replayed(said: Sequence[Mapping[str, Any]]) -> Callable[[Sequence[Mapping[str, str]]], str]:
    """Return a model that says what was said to the same messages, and fails at others."""
    known = {json.dumps(row["messages"], sort_keys=True): str(row["reply"]) for row in said}
    return lambda messages: known[json.dumps([dict(one) for one in messages], sort_keys=True)]


def asked(arm: Arm, profile: str | None, choice: str, model: Any) -> Answers:
    """Return what comes of the questions of a set, with `choice` behind the rerankers of the settings."""
    usual = Settings()
    chosen = {"profile": profile or usual.profile, "rerankers": usual.rerankers + choice}
    settings = Settings.model_validate({**chosen, "llm": "", "split": "never", "llm_cache": False})
    with Agent.open(arm.index.home, arm.index.name, llm=model, settings=settings) as agent:
        going = progress([one.text for one in arm.questions], f"{arm.title}{choice}", len(arm.questions))
        found = [timed(agent.retrieve, question, K) for question in going]
    return Answers(
        rankings=[[passage.document for passage in one.passages] for one, _ in found],
        ms=[ms for _, ms in found],
        calls=[one.cost.calls for one, _ in found],
        tokens=[one.cost.tokens_in + one.cost.tokens_out for one, _ in found],
    )


def figures(outcomes: Mapping[str, Answers], gold: Sequence[frozenset[str]], seed: int) -> dict[str, Any]:
    """Return quality and cost before and after the choice, and what it gains."""
    values = {name: at_five(one.rankings, gold) for name, one in outcomes.items()}
    found: dict[str, Any] = rows(gained(values, BEFORE), GAINED, seed=seed).to_dict()
    for name, one in outcomes.items():
        found[name] |= {"calls": sum(one.calls), "tokens": sum(one.tokens), "p50_ms": float(np.median(one.ms))}
    return found


if __name__ == "__main__":
    COMMAND.run()
