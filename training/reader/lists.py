"""What the reader learns from: questions, each with sentences of which it is known what they are to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ...answering.extractive.reader import ReaderPair
from ...core.files import read_rows
from ...core.words import content_words, fold, sentences, word_key
from ..harness import load

Label = Literal["holds", "supports", "no"]
LABELS = ("holds", "supports", "no")
#: sentences of a question at most
MOST = 10
#: questions of a domain kept apart at most
APART = 200
SHORT = 30


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence with what stands above and before it, and what it is to the question."""

    text: str
    heading: str = ""
    before: str = ""
    label: Label = "no"


@dataclass(frozen=True, slots=True)
class GoldReading:
    """A question and some sentences; `led` says that sentences which lead to the answer are known and marked."""

    domain: str
    question: str
    sentences: Sequence[GoldSentence]
    led: bool = False

    def pairs(self) -> list[ReaderPair]:
        """Return what the reader reads."""
        return [ReaderPair(self.question, one.text, one.heading, one.before) for one in self.sentences]

    @property
    def answered(self) -> bool:
        """Say whether one of the sentences holds the answer."""
        return any(one.label == "holds" for one in self.sentences)


def divide(readings: Sequence[GoldReading], most: int = APART) -> tuple[list[GoldReading], list[GoldReading]]:
    """Return readings to learn from, and the last tenth of each domain, `most` at most: of other documents, mostly."""
    domains: dict[str, list[GoldReading]] = {}
    for one in readings:
        domains.setdefault(one.domain, []).append(one)
    apart = {id(one) for own in domains.values() for one in own[-min(most, len(own) // 10) :] if len(own) >= 10}
    return [one for one in readings if id(one) not in apart], [one for one in readings if id(one) in apart]


def read(files: Sequence[Path]) -> list[GoldReading]:
    """Return the readings of some files.

    Raises:
        CallerError: for a file or a line that cannot be read.
    """
    return load(files, _made, what="reading", step="collect")


def _made(domain: str, question: str, sentences: Iterable[Mapping[str, Any]], *, led: bool = False) -> GoldReading:
    made = [GoldSentence(**one) for one in sentences]
    if not made or any(one.label not in LABELS for one in made):
        raise ValueError("sentences with labels are expected")
    return GoldReading(domain, question, made, led)


def clear_of(readings: Sequence[GoldReading], files: Sequence[Path]) -> list[GoldReading]:
    """Return the readings none of whose sentences stands in a gold passage of questions that are kept apart.

    Args:
        files: JSON lines of questions with `gold` passages; sentences of less than `SHORT` characters say nothing.
    """
    rows = (row for file in files for _, row in read_rows(file))
    told = {fold(one) for row in rows for gold in row["gold"] for one in sentences(gold["text"]) if len(one) >= SHORT}
    return [one for one in readings if not any(fold(each.text) in told for each in one.sentences)]


@lru_cache(maxsize=1 << 16)
def words(text: str) -> frozenset[str]:
    """Return the keys of a text's content words."""
    return frozenset(word_key(word) for word in content_words(text))


def nearest(question: str, sentences: Sequence[GoldSentence], most: int = MOST) -> list[GoldSentence]:
    """Return the sentences that are something to a question, and of the others those that share most words with it."""
    asked = words(question)
    own = [one for one in sentences if one.label != "no"]
    others = sorted(
        (one for one in sentences if one.label == "no"),
        key=lambda one: -len(asked & words(one.text)) - 0.5 * len(asked & words(one.heading)),
    )
    told = {fold(one.text) for one in own}
    others = [one for one in others if fold(one.text) not in told]
    return [*own[: most - 1], *others[: max(1, most - len(own))]]
