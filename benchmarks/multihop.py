"""Quality and latency on questions that several passages answer together.

python -m benchmarks.multihop DIR --split dev --systems dense,bm25,hybrid,polyhop --profile quality --json OUT.json
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyhop.agent import Settings
from polyhop.agent.evaluate.metrics import METRICS, Values, scores
from polyhop.agent.evaluate.systems import SYSTEMS

from .data import Question
from .harness import FOLDER, LIMIT, PROFILE, SEED, SPLIT, UNTITLED, Command, Given, Report, chosen, option
from .indexes import arm_of
from .metrics import SHOWN, SufficiencyEstimates, flat, interval, rounded, rows
from .systems import Answers, asked_alone

BASELINE = "hybrid"
SURENESS = ("sufficiency", "sufficiency_auroc", "sufficiency_ece", "looked_again")
#: rows of the table and their decimals
COSTS = {"mean_passages": 1, "p50_ms": 1, "p95_ms": 1, "peak_mb": 0}
OPTIONS = (
    *(FOLDER, SPLIT, UNTITLED, PROFILE, LIMIT, SEED),
    option("--systems", default=",".join(SYSTEMS), help="what to compare (default: %(default)s)"),
    option("--fresh", action="store_true", help="make the index anew"),
)


def measure(options: Given, report: Report) -> None:
    """Ask each system in a process of its own, and show a column for each."""
    systems, settings = chosen(options.systems, list(SYSTEMS)), Settings()
    arm = arm_of(options.folder, options, untitled=options.untitled, fresh=options.fresh)
    outcomes = {name: asked_alone(arm, name, options.profile) for name in systems}
    found = figures({name: answers for name, (answers, _) in outcomes.items()}, arm.questions, seed=options.seed)
    made = {"index_s": arm.index.seconds, "index_peak_mb": arm.index.peak_mb, "chunks": arm.index.chunks}
    for name, own in found.items():
        own |= {"peak_mb": outcomes[name][1], "index_s": arm.index.seconds}
    report.add(
        **arm.facts(), passages=len(arm.corpus), gold_missing=arm.missing, **made, hops=settings.max_hops,
        updaters=settings.updaters, profile=options.profile, seed=options.seed, systems=found,
    )  # fmt: skip
    missing = f"; {arm.missing} gold passages are not in the corpus" if arm.missing else ""
    cost = f"indexed in {arm.index.seconds:.1f} s, {arm.index.peak_mb:.0f} MB at most"
    title = f"{arm.title}, {arm.split}: {len(arm.questions)} questions, {len(arm.corpus)} passages"
    report.show(title, table(found), f"percent [95 % bootstrap interval]; {cost}{missing}")


COMMAND = Command("multihop", __doc__, OPTIONS, measure)


def figures(outcomes: Mapping[str, Answers], questions: Sequence[Question], *, seed: int) -> dict[str, dict[str, Any]]:
    """Return all figures of each system; those against the baseline where it is one of them."""
    gold = [question.gold for question in questions]
    values = {name: scores(outcome.rankings, gold) for name, outcome in outcomes.items()}
    rivals = [name for name in values if BASELINE in values and name != BASELINE]
    paired = {f"{name} paired": values[name] - values[BASELINE] for name in rivals}
    estimated = rows(values | paired, METRICS, seed=seed).to_dict()
    found: dict[str, dict[str, Any]] = {}
    for name, own in values.items():
        found[name] = flat(estimated[name]) | _of_run(outcomes[name], own)
        found[name] |= flat(estimated[f"{name} paired"], BASELINE) if name in rivals else {}
        for group, names in (
            ("by_type", [one.kind for one in questions]),
            ("by_hops", [one.hops for one in questions]),
        ):
            found[name] |= {group: _by(own, names)} if any(names) else {}
    return found


def _of_run(outcome: Answers, values: Values) -> dict[str, Any]:
    """Return what the run cost, and how good its estimates of sufficiency are where it makes some."""
    mean = rounded(np.mean([len(ranking) for ranking in outcome.rankings]))
    found: dict[str, Any] = {"mean_passages": mean, **outcome.costs()}
    if outcome.sufficiency and None not in outcome.sufficiency:
        sufficient = values[:, METRICS.index("all@5")].tolist()
        found |= SufficiencyEstimates(sufficient, list(outcome.sufficiency)).figures()
        found["looked_again"] = rounded(np.mean(outcome.again))
    return found


def _by(values: Values, names: Sequence[str]) -> dict[str, Any]:
    """Return the short figures of the questions that share a name, by name; questions without one are left out."""
    found: dict[str, Any] = {}
    for one in sorted(set(filter(None, names))):
        own = values[[name == one for name in names]]
        found[one] = {metric: rounded(own[:, METRICS.index(metric)].mean()) for metric in SHOWN} | {"n": len(own)}
    return found


def table(systems: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a row for each figure, with a column for each system."""
    cells = {metric: [interval([one[metric], *one[f"{metric}_ci"]]) for one in systems.values()] for metric in METRICS}
    for metric in SHOWN:
        gaps = [one.get(f"{metric}_vs_{BASELINE}") for one in systems.values()]
        cells[f"{metric} - {BASELINE}"] = [interval(gap, "+") for gap in gaps]
    for name, digits in (dict.fromkeys(SURENESS, 3) | COSTS).items():
        numbers = [one.get(name) for one in systems.values()]
        cells[name] = ["" if number is None else f"{number:.{digits}f}" for number in numbers]
    return [{"": name, **dict(zip(systems, row, strict=True))} for name, row in cells.items() if any(row)]


if __name__ == "__main__":
    COMMAND.run()
