"""Answers and what supports them: sentences, citations, and the check of those an LLM wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from ..retrieval.sentences import sentences
from ..retrieval.words import content_words, fold

NOT_FOUND = "I could not find it."
# An LLM's sentence counts as supported if so much of what it says stands in the passages it cites, and every number
# and name does.
COVERAGE = 0.6

_CITED = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_MARKS_AFTER_STOP = re.compile(r"([.!?]+[\"'”’)]*)((?:\s*,?\s*\[\d[\d,\s]*\])+)")

_NAME = re.compile(r"[^\W_]+")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_ORDINAL = re.compile(r"\b0*(\d+)(?:st|nd|rd|th)?\b")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b\.?"
)
_NUMERALS = {word: str(n) for n, word in enumerate("two three four five six seven eight nine ten".split(), start=2)}


class Citation(TypedDict):
    """One sentence of an answer: its text without marks, the numbers of the passages it cites, and whether it holds."""

    sentence: str
    passages: list[int]
    supported: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the number, from 1, of the passage it comes from."""

    text: str
    passage: int


def check_citations(answer: str, texts: Sequence[str], *, question: str = "") -> list[Citation]:
    """Check an answer with marks like [1] or [2][3] against the numbered passages.

    A sentence is supported if the passages it cites exist, hold `COVERAGE` of its content words, and hold all of its
    numbers and names but those of the question. Dates count alike however they are written. A sentence without a mark
    is not supported; a bare yes or no with one is, since words alone cannot refute it.
    """
    return [_check(piece, texts, question) for piece in sentences(_MARKS_AFTER_STOP.sub(r"\2\1", answer))]


def _check(piece: str, texts: Sequence[str], question: str) -> Citation:
    numbers = list(dict.fromkeys(int(number) for mark in _CITED.findall(piece) for number in mark.split(",")))
    said = _CITED.sub("", piece).strip()
    known = [number for number in numbers if 1 <= number <= len(texts)]
    there = {word for number in known for word in _stems(texts[number - 1])}
    words = _stems(said) - {"yes"}
    exact = ({word for word in words if word[0].isdigit()} | _names(said)) - _stems(question)
    says = any(char.isalnum() for char in said)
    enough = says and len(words & there) >= COVERAGE * len(words) and exact <= there
    return Citation(sentence=said, passages=known, supported=bool(known) and known == numbers and enough)


def _names(text: str) -> set[str]:
    """Return the stems of capitalised words; the first word is no name for its capital alone."""
    found: set[str] = set()
    words = list(_NAME.finditer(text))
    for place, match in enumerate(words):
        alone = place + 1 == len(words) or not words[place + 1].group()[0].isupper()
        if match.group()[0].isupper() and not (place == 0 and alone):
            found |= _stems(match.group())
    return found


def _stems(text: str) -> set[str]:
    """Return the content words without a plural `s`, numbers and months in one form."""
    plain = _THOUSANDS.sub("", _ISO_DATE.sub(_spelt, fold(text)))
    words = content_words(_MONTH.sub(r"\1", _ORDINAL.sub(r"\1", plain)))
    short = (word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words)
    return {_NUMERALS.get(word, word) for word in short}


def _spelt(date: re.Match[str]) -> str:
    year, month, day = date.groups()
    name = _MONTHS[int(month) - 1] if 1 <= int(month) <= 12 else month
    return f"{day} {name} {year}"
