"""Years in a request: what "since 2019" or "from the last five years" comes to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

#: nouns for what a collection holds
DOCUMENTS = (
    r"(?:documents?|articles?|papers?|passages?|sources?|reports?|results?|publications?|texts?|news|posts?|pages?"
    r"|entries|files?|notes?|records?|stories|hits?|content|material|information|stuff)"
)
_YEAR = r"(?:1\d{3}|20\d{2})"
_COUNTS = "one two three four five six seven eight nine ten".split()
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(_COUNTS)}|few)"
_SIDED = (
    rf"(?:from )?(?:after|later than|newer than|since|before|earlier than|older than|prior to|until|till|up to) {_YEAR}"
    rf"|from {_YEAR} (?:on|onwards?|to {_YEAR})|(?:from )?between {_YEAR} and {_YEAR}"
)
#: a period of years that has a preposition of its own, for use inside a larger pattern
SIDED = f"(?P<period>{_SIDED})"
#: any period of years
PERIOD = (
    rf"(?P<period>{_SIDED}"
    rf"|(?:(?:in|from|of|during|for) )?(?:the )?{_YEAR}(?:s|\s?[-–]\s?{_YEAR})?"
    rf"|(?:(?:in|from|of|during|over|within) )?(?:the )?(?:last|past) (?:{_NUMBER} )?(?:years?|decades?)"
    r")"
)
_RECENT = re.compile(rf"(?:last|past) (?:({_NUMBER}) )?(year|decade)", re.IGNORECASE)
_YEARS = re.compile(_YEAR)
_FEW = 3


@dataclass(frozen=True, slots=True)
class Period:
    """The years from `since` to `until`, both included; None where it is open."""

    since: int | None = None
    until: int | None = None

    @classmethod
    def all_of(cls, periods: Iterable[Period]) -> Period:
        """Return the years that all periods share."""
        listed = list(periods)
        since = [one.since for one in listed if one.since is not None]
        until = [one.until for one in listed if one.until is not None]
        return cls(max(since, default=None), min(until, default=None))

    def inverted(self) -> Period:
        """Return the years that are left when these go; of a closed period nothing can be said."""
        if self.since is not None and self.until is None:
            return Period(until=self.since - 1)
        if self.until is not None and self.since is None:
            return Period(since=self.until + 1)
        return OPEN

    def holds(self, year: int) -> bool:
        """Say whether a year lies in it."""
        return (self.since is None or year >= self.since) and (self.until is None or year <= self.until)

    def __str__(self) -> str:
        if self.since is not None and self.until is not None:
            return f"in {self.since}" if self.since == self.until else f"from {self.since} to {self.until}"
        if self.since is not None:
            return f"since {self.since}"
        return f"until {self.until}" if self.until is not None else "at any time"


OPEN = Period()


def period(said: str, today: date) -> Period:
    """Return the period that a phrase matched by `PERIOD` means."""
    folded = said.lower()
    if recent := _RECENT.search(folded):
        number, unit = recent.groups()
        count = 1 if number is None else _count(number)
        return Period(since=today.year - count * (10 if unit == "decade" else 1))
    years = [int(year) for year in _YEARS.findall(folded)]
    first, last = min(years), max(years)
    if len(years) > 1:
        return Period(first, last)
    if re.search(r"\b(?:after|later|newer)\b", folded):
        return Period(since=first + 1)
    if re.search(r"\b(?:before|earlier|older|prior)\b", folded):
        return Period(until=first - 1)
    if re.search(r"\b(?:until|till|up to)\b", folded):
        return Period(until=first)
    if re.search(r"\bsince\b|\bon(?:wards?)?$", folded):
        return Period(since=first)
    return Period(first, first + 9 if folded.endswith("s") else first)


def _count(word: str) -> int:
    if word.isdigit():
        return int(word)
    return _COUNTS.index(word) + 1 if word in _COUNTS else _FEW
