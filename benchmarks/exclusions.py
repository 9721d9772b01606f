"""What a run makes of "not about X" and "only after 2012": p-MRR on polarity pairs, and recall of what stays relevant.

python -m benchmarks.exclusions DIR [DIR ...] --split dev --limit 150 --json OUT.json
"""

from __future__ import annotations

import random
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import Collection, Config, Document, Settings, __version__
from polyhop.agent.evaluate.metrics import Values
from polyhop.agent.evaluate.systems import best_documents, polyhop
from polyhop.agent.exclusions import COSINE_ALONE, parse

from .arms import Arm, arms, arms_parser
from .common import progress, run, tell, write_json
from .dated import measure
from .gains import rows
from .polarity import KNOWN, Pair, held, moved, pair

DEPTH = 20
FOLLOWED, COSINE, IGNORED, RANDOM, FILTER = "followed", "cosine alone", "ignored", "random", "word filter"
SYSTEMS = (FOLLOWED, COSINE, IGNORED, RANDOM, FILTER)
COLUMNS = ("p-MRR", "recall@5 before", "recall@5", "gain")
Ask = Callable[[str], Sequence[str]]


def main(arguments: Sequence[str]) -> None:
    """Measure arm after arm and the dates, show the tables as they come and write the figures."""
    options = arms_parser("exclusions", __doc__).parse_args(arguments)
    report: dict[str, Any] = {
        "command": f"python -m benchmarks.exclusions {shlex.join(arguments)}",
        "polyhop_version": __version__,
        "known": list(KNOWN),
        "arms": [],
    }
    for seed, arm in arms(options):
        report["arms"].append(_measured(arm, options.profile, seed))
        if options.json:
            write_json(options.json, report)
    report["dates"] = measure(seed=options.seed)
    _print("dates: a corpus with and without metadata", report["dates"])
    if options.json:
        write_json(options.json, report)


def _measured(arm: Arm, profile: str, seed: int) -> dict[str, Any]:
    corpus = arm.source.corpus()
    with Collection.open(arm.index.home, arm.index.name) as collection:
        asks = _asks(collection, Config.of(Settings(profile=profile), collection))
        pairs, rankings = _pairs(arm, corpus, asks, seed)
    found: dict[str, Any] = {**arm.facts(), "pairs": len(pairs), "read": _read(pairs), "groups": {}}
    for group, wanted in {"all": None, "known phrasings": False, "held out": True}.items():
        places = [place for place, one in enumerate(pairs) if wanted is None or one.held_out == wanted]
        if places:
            some = {name: _values([pairs[at] for at in places], _at(rankings, name, places)) for name in SYSTEMS}
            found["groups"][group] = {"pairs": len(places), **rows(some, COLUMNS, seed=seed).to_dict()}
            _print(f"{arm.title}, {group}: {len(places)} pairs", found["groups"][group])
    return found


def _at(
    rankings: Mapping[str, Sequence[Sequence[str]]], name: str, places: Sequence[int]
) -> list[tuple[Sequence[str], Sequence[str]]]:
    return [(rankings["plain"][at], rankings[name][at]) for at in places]


def _asks(collection: Collection, profile: Config) -> dict[str, Ask]:
    """Return what asks each system that is an agent of its own."""
    profiles = {
        FOLLOWED: profile,
        COSINE: replace(profile, exclude=COSINE_ALONE),
        IGNORED: replace(profile, instructions=False),
    }

    def asking(own: Config) -> Ask:
        search = polyhop(collection, own)
        return lambda question: best_documents(search, question, DEPTH)

    return {name: asking(own) for name, own in profiles.items()}


def _pairs(
    arm: Arm, corpus: Mapping[str, Document], asks: Mapping[str, Ask], seed: int
) -> tuple[list[Pair], dict[str, list[Sequence[str]]]]:
    """Return the pairs of an arm, and by system the ranking of each altered question; `plain` ones before."""
    pairs: list[Pair] = []
    rankings: dict[str, list[Sequence[str]]] = {name: [] for name in ("plain", *SYSTEMS)}
    chance = random.Random(seed)
    for question in progress(arm.questions, arm.title, len(arm.questions)):
        plain = asks[IGNORED](question.text)
        made = pair(question, plain, corpus, number=len(pairs))
        if made is None:
            continue
        pairs.append(made)
        rankings["plain"].append(plain)
        for name, ask in asks.items():
            rankings[name].append(ask(made.altered))
        rankings[RANDOM].append(_behind(plain, {chance.choice(plain)}))
        rankings[FILTER].append(_behind(plain, {key for key in plain if held(made.topic, corpus[key])}))
    if not pairs:
        tell(f"{arm.title}: no question has a passage that suits")
    return pairs, rankings


def _behind(ranking: Sequence[str], some: set[str]) -> list[str]:
    """Return a ranking without some, which are as good as behind its end."""
    return [key for key in ranking if key not in some]


def _read(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return by phrasing the share of instructions that the rules read exactly."""
    found: dict[str, list[bool]] = {}
    for one in pairs:
        said = parse(one.altered)
        found.setdefault(one.phrasing, []).append(said.exclusions == (one.topic.strip(),))
    return {name: round(float(np.mean(values)), 3) for name, values in found.items()}


def _values(pairs: Sequence[Pair], rankings: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Values:
    """Return a row for each pair: p-MRR, then recall of what stays relevant before and after, and the difference."""
    values = []
    for one, (before, after) in zip(pairs, rankings, strict=True):
        old, new = (len(one.stays.intersection(ranking[:5])) / len(one.stays) for ranking in (before, after))
        values.append([moved(before, after, one.lost), old, new, new - old])
    return np.array(values, np.float64)


def _print(title: str, figures: Mapping[str, Any]) -> None:
    shown = Table("", *COLUMNS, title=title, caption="x 100 [95 % bootstrap interval]; p-MRR from -100 to 100")
    for name, own in figures.items():
        if isinstance(own, Mapping):
            shown.add_row(name, *("{:.1f} [{:.1f}, {:.1f}]".format(*(100 * n for n in own[one])) for one in COLUMNS))
    Console(width=None if sys.stdout.isatty() else 120).print(shown)


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
