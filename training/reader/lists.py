"""What the reader learns from: questions, each with pages of sentences of which it is known what they are to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ...core.files import read_rows
from ...core.words import content_words, fold, sentences, word_key
from ...retrieval.rerank.reader import ReaderPage
from ..harness import load
from ..questions import HopQuestion

Label = Literal["holds", "supports", "no"]
LABELS = ("holds", "supports", "no")
#: pages beside the one with the answer at most
OTHERS = 2
#: questions of a domain kept apart at most
APART = 200
SHORT = 30


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence, what it is to the question, and the characters of it that answer where these are known."""

    text: str
    label: Label = "no"
    answer: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class GoldPage:
    """Sentences that follow each other under one heading."""

    heading: str
    sentences: Sequence[GoldSentence]

    @property
    def holds(self) -> bool:
        """Say whether one of the sentences holds the answer."""
        return any(one.label == "holds" for one in self.sentences)


@dataclass(frozen=True, slots=True)
class GoldReading:
    """A question and some pages; `led` says that sentences which lead to the answer are known and marked."""

    domain: str
    question: str
    pages: Sequence[GoldPage]
    led: bool = False

    def read(self) -> list[ReaderPage]:
        """Return what the reader reads."""
        return [ReaderPage(self.question, page.heading, [one.text for one in page.sentences]) for page in self.pages]

    @property
    def sentences(self) -> list[GoldSentence]:
        """Return the sentences of all pages."""
        return [one for page in self.pages for one in page.sentences]

    @property
    def answered(self) -> bool:
        """Say whether one of the sentences holds the answer."""
        return any(page.holds for page in self.pages)


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


def _made(domain: str, question: str, pages: Iterable[Mapping[str, Any]], *, led: bool = False) -> GoldReading:
    made = [GoldPage(one["heading"], [_sentence(**each) for each in one["sentences"]]) for one in pages]
    found = GoldReading(domain, question, made, led)
    if not found.sentences or any(one.label not in LABELS for one in found.sentences):
        raise ValueError("pages of sentences with labels are expected")
    return found


def _sentence(text: str, label: Label = "no", answer: Sequence[int] | None = None) -> GoldSentence:
    return GoldSentence(text, label, None if answer is None else (answer[0], answer[1]))


def as_question(one: GoldReading) -> HopQuestion:
    """Return a reading as a question of passages, which are its pages."""
    passages = [{"title": page.heading, "text": "\n".join(each.text for each in page.sentences)} for page in one.pages]
    marked = [at for at, page in enumerate(one.pages) if any(each.label != "no" for each in page.sentences)] or [0]
    held = next((each for each in one.sentences if each.label == "holds"), None)
    return HopQuestion(
        place=one.domain,
        question=one.question,
        gold=tuple(passages[at] for at in marked),
        distractors=tuple(passage for at, passage in enumerate(passages) if at not in marked),
        answer="" if held is None else held.text[slice(*(held.answer or (0, None)))],
        absent=held is None,
    )


def clear_of(readings: Sequence[GoldReading], files: Sequence[Path]) -> list[GoldReading]:
    """Return the readings none of whose sentences stands in a gold passage of questions that are kept apart.

    Args:
        files: JSON lines of questions with `gold` passages; sentences of less than `SHORT` characters say nothing.
    """
    rows = (row for file in files for _, row in read_rows(file))
    told = {fold(one) for row in rows for gold in row["gold"] for one in sentences(gold["text"]) if len(one) >= SHORT}
    read = {each.text for one in readings for each in one.sentences}  # a page is read for many questions
    shared = {text for text in read if fold(text) in told}
    return [one for one in readings if not any(each.text in shared for each in one.sentences)]


@lru_cache(maxsize=1 << 16)
def words(text: str) -> frozenset[str]:
    """Return the keys of a text's content words."""
    return frozenset(word_key(word) for word in content_words(text))


def nearest(question: str, pages: Iterable[GoldPage], most: int = OTHERS) -> list[GoldPage]:
    """Return of pages that hold nothing those that share most words with a question, `most` at most."""
    asked = words(question)
    said = ((page, f"{page.heading} {' '.join(one.text for one in page.sentences)}") for page in pages)
    shared = [(len(asked & words(text)), page) for page, text in said]
    return [page for _, page in sorted(shared, key=lambda each: -each[0])[:most]]
