"""Answers: what their check catches, whether what is shown holds the answer, and answers that should not be given.

python -m benchmarks.answers DIR [DIR ...] --split dev --json OUT.json
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from polyhop.agent import Config, Settings, __version__
from polyhop.core.files import read_rows

from .answertables import citation_table, found_table, shown_table
from .arms import Arm, add_arms, arms
from .checking import checked, pooled
from .claims import cases
from .common import Parser, child, positive, run, write_json
from .data import Source

SHOWN = 3
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
DIGITS = 5
WIDTH = 150
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent answered: the sentences shown, whether they count as found, the estimate, and the passages."""

    found: bool
    shown: Sequence[str]
    sufficiency: float | None
    documents: Sequence[str]
    passages: Sequence[Mapping[str, str]]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.answers", description=(__doc__ or "").splitlines()[0])
    add_arms(made)
    made.add_argument("--claims", type=positive, default=200, help="true answers to check, and false ones (200)")
    made.add_argument(
        "--foreign",
        metavar="DIR",
        type=Path,
        help="ask the questions of this set too, which no other collection answers",
    )
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure arm after arm and show the tables as they come."""
    options = parser().parse_args(arguments)
    report: Report = {
        "command": f"python -m benchmarks.answers {shlex.join(arguments)}",
        "polyhop_version": __version__,
        "profile": repr(Config.of(Settings())),
        "seed": options.seed,
        "arms": [],
    }
    foreign = Source(options.foreign.absolute()).questions(options.split, options.limit) if options.foreign else []
    screen = Console(width=None if sys.stdout.isatty() else WIDTH)
    for seed, arm in arms(options):
        told = asked(arm, [question.text for question in arm.questions])
        strange = asked(arm, [question.text for question in foreign]) if foreign else []
        found = {"shown": shown(arm, told), "found": finding(arm, told, strange)}
        screen.print(shown_table(arm.title, found["shown"]))
        screen.print(found_table(arm.title, found["found"]))
        if not arm.source.untitled:
            found["citations"] = checked(cases(_rows(arm, options.limit, told), options.claims, seed))
            screen.print(citation_table(arm.title, found["citations"]))
        report["arms"].append(arm.facts() | found)
        _write(options.json, report)
    parts = [one["citations"] for one in report["arms"] if "citations" in one]
    if len(parts) > 1:
        report["citations"] = pooled(parts)
        screen.print(citation_table("all sets", report["citations"]))
        _write(options.json, report)


def _write(path: Path | None, report: Report) -> None:
    if path:
        write_json(path, report)


def asked(arm: Arm, questions: Sequence[str]) -> list[Told]:
    """Ask every question in a process of the arm's own."""
    job = {"home": arm.index.home, "name": arm.index.name, "title": arm.title, "questions": list(questions)}
    return [Told(**one) for one in child("answering", job)["answers"]]


def shown(arm: Arm, told: Sequence[Told]) -> Report:
    """Return how often the first sentences shown hold the answer, where all gold passages are among the first five.

    Yes and no are left out. `possible` is how often the passages hold it at all.
    """
    counted = []
    for question, one in zip(arm.questions, told, strict=True):
        if plain(question.answer) not in ("", "yes", "no") and question.gold <= set(one.documents):
            texts = " ".join(f"{passage['title']}. {passage['text']}" for passage in one.passages)
            counted.append((holds(one.shown, question.answer), holds([texts], question.answer), len(one.shown)))
    number = max(1, len(counted))
    return {
        "questions": len(counted),
        "held": _share(sum(held for held, _, _ in counted), number),
        "possible": _share(sum(possible for _, possible, _ in counted), number),
        "sentences": round(sum(many for _, _, many in counted) / number, 2),
    }


def finding(arm: Arm, told: Sequence[Told], strange: Sequence[Told]) -> list[Report]:
    """Return for each least sufficiency what would be answered, and how much of that rightly.

    `kept` are answers where all gold passages are there, `wrong` those given whose sentences lack the answer (of all
    given, yes and no left out), `foreign` those given to questions of another set.
    """
    rows = [
        (one, question.gold <= set(one.documents), holds(one.shown, question.answer))
        for question, one in zip(arm.questions, told, strict=True)
        if plain(question.answer) not in ("", "yes", "no")
    ]
    found = []
    for least in THRESHOLDS:
        given = [(whole, right) for one, whole, right in rows if _given(one, least)]
        found.append(
            {
                "sufficiency": least,
                "given": _share(len(given), len(rows)),
                "kept": _share(sum(whole for whole, _ in given), sum(whole for _, whole, _ in rows)),
                "incomplete": _share(sum(not whole for whole, _ in given), sum(not whole for _, whole, _ in rows)),
                "wrong": _share(sum(not right for _, right in given), len(given)),
                "foreign": _share(sum(_given(one, least) for one in strange), len(strange)),
            }
        )
    return found


def _given(one: Told, least: float) -> bool:
    return one.found and (one.sufficiency is None or one.sufficiency >= least)


def holds(texts: Sequence[str], answer: str) -> bool:
    """Say whether an answer stands in the first sentences, whatever the case, the articles and the punctuation."""
    return f" {plain(answer)} " in f" {plain(' '.join(texts[:SHOWN]))} "


def plain(text: str) -> str:
    """Return a text in lower case without accents, articles and punctuation."""
    folded = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    return " ".join(word for word in re.findall(r"[^\W_]+", folded) if word not in ("a", "an", "the"))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, DIGITS) if whole else None


def _rows(arm: Arm, limit: int | None, told: Sequence[Told]) -> list[Report]:
    """Return the questions with their gold passages as they are written, and what else was found for them."""
    path = arm.source.folder / f"{arm.split}.jsonl"
    rows = [row for _, row in read_rows(path)][:limit]
    found = []
    for row, one in zip(rows, told, strict=True):
        gold = [{"title": each["title"] or "", "text": each["text"]} for each in row["gold"]]
        others = [dict(passage) for passage in one.passages if passage not in gold]
        found.append(
            {"question": row["question"], "answer": str(row.get("answer", "")), "gold": gold, "others": others}
        )
    return found


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
