"""Answers and what supports them: sentences, citations, and the check of those an LLM wrote."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from ...core.words import sentences
from ..quoted import evidence
from .misattribution import misplaced
from .polarity import contradicts
from .reading import NAME, Text, Word, read
from .swapped_names import exchanged, refilled

NOT_FOUND = "I could not find it."
# Words that say little, which a model puts in and no passage has.
LIGHT = frozenset(
    "took takes take place came come comes happened occurred stands stand called named made make get got".split()
)

_CITED = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_POLAR = re.compile(r"^(?:yes|no)\b[,.;:]?\s*", re.IGNORECASE)
_MARKS_AFTER_STOP = re.compile(r"([.!?]+[\"'”’)]*)((?:\s*,?\s*\[\d[\d,\s]*\])+)")


class Place(TypedDict):
    """Where a sentence that is cited stands.

    `id` is the passage and `key` its document; `source` is the file, `page` counts from 1, 0 in formats without pages,
    and `heading` are the headings above it, `A > B`. `start` and `end` are the quoted words' characters in the text of
    the whole document, as its reader extracted it; None where the sentence is not in the passage word for word, where
    the words are partly in the repeated head of a table, and in passages of longer documents that 0.1 cut.
    """

    id: str
    key: str
    title: str
    source: str
    page: int
    heading: str
    start: int | None
    end: int | None


class Citation(TypedDict):
    """One sentence of an answer: its text without marks, the numbers of the passages it cites, and whether it holds.

    `why` says what is wrong with one that does not. `quote` are the words of the passage where the sentence tells them
    in another form, such as a row of a table with the names of its columns. `places` say of each of the passages where
    the quoted words stand there; answers of an agent have them.
    """

    sentence: str
    passages: list[int]
    supported: bool
    why: str
    quote: NotRequired[str]
    places: NotRequired[list[Place]]


@dataclass(frozen=True, slots=True)
class CitationLimits:
    """How much of an LLM's sentence has to stand in the passages it cites; every number and name has to.

    They were chosen on training questions (`python -m benchmarks.citation_limits`).

    Args:
        coverage: the share of its words, without the question's.
        least: the share of its words, with the question's.
        margin: by how much of what is around a name or a number another must stand better, to be what was meant.
    """

    coverage: float = 0.6
    least: float = 0.4
    margin: float = 0.15


LIMITS = CitationLimits()


def __getattr__(name: str) -> Any:
    if name != "Limits":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    old, new = f"{__name__}.Limits", f"{__name__}.CitationLimits"
    warnings.warn(f"{old} is {new} now; the old name goes with the next release", DeprecationWarning, stacklevel=2)
    return CitationLimits


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the number, from 1, of the passage it comes from; `quote` are the words as they stand there."""

    text: str
    passage: int
    quote: str = ""


def check_citations(
    answer: str, texts: Sequence[str], *, question: str = "", limits: CitationLimits = LIMITS
) -> list[Citation]:
    """Check an answer with marks like [1] or [2][3] against the numbered passages.

    A sentence is supported if the passages it cites exist, hold most of its content words (`limits`), and hold all of
    its numbers and names but those of the question. Dates count alike however they are written. A sentence without a
    mark is not supported; a bare yes or no with one is, since words alone cannot refute it.
    """
    return [_check(piece, texts, question, limits) for piece in sentences(_MARKS_AFTER_STOP.sub(r"\2\1", answer))]


def _check(piece: str, texts: Sequence[str], question: str, limits: CitationLimits) -> Citation:
    numbers = list(dict.fromkeys(int(number) for mark in _CITED.findall(piece) for number in mark.split(",")))
    said = _CITED.sub("", piece).strip()
    known = [number for number in numbers if 1 <= number <= len(texts)]
    if not numbers:
        why = "it cites no passage"
    elif known != numbers:
        why = "it cites a passage that is not there"
    else:
        why = refuted(said, [texts[number - 1] for number in known], question, limits)
    return Citation(sentence=said, passages=known, supported=not why, why=why)


def refuted(said: str, cited: Sequence[str], question: str, limits: CitationLimits = LIMITS) -> str:
    """Return what of a sentence its passages do not bear out, empty if they bear it out."""
    if not any(char.isalnum() for char in said):
        return "it says nothing"
    passages = [read(evidence(text)) for text in cited]
    known = frozenset(word.raw for passage in passages for word in passage.words if word.kind == NAME)
    words = read(_POLAR.sub("", said), known).words
    content = [word for word in words if word.content]
    there = {key for passage in passages for key in passage.keys}
    asked = {word.key for word in read(question, known).words} if question else set()
    for word in content:
        if word.unit >= 0 and not there & {word.key, word.raw} and word.key not in asked:
            return f"{word.raw!r} is not there"
    keys = {word.key for word in content if word.raw not in LIGHT}
    open_keys = keys - asked
    if len(open_keys & there) < limits.coverage * len(open_keys) or len(keys & there) < limits.least * len(keys):
        return "too little of it is there"
    if any(_idle(content, passages, place, asked) for place in range(len(passages))):
        return "one of the passages has nothing of it"
    sources = [sentence for passage in passages for sentence in passage.sentences]
    if contradicts(words, sources):
        return "it denies what is there, or asserts what is denied there"
    if exchanged(words, sources, [passage.title for passage in passages]) or refilled(words, sources):
        return "the names stand the other way round there"
    if wrong := misplaced(words, passages, asked, limits.margin):
        return f"another stands there in the place of {wrong!r}"
    return ""


def _idle(content: Sequence[Word], passages: Sequence[Text], place: int, asked: set[str]) -> bool:
    """Say whether a cited passage has no name or number of the sentence and no link to anything.

    A link is that the question names it, that another one that is cited does, or that it names another one.
    """
    passage = passages[place]
    units: dict[int, set[str]] = {}
    for word in content:
        units.setdefault(word.unit, set()).add(word.key)
    exact = [unit for number, unit in units.items() if number >= 0 and any(len(key) > 2 for key in unit)]
    if not exact or any(unit <= passage.keys for unit in exact) or passage.title & asked:
        return False
    others = [other for other in passages if other is not passage]
    return not any(_names(passage, other) or _names(other, passage) for other in others)


def _names(one: Text, other: Text) -> bool:
    """Say whether one text has what the other is called."""
    return bool(other.title) and other.title <= one.keys
