"""Answers and what supports them: the extractive answer, and the check of an LLM's citations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from ..retrieval.embed.role import Embedder, Vectors
from ..retrieval.words import content_words

NOT_FOUND = "I could not find it."
SENTENCES = 3
MOST_SENTENCES = 64
# An LLM's sentence counts as supported if so much of what it says stands in the passages it cites, and every number does.
COVERAGE = 0.6

_END = re.compile(r"(?<=[.!?。！？])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\Wa-z_])|(?<=[。！？])|\n+")
_INITIAL = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|vs|No|Inc|Ltd|Co|Mt|Gen|Col|Lt|Capt|Rev))\.[\"'”’)\]]*$")
_CITED = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


class Citation(TypedDict):
    """One sentence of an answer: its text without marks, the numbers of the passages it cites, and whether they bear it out."""

    sentence: str
    passages: list[int]
    supported: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the number, from 1, of the passage it comes from."""

    text: str
    passage: int


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; initials and common abbreviations end none."""
    pieces: list[str] = []
    for piece in filter(None, (part.strip() for part in _END.split(text) if part)):
        if pieces and _INITIAL.search(pieces[-1]):
            pieces[-1] += " " + piece
        else:
            pieces.append(piece)
    return pieces


def extract(question: str, texts: Sequence[str], vector: Vectors, embedder: Embedder) -> list[Sentence]:
    """Return the sentences of the passages that answer best: one of each passage at most, in the passages' order.

    A sentence counts by its cosine with the question and by the rarer words of the question that no chosen sentence has yet:
    the second keeps a chain of passages together, whose last link often shares no word with the question.
    """
    pool = [Sentence(text, number) for number, passage in enumerate(texts, start=1) for text in sentences(passage)][:MOST_SENTENCES]
    if not pool:
        return []
    cosines = embedder.embed([sentence.text for sentence in pool]) @ vector
    wanted = _stems(question)
    words = [_stems(sentence.text) for sentence in pool]
    chosen: list[int] = []
    covered: set[str] = set()
    while len(chosen) < SENTENCES:
        used = {pool[index].passage for index in chosen}
        left = [index for index in range(len(pool)) if pool[index].passage not in used]
        if not left:
            break
        gain = [float(cosines[i]) + len(wanted & (words[i] - covered)) / max(1, len(wanted)) - 0.05 * pool[i].passage for i in left]
        chosen.append(left[int(np.argmax(gain))])
        covered |= words[chosen[-1]]
    return sorted((pool[index] for index in chosen), key=lambda sentence: sentence.passage)


def check_citations(answer: str, texts: Sequence[str]) -> list[Citation]:
    """Check an answer with marks like [1] or [2][3] against the numbered passages.

    A sentence is supported if the passages it cites exist, hold `COVERAGE` of its content words, and hold all of its
    numbers. A sentence without a mark is not supported.
    """
    return [_check(piece, texts) for piece in _with_marks(answer)]


def _with_marks(answer: str) -> list[str]:
    """Cut into sentences, leaving the marks that follow a full stop with the sentence they belong to."""
    return sentences(re.sub(r"([.!?])((?:\s*\[[\d,\s]+\])+)", r"\2\1", answer))


def _check(piece: str, texts: Sequence[str]) -> Citation:
    numbers = [int(number) for mark in _CITED.findall(piece) for number in mark.split(",")]
    said = _CITED.sub("", piece).strip()
    known = [number for number in dict.fromkeys(numbers) if 1 <= number <= len(texts)]
    words = _stems(said)
    there = set().union(*(_stems(texts[number - 1]) for number in known)) if known else set()
    numerals = {word for word in words if word[0].isdigit()}
    enough = len(words & there) >= COVERAGE * len(words) and numerals <= there
    return Citation(sentence=said, passages=known, supported=bool(known) and len(known) == len(set(numbers)) and enough)


def _stems(text: str) -> set[str]:
    """Return the content words without a plural `s`."""
    words = content_words(text)
    return {word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words}
