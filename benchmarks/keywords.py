"""Questions as agents type them for a web search: the same keywords in both halves, and translated for each.

python -m benchmarks.keywords DIR [DIR ...] --split dev --limit 200 --json OUT.json
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import Collection, Config, Settings, __version__
from polyhop.agent.evaluate.metrics import scores
from polyhop.agent.evaluate.systems import best_documents, polyhop
from polyhop.agent.exclusions import FUNCTION_WORDS, translate
from polyhop.retrieval.query.first import FirstSearch

from .arms import Arm, arms, arms_parser
from .common import progress, run, write_json
from .gains import rows

DEPTH = 10
QUESTION, RAW, STRIPPED, TRANSLATED = "the question itself", "keywords in both", "translated", "translated, phrases"
SHOWN = ("recall@5", "all@5")
COLUMNS = (*SHOWN, *(f"{metric} gain" for metric in SHOWN))
_NAME = re.compile(r"[A-Z0-9][\w'’.-]*(?:\s+(?:(?:of|the|de|von|van|for|to|in|on)\s+)*[A-Z0-9][\w'’.-]*)+")
_POSSESSIVE = re.compile(r"(?:^|['’])s$")
_WORD = re.compile(r"\"[^\"]+\"|[\w'’.-]*\w")


def main(arguments: Sequence[str]) -> None:
    """Measure arm after arm, show the tables as they come and write the figures."""
    options = arms_parser("keywords", __doc__).parse_args(arguments)
    report: dict[str, Any] = {
        "command": f"python -m benchmarks.keywords {shlex.join(arguments)}",
        "polyhop_version": __version__,
        "arms": [],
    }
    for seed, arm in arms(options):
        report["arms"].append(_measured(arm, options.profile, seed))
        if options.json:
            write_json(options.json, report)


def keywords(question: str) -> str:
    """Return a question as a list of keywords: names quoted, function words dropped, no question mark."""
    quoted = _NAME.sub(lambda name: f'"{name.group().strip()}"', _without_first(question.replace('"', "")))
    words = [word if word[0] == '"' else _POSSESSIVE.sub("", word) for word in _WORD.findall(quoted)]
    kept = [word for word in words if word and word.lower() not in FUNCTION_WORDS]
    return " ".join(kept)


def _without_first(question: str) -> str:
    """Return a question whose first word has a small letter if it is a function word, which then is in no name."""
    first, space, rest = question.partition(" ")
    return f"{first.lower() if first.lower() in FUNCTION_WORDS else first}{space}{rest}"


def _measured(arm: Arm, profile: str, seed: int) -> dict[str, Any]:
    asked = [question for question in arm.questions if translate(keywords(question.text)) is not None]
    with Collection.open(arm.index.home, arm.index.name) as collection:
        whole = Config.of(Settings(profile=profile), collection)
        unread = replace(whole, instructions=False)
        plain = whole.first if isinstance(whole.first, FirstSearch) else FirstSearch()
        systems = {
            QUESTION: (unread, False),
            RAW: (unread, True),
            STRIPPED: (replace(whole, first=replace(plain, phrased=False)), True),
            TRANSLATED: (replace(whole, first=replace(plain, phrased=True)), True),
        }
        rankings: dict[str, list[list[str]]] = {}
        for name, (own, as_keywords) in systems.items():
            search = polyhop(collection, own)
            texts = [keywords(one.text) if as_keywords else one.text for one in asked]
            rankings[name] = [
                best_documents(search, text, DEPTH) for text in progress(texts, f"{arm.title}, {name}", len(texts))
            ]
    gold = [question.gold for question in asked]
    values = {name: scores(ranking, gold, (5,)) for name, ranking in rankings.items()}
    reference = values[RAW]
    gained = {name: np.hstack([own, own - reference]) for name, own in values.items()}
    figures = rows(gained, COLUMNS, seed=seed).to_dict()
    _print(f"{arm.title}: {len(asked)} of {len(arm.questions)} questions as keywords", figures)
    return {**arm.facts(), "asked": len(asked), "figures": figures}


def _print(title: str, figures: dict[str, dict[str, list[float]]]) -> None:
    caption = f"percent [95 % bootstrap interval]; gains against “{RAW}”, paired"
    shown = Table("", *COLUMNS, title=title, caption=caption)
    for name, own in figures.items():
        shown.add_row(name, *("{:.1f} [{:.1f}, {:.1f}]".format(*(100 * n for n in own[one])) for one in COLUMNS))
    Console(width=None if sys.stdout.isatty() else 120).print(shown)


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
