"""Calibration to a collection: the error of sufficiency and confidence before and after, by the number of questions.

python -m benchmarks.calibration DIR [DIR ...] --titled --profile fast --limit 200 --json OUT.json

Each set is cut in halves a hundred times. The first questions of one half are what a user has labelled; the other half
is judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyhop.agent import Agent, Answer, Settings
from polyhop.agent.calibration import Platt
from polyhop.agent.evaluate.metrics import Values, auroc, calibration_error

from .answers import holds, plain
from .harness import ARMS, PROFILE, Command, Given, Report, naturals, option, progress
from .indexes import Arm, arms
from .metrics import rounded

K = 5
SPLITS = 100
#: answers that stand anywhere, or that nobody gave
ASIDE = ("", "yes", "no")
OPTIONS = (
    *(*ARMS, PROFILE),
    option("--labelled", type=naturals, default=[10, 20, 50, 100], help="numbers of questions (10,20,50,100)"),
)

#: what was stated of each question, and what came true
Cases = tuple[Values, Values]


def measure(options: Given, report: Report) -> None:
    """Ask the questions of each set for their answers, and show a table for each score."""
    report.add(profile=options.profile, split=options.split, arms={})
    for _, arm in arms(options):
        found = {
            name: after(cases, options.labelled, seed=options.seed)
            for name, cases in told(arm, options.profile).items()
        }
        report.add(arms=report.values["arms"] | {arm.title: found})
        for name, rows in found.items():
            report.show(f"{arm.title}: {name}", [{key: f"{value:.3g}" for key, value in row.items()} for row in rows])


COMMAND = Command("calibration", __doc__, OPTIONS, measure)


def told(arm: Arm, profile: str | None) -> dict[str, Cases]:
    """Return the cases of each score: all gold among the first five, and the answer in the sentences quoted."""
    settings = Settings.model_validate({"llm": "", "profile": profile or Settings().profile})
    cases: dict[str, list[tuple[float, bool]]] = {"sufficiency": [], "confidence": []}
    with arm.index.opened() as collection:
        agent = Agent(collection, settings=settings)
        for question in progress(arm.questions, arm.title, len(arm.questions)):
            said = agent.ask(question.text, K)
            documents = {passage.document for passage in said.retrieval.passages}
            if said.retrieval.sufficiency is not None:
                cases["sufficiency"].append((said.retrieval.sufficiency, question.gold <= documents))
            if said.found and said.confidence is not None and plain(question.answer) not in ASIDE:
                cases["confidence"].append((said.confidence, _is_right(said, question.answer)))
    return {name: (np.array([one for one, _ in own]), np.array([right for _, right in own], float))
            for name, own in cases.items()}  # fmt: skip


def _is_right(said: Answer, answer: str) -> bool:
    return holds([one["sentence"] for one in said.citations], answer)


def after(cases: Cases, labelled: Sequence[int], *, seed: int) -> list[Mapping[str, Any]]:
    """Return a row for each number of labelled questions that half of the cases have, none being the first.

    `chance` is the mean error that probabilities would have which are right, on as many questions.
    """
    stated, right = cases
    half, random = len(stated) // 2, np.random.default_rng(seed)
    orders = [random.permutation(len(stated)) for _ in range(SPLITS)]
    rows: list[Mapping[str, Any]] = []
    for number in (0, *(one for one in labelled if one <= half)):
        errors, chances, areas = [], [], []
        for order in orders:
            known, asked = order[:half][:number], order[half:]
            found = Platt.fitted(stated[known], right[known])(stated[asked])
            errors.append(calibration_error(right[asked], found))
            chances.append(calibration_error(random.random(len(found)) < found, found))
            areas.append(auroc(right[asked], found))
        low, high = np.quantile(errors, (0.05, 0.95))
        figures = {"error": np.mean(errors), "low": low, "high": high, "chance": np.mean(chances)}
        defined = [one for one in areas if not math.isnan(one)]
        figures |= {"auroc": np.mean(defined) if defined else math.nan}
        rows.append({"questions": number, **{name: rounded(one) for name, one in figures.items()}})
    return rows


if __name__ == "__main__":
    COMMAND.run()
