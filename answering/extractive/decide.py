"""Which of two sides a comparison of dates speaks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.dates import BORN, DIED, dates
from ...core.words import fold

_EARLY = re.compile(r"\b(?:older|oldest|earlier|earliest|first)\b")
_LATE = re.compile(r"\b(?:younger|youngest|later|latest|last|recently|newer|newest)\b")
_DEATH = re.compile(r"\b(?:died?|death)\b")
_BIRTH = re.compile(r"\b(?:older|oldest|younger|youngest|born|birth)\b")
_YEAR = re.compile(r"\b(\d{3,4})\b")


def compares_dates(question: str) -> bool:
    """Say whether a question compares what came earlier or later."""
    asked = fold(question)
    return bool(_EARLY.search(asked) or _LATE.search(asked))


def year(text: str, question: str) -> int | None:
    """Return the year in a sentence that a question compares: of a death, of a birth, or the first one."""
    asked = fold(question)
    # Names that hold such a word mostly stand behind the one that asks.
    said = sorted((at.start(), of) for of, word in ((DIED, _DEATH), (BORN, _BIRTH)) if (at := word.search(asked)))
    of = said[0][1] if said else ""
    found = [(one.of, text[one.start : one.end]) for one in dates(text)]
    chosen = [date for kind, date in found if kind == of] or ([] if of == DIED else [date for _, date in found])
    years = [int(match[1]) for date in chosen if (match := _YEAR.search(date))]
    return years[0] if years else None


def order(years: Sequence[int | None], question: str) -> list[int]:
    """Return the places of the sides, the one that the question asks for first, as they are where nothing tells."""
    asked = fold(question)
    places = list(range(len(years)))
    if any(one is None for one in years):
        return places
    if _LATE.search(asked):
        return sorted(places, key=lambda place: -(years[place] or 0))
    return sorted(places, key=lambda place: years[place] or 0) if _EARLY.search(asked) else places
