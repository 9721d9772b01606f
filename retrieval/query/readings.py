"""Checks of what a language model makes of a request, before anything is done with it."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field

from ...core.words import content_words, name_key, word_key
from .instructions import LONGEST, Instructions
from .period import Period

_NUMBER = re.compile(r"\d[\d.,:/+-]*\d|\d")
#: how much longer than a query its question may be, in words
_LONGER = 24


class Reading(BaseModel):
    """A request taken apart by a language model."""

    question: str = Field(max_length=LONGEST)
    exclude: list[str] = Field(default_factory=list, max_length=8)
    require: list[str] = Field(default_factory=list, max_length=8)
    since: int | None = Field(None, ge=1000, le=2999)
    until: int | None = Field(None, ge=1000, le=2999)


def checked_reading(request: str, reading: Reading) -> Instructions | None:
    """Return what a model read, or None where it does not follow from the request.

    All it names has to stand there, its question must add no word, and something has to be left to ask.
    """
    said = f" {name_key(request)} "
    named = [one.strip() for one in (*reading.exclude, *reading.require)]
    asked = {word_key(word) for word in content_words(reading.question)}
    own = {word_key(word) for word in content_words(request)}
    if not asked or not asked <= own or not all(one and f" {name_key(one)} " in said for one in named):
        return None
    years = [year for year in (reading.since, reading.until) if year is not None]
    if any(not {str(year), str(year - 1), str(year + 1)} & set(said.split()) for year in years):
        return None
    found = Instructions(
        reading.question.strip(),
        exclusions=tuple(one.strip() for one in reading.exclude),
        required=tuple(one.strip() for one in reading.require),
        period=Period(reading.since, reading.until),
    )
    return found or None


def checked_question(keywords: str, reply: str) -> str | None:
    """Return the question that a model wrote for keywords, or None: it is one line and keeps all numbers."""
    question = reply.strip().strip('"“”')
    short = 0 < len(question.split()) <= len(keywords.split()) + _LONGER
    if not short or "\n" in question or question.count("?") > 1:
        return None
    numbers = set(_NUMBER.findall(question))
    kept = all(number in numbers for number in _NUMBER.findall(keywords))
    shared = set(map(word_key, content_words(keywords))) & set(map(word_key, content_words(question)))
    return question if kept and shared else None
