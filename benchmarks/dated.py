"""Date pairs: yearly reports of towns, asked for with and without a limit of years."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice, product

import numpy as np

from polyhop.agent import Agent, Collection, Document
from polyhop.agent.evaluate.metrics import Values

from .gains import rows
from .polarity import moved

COLUMNS = ("p-MRR", "recall@5 before", "recall@5", "gain")
TOWNS, FIRST, LAST = 24, 2006, 2017
DEPTH = 40
_HEADS, _TAILS = ("Alder", "Birch", "Corn", "Dune", "Elm", "Fox"), ("ford", "haven", "stead", "wick")
_WHAT = ("library", "swimming bath", "market hall", "harbour")
#: an instruction, and the years that it leaves
LIMITS = (
    ("{question} Only after 2012.", lambda year: year > 2012),
    ("{question} Nothing before 2013, please.", lambda year: year >= 2013),
    ("{open}, only between 2008 and 2010?", lambda year: 2008 <= year <= 2010),
    ("Only since 2014: {lower}", lambda year: year >= 2014),
    ("{open}, in 2009 only?", lambda year: year == 2009),
    ("{question} Ignore reports from before 2011.", lambda year: year >= 2011),
)


def reports(*, metadata: bool) -> Iterator[Document]:
    """Yield a report for each town and year; without metadata the year stands in the text alone."""
    for number, town in enumerate(_towns()):
        for year in range(FIRST, LAST + 1):
            text = (
                f"In {year} the {_WHAT[number % len(_WHAT)]} of {town} counted {1000 + 37 * number + 11 * (year % 7)} "
                "visitors, and its council spent more on repairs than planned."
            )
            yield Document(f"{town} {year}", text, f"Report on {town}", {"year": year} if metadata else {})


def measure(*, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """Return the figures with metadata, without, and of a run that ignores the limits."""
    found: dict[str, Values] = {}
    for metadata in (True, False):
        with tempfile.TemporaryDirectory(prefix="polyhop-dates-") as home, Collection.create(home, "dates") as made:
            made.add(reports(metadata=metadata))
            name = "followed, with metadata" if metadata else "followed, without metadata"
            found[name] = _values(made, instructions=True)
            if not metadata:
                found["ignored"] = _values(made, instructions=False)
    return rows(found, COLUMNS, seed=seed).to_dict()


def _values(collection: Collection, *, instructions: bool) -> Values:
    followed = Agent(collection)
    ignoring = Agent(collection, settings=followed.settings.model_copy(update={"instructions": False}))
    asked = followed if instructions else ignoring
    values: list[Sequence[float]] = []
    for number, town in enumerate(_towns()):
        question = f"How many visitors did the {_WHAT[number % len(_WHAT)]} of {town} count?"
        before = _documents(ignoring, question)
        said, stays = LIMITS[number % len(LIMITS)]
        after = _documents(asked, _told(said, question))
        own = {f"{town} {year}": stays(year) for year in range(FIRST, LAST + 1)}
        wanted = [key for key, kept in own.items() if kept]
        old, new = (sum(key in ranking[:5] for key in wanted) / min(5, len(wanted)) for ranking in (before, after))
        fell = np.mean([moved(before, after, key) for key, kept in own.items() if not kept])
        values.append([float(fell), old, new, new - old])
    return np.array(values, np.float64)


def _told(said: str, question: str) -> str:
    lower = question[:1].lower() + question[1:]
    return said.format(question=question, open=question.rstrip("?"), lower=lower)


def _documents(agent: Agent, question: str) -> list[str]:
    return list(dict.fromkeys(passage.document for passage in agent.retrieve(question, DEPTH).passages))


def _towns() -> list[str]:
    return ["".join(parts) for parts in islice(product(_HEADS, _TAILS), TOWNS)]
