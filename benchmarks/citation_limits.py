"""Choose the limits of the citation check on training questions, and judge each set by what the others choose.

python -m benchmarks.citation_limits DIR DIR [DIR ...] --claims 200
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.answering.citations.check import LIMITS, CitationLimits, check_citations
from polyhop.core.files import read_rows

from .claims import TRUE, Case, cases
from .harness import Command, Given, Report, option, positive

COVERAGE = (0.4, 0.5, 0.6, 0.7, 0.8)
LEAST = (0.2, 0.3, 0.4, 0.5)
MARGIN = (0.05, 0.1, 0.15, 0.2, 0.3)
DIGITS = 4


OPTIONS = (
    option("folders", metavar="DIR", type=Path, nargs="+", help="folders with SPLIT.jsonl"),
    option("--split", default="train", help="which questions to make answers of (default: %(default)s)"),
    option("--claims", type=positive, default=200, help="true answers of a set, and false ones (default: %(default)s)"),
    option("--seed", type=int, default=0, help="number of the first answer (default: %(default)s)"),
)


def measure(options: Given, report: Report) -> None:
    """Show the limits that are best in the mean of the sets."""
    made = [cases(_rows(folder / f"{options.split}.jsonl"), options.claims, options.seed) for folder in options.folders]
    # Where several are as good it is the first of them.
    grid = [LIMITS, *(CitationLimits(*values) for values in product(COVERAGE, LEAST, MARGIN))]
    wrong = np.array([[errors(own, limits) for own in made] for limits in grid])
    whole = wrong.mean(axis=2)
    best = int(whole.mean(axis=1).argmin())
    sets = []
    for place, folder in enumerate(options.folders):
        others = int(np.delete(whole, place, axis=1).mean(axis=1).argmin()) if len(made) > 1 else best
        sets.append(
            {
                "dataset": folder.name,
                "answers": len(made[place]),
                "lost and passed": wrong[best, place].round(DIGITS).tolist(),
                "with what the others choose": wrong[others, place].round(DIGITS).tolist(),
                "with the limits of now": np.round(errors(made[place], LIMITS), DIGITS).tolist(),
            }
        )
    report.add(chosen=repr(grid[best]), sets=sets)
    report.show(f"chosen: {grid[best]!r}", sets)


COMMAND = Command("citation_limits", __doc__, OPTIONS, measure)


def errors(answers: Sequence[Case], limits: CitationLimits) -> tuple[float, float]:
    """Return the share of true answers that are refuted, and of false ones that are not."""
    found = [
        (
            one.kind == TRUE,
            all(
                part["supported"]
                for part in check_citations(one.answer, one.texts, question=one.question, limits=limits)
            ),
        )
        for one in answers
    ]
    return (
        float(np.mean([not borne for true, borne in found if true])),
        float(np.mean([borne for true, borne in found if not true])),
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    """Return the questions of a file with what else was at hand, which are their distractors."""
    return [
        {
            "question": row["question"],
            "answer": str(row.get("answer") or ""),
            "gold": [_passage(one) for one in row["gold"]],
            "others": [_passage(one) for one in row.get("distractors") or ()],
        }
        for _, row in read_rows(path)
    ]


def _passage(one: dict[str, Any]) -> dict[str, str]:
    return {"title": one["title"] or "", "text": one["text"]}


if __name__ == "__main__":
    COMMAND.run()
