"""Sub-questions by a language model: what they gain, where they are worth their calls, how many can be asked.

python -m benchmarks.splitting DIR [DIR ...] --decompositions FILE --split dev --json OUT.json

FILE has a row {question, decompositions, dataset} for each question that somebody's model has split; a function replays
it, so that gateway and budgets are the real ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Agent, Settings
from polyhop.core.files import read_rows

from .harness import ARMS, PROFILE, Command, Given, Report, option, percentile, progress, timed
from .indexes import Arm, arms
from .metrics import GAINED, at_five, gain_row, gained, rows, share
from .systems import Answers

FREE, AGAIN, DRIVEN = "LLM-free", "LLM-free, looking again", "LLM-driven"
#: what is compared, by the settings; the second is what `escalating` does where it has no call left
POLICIES: Mapping[str, Mapping[str, Any]] = {
    FREE: {"split": "never", "llm_calls": 0},
    AGAIN: {"split": "unsure", "llm_calls": 0},
    "LLM-free, quality": {"split": "never", "llm_calls": 0, "profile": "quality"},
    DRIVEN: {"split": "always"},
    "escalating": {"split": "unsure"},
}
Model = Callable[[Sequence[Mapping[str, str]]], str]
BELOW = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
K = 5
OPTIONS = (
    *(*ARMS, PROFILE),
    option("--decompositions", type=Path, required=True, metavar="FILE", help="what a model said"),
    option("--chains", action="store_true", help="also ask every row of FILE, and see whether it can be asked"),
)


def measure(options: Given, report: Report) -> None:
    """Ask the questions under each policy, and show the tables."""
    said = [row for _, row in read_rows(options.decompositions)]
    known = {_plain(row["question"]) for row in said}
    report.add(profile=options.profile, split=options.split, arms={})
    gold: list[frozenset[str]] = []
    pooled: dict[str, Answers] = {}
    model = replayed(said)
    for _, arm in arms(options):
        own = [question for question in arm.questions if _plain(question.text) in known]
        found: dict[str, Any] = {}
        if own:
            outcomes = policies(arm, [question.text for question in own], model, options.profile)
            pooled = {name: pooled[name] + one if name in pooled else one for name, one in outcomes.items()}
            gold += [question.gold for question in own]
            found = _shown(report, arm.title, figures(outcomes, [one.gold for one in own], options.seed))
        if options.chains:
            titled = [row["question"] for row in said if row.get("dataset") == arm.source.folder.name]
            found["chains"] = chains(arm, titled, model, options.profile)
            report.show(f"{arm.title}: what was said about all questions", [found["chains"]])
        report.add(arms=report.values["arms"] | {arm.title: found})
    if pooled:
        report.add(pooled=_shown(report, "all together", figures(pooled, gold, options.seed)))


COMMAND = Command("splitting", __doc__, OPTIONS, measure)


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


def opened(arm: Arm, model: Model, **settings: Any) -> Agent:
    """Open the arm's collection with the model."""
    return Agent.open(arm.index.home, arm.index.name, llm=model, settings=Settings(llm_cache=False, **settings))


def policies(arm: Arm, questions: Sequence[str], model: Model, profile: str) -> dict[str, Answers]:
    """Return what the policies make of the questions."""
    outcomes: dict[str, Answers] = {}
    for name, settings in POLICIES.items():
        with opened(arm, model, **{"profile": profile, **settings}) as agent:
            agent.retrieve("warm up", K)
            going = progress(questions, f"{arm.title}: {name}", len(questions))
            found = [timed(agent.retrieve, question, K) for question in going]
        outcomes[name] = Answers(
            rankings=[[passage.document for passage in one.passages] for one, _ in found],
            ms=[ms for _, ms in found],
            sufficiency=[1.0 if one.sufficiency is None else one.sufficiency for one, _ in found],
            calls=[one.cost.calls for one, _ in found],
            tokens=[one.cost.tokens_in + one.cost.tokens_out for one, _ in found],
        )
    return outcomes


def _shown(report: Report, title: str, found: dict[str, Any]) -> dict[str, Any]:
    table = [
        gain_row(name, own, first=name == FREE)
        | {"gain kept": own["gain_kept"], "calls": own["calls"], "of all": own["calls_share"], "tokens": own["tokens"]}
        | {"p50 ms": f"{own['p50_ms']:.0f}"}
        for name, own in found["policies"].items()
    ]
    report.show(f"{title}, {found['questions']} questions", table, "percent [95 % interval]; shares of LLM-driven")
    return found


def figures(outcomes: Mapping[str, Answers], gold: Sequence[frozenset[str]], seed: int) -> dict[str, Any]:
    """Return quality and cost of each policy, what each gains over none, and what other bounds would keep."""
    driven, again = outcomes[DRIVEN], outcomes[AGAIN]
    others = {f"below {least:g}": again.or_else(driven, [one < least for one in again.sufficiency]) for least in BELOW}
    everyone = {**outcomes, **others}
    values = {name: at_five(one.rankings, gold) for name, one in everyone.items()}
    found: dict[str, Any] = rows(gained(values, FREE), GAINED, seed=seed).to_dict()
    for name, one in everyone.items():
        found[name]["gain_kept"] = share(*(found[each]["recall@5 gain"][0] for each in (name, DRIVEN)))
        found[name] |= {"calls": sum(one.calls), "tokens": sum(one.tokens), "p50_ms": float(np.median(one.ms))}
        found[name]["calls_share"] = share(sum(one.calls), max(1, sum(driven.calls)))
    return {"questions": len(gold), "policies": found}


def chains(arm: Arm, questions: Sequence[str], model: Model, profile: str) -> dict[str, Any]:
    """Return how many of the rows can be read, how many can be asked to the end, and what that costs."""
    with opened(arm, model, profile=profile, split="always") as agent:
        agent.retrieve("warm up", K)
        going = progress(questions, f"{arm.title}: chains", len(questions))
        found = [agent.retrieve(question, K) for question in going]
    parsed = [one for one in found if one.sub_questions]
    refer = [x for x in parsed if any(one.template != one.question or not one.complete for one in x.sub_questions)]
    ms = [event["ms"] for one in parsed for event in one.events if event["event"] == "escalate"]
    return {
        "rows": len(questions),
        "parsed": len(parsed),
        "with_references": len(refer),
        "ended": sum(all(one.complete for one in x.sub_questions) for x in refer),
        "calls": sum(one.cost.calls for one in found),
        "p50_ms": percentile(ms) if ms else None,
        "p95_ms": percentile(ms, 95) if ms else None,
    }


if __name__ == "__main__":
    COMMAND.run()
