"""Dates and numbers in running text, in one form however they are written, and what a date is the date of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"\d{3,4}(?![\d,.]*\d)"
DATE = re.compile(
    rf"(?<![\w,.])(?:{_DAY}(?: of)? {_MONTH},? {_YEAR}|{_MONTH} {_DAY},? {_YEAR}|\d{{4}}-\d{{1,2}}-\d{{1,2}}|"
    rf"{_MONTH},? \d{{4}}|{_DAY}(?: of)? {_MONTH}|{_MONTH} {_DAY}|[12]\d{{3}}s?)(?!\w)",
    re.IGNORECASE,
)
NUMERALS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}
NUMBER = re.compile(
    rf"(?<![\w.,-])(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|{'|'.join(NUMERALS)})"
    r"(?: (?:hundred|thousand|million|billion))?(?![\w-])",
    re.IGNORECASE,
)
_SPAN = re.compile(
    rf"\((?P<before>[^()]*?)(?P<born>{DATE.pattern})(?P<place>[^()–—]*?)\s*[–—-]\s*[^()\d]{{0,40}}?(?P<died>{DATE.pattern})",
    re.IGNORECASE,
)
_BORN = re.compile(r"\b(?:born|b\.|birth(?:day)?|né|née)\b[^.;]{0,30}$", re.IGNORECASE)
_DIED = re.compile(r"\b(?:died|d\.|death|dead|killed|passed away)\b[^.;]{0,16}$", re.IGNORECASE)

BORN, DIED = "born", "died"


class Dated(NamedTuple):
    """A date in a text: where it stands, and whether it is that of a birth or of a death, if that is said there."""

    start: int
    end: int
    of: str


def dates(text: str) -> Iterator[Dated]:
    """Yield the dates of a text; those of a span of life, as in (1884 – 1934), are a birth's and a death's."""
    known: dict[int, str] = {}
    for span in _SPAN.finditer(text):
        known |= {span.start("born"): BORN, span.start("died"): DIED}
    for found in DATE.finditer(text):
        before = text[max(0, found.start() - 40) : found.start()]
        of = known.get(found.start()) or (DIED if _DIED.search(before) else BORN if _BORN.search(before) else "")
        yield Dated(found.start(), found.end(), of)
