"""What a run makes of "not about X" and "only after 2012": p-MRR on polarity pairs, and recall of what stays relevant.

python -m benchmarks.exclusions DIR [DIR ...] --split dev --limit 150 --json OUT.json
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Collection, Config, Document, Settings
from polyhop.agent.evaluate.metrics import Values
from polyhop.agent.evaluate.systems import best_documents, polyhop
from polyhop.agent.exclusions import COSINE_ALONE, parse

from .data import Question
from .harness import ARMS, PROFILE, Command, Given, Report, progress, tell
from .indexes import Arm, arms
from .metrics import interval, moved, rows

DEPTH, DATED_DEPTH = 20, 40
FOLLOWED, COSINE, IGNORED, RANDOM, FILTER = "followed", "cosine alone", "ignored", "random", "word filter"
SYSTEMS = (FOLLOWED, COSINE, IGNORED, RANDOM, FILTER)
COLUMNS = ("p-MRR", "recall@5 before", "recall@5", "gain")
Ask = Callable[[str], Sequence[str]]
_PHRASES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
#: phrasings by name, with what the rules were written for and what was kept away from them
KNOWN, HELD_OUT = _PHRASES["known"], _PHRASES["held out"]
PHRASINGS = {**KNOWN, **HELD_OUT}
#: how far down a passage may stand that is to lose its relevance
HEAD = 5
_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")
_OPENING = re.compile(r"(?:an? |the )?(.{3,50}?) (?:is|are|was|were|can|has|have|means|will) ", re.IGNORECASE)
_WORD = re.compile(r"\w{3,}")
TOWNS, FIRST, LAST = 24, 2006, 2017
_HEADS, _TAILS = ("Alder", "Birch", "Corn", "Dune", "Elm", "Fox"), ("ford", "haven", "stead", "wick")
_WHAT = ("library", "swimming bath", "market hall", "harbour")
#: an instruction, and the years that it leaves
LIMITS = [(said, range(first, last + 1)) for said, first, last in _PHRASES["years"]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, the same with an instruction, the passages that lose their relevance, and what stays relevant."""

    question: str
    altered: str
    lost: Sequence[str]
    stays: frozenset[str]
    topic: str = ""
    phrasing: str = ""


def pair(question: Question, ranking: Sequence[str], corpus: Mapping[str, Document], *, number: int) -> Pair | None:
    """Return the pair of a question, with the phrasing whose turn it is; None where no passage suits.

    The passage stands in the head of the ranking and is not gold, or it is one of the gold passages of a comparison.
    """
    compares = "comparison" in question.kind and len(question.gold) > 1
    suiting = sorted(question.gold) if compares else [key for key in ranking[:HEAD] if key not in question.gold]
    named = ((key, topic_of(corpus[key])) for key in suiting if key in corpus and key in ranking)
    lost, topic = next(((key, topic) for key, topic in named if topic), ("", ""))
    if not lost:
        return None
    name = list(PHRASINGS)[number % len(PHRASINGS)]
    altered = told(question.text, PHRASINGS[name], topic)
    return Pair(question.text, altered, [lost], question.gold - {lost}, topic, name)


def told(question: str, phrasing: str, topic: str = "") -> str:
    """Return a question with the instruction that a phrasing gives."""
    mark = question if question.rstrip()[-1:] in "?.!" else f"{question}?"
    lower = mark[:1].lower() + mark[1:]
    return phrasing.format(question=mark, open=mark.rstrip("?.! "), lower=lower, topic=topic)


def topic_of(document: Document) -> str:
    """Return what a passage is about: its title, or what its first sentence begins with."""
    if document.title:
        return _BRACKETS.sub("", document.title)
    opening = _OPENING.match(document.text)
    return re.split(r"\s*[(,]", opening.group(1))[0] if opening else ""


def held(topic: str, document: Document) -> bool:
    """Say whether a passage holds every word of a topic, as a hard filter would ask."""
    text = set(_WORD.findall(f"{document.title} {document.text}".lower()))
    return set(_WORD.findall(topic.lower())) <= text


def reports(*, metadata: bool) -> Iterator[Document]:
    """Yield a report for each town and year; without metadata the year stands in the text alone."""
    for number, town in enumerate(_towns()):
        for year in range(FIRST, LAST + 1):
            text = (
                f"In {year} the {_WHAT[number % len(_WHAT)]} of {town} counted {1000 + 37 * number + 11 * (year % 7)} "
                "visitors, and its council spent more on repairs than planned."
            )
            yield Document(f"{town} {year}", text, f"Report on {town}", {"year": year} if metadata else {})


def dated() -> Iterator[Pair]:
    """Yield a pair for each town, whose instruction leaves some of its reports."""
    for number, town in enumerate(_towns()):
        question = f"How many visitors did the {_WHAT[number % len(_WHAT)]} of {town} count?"
        said, years = LIMITS[number % len(LIMITS)]
        lost = [f"{town} {year}" for year in range(FIRST, LAST + 1) if year not in years]
        yield Pair(question, told(question, said), lost, frozenset(f"{town} {year}" for year in years))


def _towns() -> list[str]:
    return ["".join(parts) for parts in islice(product(_HEADS, _TAILS), TOWNS)]


def measure(options: Given, report: Report) -> None:
    """Measure arm after arm and the dates, and show the tables as they come."""
    report.add(known=list(KNOWN))
    for seed, arm in arms(options):
        pairs, rankings = _pairs(arm, options.profile, seed)
        found: dict[str, Any] = {**arm.facts(), "pairs": len(pairs), "read": _read(pairs), "groups": {}}
        for group, wanted in {"all": None, "known phrasings": False, "held out": True}.items():
            places = [at for at, one in enumerate(pairs) if wanted in (None, one.phrasing in HELD_OUT)]
            if places:
                some = {name: values(pairs, rankings["plain"], rankings[name])[places] for name in SYSTEMS}
                title = f"{arm.title}, {group}: {len(places)} pairs"
                found["groups"][group] = {"pairs": len(places), **_shown(report, title, some, seed)}
        report.add_to("arms", found)
    report.add(dates=_shown(report, "dates: with and without metadata", of_dates(), options.seed))


COMMAND = Command("exclusions", __doc__, (*ARMS, PROFILE), measure)


def _pairs(arm: Arm, profile: str, seed: int) -> tuple[list[Pair], dict[str, list[Sequence[str]]]]:
    """Return the pairs of an arm, and by system the ranking of each altered question; `plain` ones before."""
    pairs: list[Pair] = []
    rankings: dict[str, list[Sequence[str]]] = {name: [] for name in ("plain", *SYSTEMS)}
    chance = random.Random(seed)
    with arm.index.opened() as collection:
        asks = _asks(collection, Config.of(Settings(profile=profile), collection))
        for question in progress(arm.questions, arm.title, len(arm.questions)):
            plain = asks[IGNORED](question.text)
            made = pair(question, plain, arm.corpus, number=len(pairs))
            if made is None:
                continue
            pairs.append(made)
            found = {"plain": plain} | {name: ask(made.altered) for name, ask in asks.items()}
            # What is left out is as good as behind the end.
            one = chance.choice(plain)
            found[RANDOM] = [key for key in plain if key != one]
            found[FILTER] = [key for key in plain if not held(made.topic, arm.corpus[key])]
            for name, ranking in found.items():
                rankings[name].append(ranking)
    if not pairs:
        tell(f"{arm.title}: no question has a passage that suits")
    return pairs, rankings


def _asks(collection: Collection, profile: Config) -> dict[str, Ask]:
    """Return what asks each system that is an agent of its own."""

    def asking(own: Config) -> Ask:
        search = polyhop(collection, own)
        return lambda question: best_documents(search, question, DEPTH)

    cosine, ignoring = replace(profile, exclude=COSINE_ALONE), replace(profile, instructions=False)
    return {FOLLOWED: asking(profile), COSINE: asking(cosine), IGNORED: asking(ignoring)}


def of_dates() -> dict[str, Values]:
    """Return the values of the dated pairs with metadata, without, and of a run that ignores the limits."""
    pairs, found = list(dated()), {}
    for metadata in (True, False):
        with tempfile.TemporaryDirectory(prefix="polyhop-dates-") as home, Collection.create(home, "dates") as made:
            made.add(reports(metadata=metadata))
            followed, ignoring = (polyhop(made, Config.of(Settings(instructions=own), made)) for own in (True, False))
            before = [_documents(ignoring, one.question) for one in pairs]
            ways = {f"followed, {'with' if metadata else 'without'} metadata": followed, IGNORED: ignoring}
            for name, search in ways.items():
                found[name] = values(pairs, before, [_documents(search, one.altered) for one in pairs])
    return found


def _documents(search: Any, question: str) -> list[str]:
    return list(dict.fromkeys(one.document for one in search(question, DATED_DEPTH)))


def _read(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return by phrasing the share of instructions that the rules read exactly."""
    found: dict[str, list[bool]] = {}
    for one in pairs:
        found.setdefault(one.phrasing, []).append(parse(one.altered).exclusions == (one.topic.strip(),))
    return {name: round(float(np.mean(own)), 3) for name, own in found.items()}


def values(pairs: Sequence[Pair], before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> Values:
    """Return a row for each pair: p-MRR, then recall of what stays relevant before and after, and the difference."""
    found = []
    for one, *rankings in zip(pairs, before, after, strict=True):
        most = min(5, len(one.stays)) if len(one.lost) > 1 else len(one.stays)
        old, new = (len(one.stays.intersection(ranking[:5])) / most for ranking in rankings)
        fell = np.mean([moved(rankings[0], rankings[1], key) for key in one.lost])
        found.append([float(fell), old, new, new - old])
    return np.array(found, np.float64)


def _shown(report: Report, title: str, found: Mapping[str, Values], seed: int) -> dict[str, Any]:
    figures = rows(found, COLUMNS, seed=seed).to_dict()
    table = [{"": name, **{one: interval(own[one]) for one in COLUMNS}} for name, own in figures.items()]
    report.show(title, table, "x 100 [95 % bootstrap interval]; p-MRR from -100 to 100")
    return figures


if __name__ == "__main__":
    COMMAND.run()
