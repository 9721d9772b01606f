"""Questions as agents type them for a web search: the same keywords in both halves, and translated for each.

python -m benchmarks.keywords DIR [DIR ...] --split dev --limit 200 --json OUT.json
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from polyhop.agent import Config, Settings
from polyhop.agent.evaluate.systems import best_documents, polyhop
from polyhop.agent.exclusions import FUNCTION_WORDS, translate
from polyhop.retrieval.query.first import FirstSearch

from .harness import ARMS, PROFILE, Command, Given, Report, progress
from .indexes import Arm, arms
from .metrics import GAINED, at_five, gain_row, gained, rows

DEPTH = 10
QUESTION, RAW, STRIPPED, TRANSLATED = "the question itself", "keywords in both", "translated", "translated, phrases"
_NAME = re.compile(r"[A-Z0-9][\w'’.-]*(?:\s+(?:(?:of|the|de|von|van|for|to|in|on)\s+)*[A-Z0-9][\w'’.-]*)+")
_POSSESSIVE = re.compile(r"(?:^|['’])s$")
_WORD = re.compile(r"\"[^\"]+\"|[\w'’.-]*\w")


def measure(options: Given, report: Report) -> None:
    """Measure arm after arm and show the tables as they come."""
    for seed, arm in arms(options):
        asked = [question for question in arm.questions if translate(keywords(question.text)) is not None]
        gold = [question.gold for question in asked]
        rankings = _rankings(arm, [question.text for question in asked], options.profile)
        values = {name: at_five(ranking, gold) for name, ranking in rankings.items()}
        figures = rows(gained(values, RAW), GAINED, seed=seed).to_dict()
        table = [gain_row(name, own) for name, own in figures.items()]
        title = f"{arm.title}: {len(asked)} of {len(arm.questions)} questions as keywords"
        report.show(title, table, f"percent [95 % bootstrap interval]; gains against “{RAW}”, paired")
        report.add_to("arms", {**arm.facts(), "asked": len(asked), "figures": figures})


COMMAND = Command("keywords", __doc__, (*ARMS, PROFILE), measure)


def keywords(question: str) -> str:
    """Return a question as a list of keywords: names quoted, function words dropped, no question mark."""
    # A first word that is a function word is in no name.
    first, space, rest = question.replace('"', "").partition(" ")
    opened = f"{first.lower() if first.lower() in FUNCTION_WORDS else first}{space}{rest}"
    quoted = _NAME.sub(lambda name: f'"{name.group().strip()}"', opened)
    words = [word if word[0] == '"' else _POSSESSIVE.sub("", word) for word in _WORD.findall(quoted)]
    return " ".join(word for word in words if word and word.lower() not in FUNCTION_WORDS)


def _rankings(arm: Arm, asked: list[str], profile: str) -> dict[str, list[list[str]]]:
    rankings: dict[str, list[list[str]]] = {}
    with arm.index.opened() as collection:
        whole = Config.of(Settings(profile=profile), collection)
        unread: Any = replace(whole, instructions=False)
        plain = whole.first if isinstance(whole.first, FirstSearch) else FirstSearch()
        systems = {QUESTION: unread, RAW: unread}
        systems |= {STRIPPED: replace(whole, first=replace(plain, phrased=False))}
        systems |= {TRANSLATED: replace(whole, first=replace(plain, phrased=True))}
        for name, own in systems.items():
            search = polyhop(collection, own)
            texts = asked if name == QUESTION else list(map(keywords, asked))
            going = progress(texts, f"{arm.title}, {name}", len(texts))
            rankings[name] = [best_documents(search, text, DEPTH) for text in going]
    return rankings


if __name__ == "__main__":
    COMMAND.run()
