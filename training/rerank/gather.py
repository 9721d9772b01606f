"""From questions whose gold passages are known to what the learned ranking knows of each passage found for them.

A domain is one kind of documents: questions over one collection. It is kept as arrays, a row for each passage found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ...core.errors import CallerError
from ...core.types import Numbers, Passage
from ...retrieval.candidate import Candidate
from ...retrieval.hop.span import SpanHop
from ...retrieval.rerank.evidence import NAMES, Evidence
from ...store.collection import Collection
from ..questions import HopQuestion, Sources, of_each, walked

DEEP = 50  # passages that each half of a search finds
MOST_GOLD = 4  # gold texts of a question
#: words in a row by which a passage is known that was cut in another way, and how many of them it has to share
SHINGLE, ALIKE = 5, 0.5


@dataclass(frozen=True, slots=True)
class GoldText:
    """A text that has to be found; `file` is the end of the path it stands in, empty if that is not known.

    Somebody else's sentence is told by `marks` in place of the text: hashes of some of its shingles (`mark`).
    """

    text: str
    file: str = ""
    marks: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> GoldText:
        """Return the gold text of a line's entry."""
        text = "" if "marks" in row else str(row.get("sentence") or row["text"])
        return cls(text, str(row.get("file") or ""), tuple(map(str, row.get("marks", ()))))

    def held(self, passage: Passage) -> bool:
        """Say whether a passage holds the text, or is much of it."""
        source = (passage.source or passage.document).partition("#")[0]
        if self.file and not f"/{source}".endswith(f"/{self.file.strip('./')}"):
            return False
        own = _words(f"{passage.title} {passage.heading} {passage.text}")
        if self.marks:
            found = _marks(own)
            return sum(mark in found for mark in self.marks) > len(self.marks) / 2
        words = _words(self.text)
        if f" {words} " in f" {own} ":
            return True
        ours, theirs = _shingles(own), _shingles(words)
        return len(ours & theirs) >= ALIKE * max(1, min(len(ours), len(theirs)))


@dataclass(frozen=True, slots=True)
class Domain:
    """What was found for the questions of a domain.

    Args:
        rows: what is known of each passage found, shape (passages, len(NAMES)).
        of: the question of each, from 0, shape (passages,).
        marks: which gold texts each holds, shape (passages, MOST_GOLD).
        wanted: gold texts of each question, shape (questions,).
        made: whether the questions were made of the texts by program, whose words they therefore share.
    """

    rows: NDArray[np.float32]
    of: NDArray[np.int32]
    marks: NDArray[np.bool_]
    wanted: NDArray[np.int32]
    made: bool = False

    def questions(self) -> Iterator[tuple[Numbers, NDArray[np.bool_], int]]:
        """Yield (rows, marks, gold texts wanted) of each question for which something was found."""
        bounds = np.searchsorted(self.of, np.arange(len(self.wanted) + 1))
        for number, wanted in enumerate(self.wanted.tolist()):
            begin, end = bounds[number], bounds[number + 1]
            if end > begin:
                yield self.rows[begin:end].astype(np.float64), self.marks[begin:end, :wanted], wanted

    def save(self, file: Path) -> None:
        """Write the domain."""
        with file.open("wb") as out:  # of a path numpy makes another one where it has no suffix
            np.savez_compressed(
                out,
                rows=self.rows,
                of=self.of,
                marks=self.marks,
                wanted=self.wanted,
                made=self.made,
                names=np.array(NAMES),
            )


def load(file: Path) -> Domain:
    """Return the domain of a file.

    Raises:
        CallerError: for a file that is none, or was made with other features.
    """
    try:
        with file.open("rb") as given, np.load(given) as held:
            if list(held["names"]) != list(NAMES):
                raise ValueError("it was made with other features")
            return Domain(held["rows"], held["of"], held["marks"], held["wanted"], bool(held["made"]))
    except (OSError, EOFError, TypeError, ValueError, KeyError, BadZipFile) as error:
        raise CallerError(
            f"{str(file)!r} holds no evidence of a domain ({error}); make it with the `evidence` step"
        ) from error


def gather(sources: Sources, *, made: bool = False) -> Domain:
    """Return the domain of questions and what is searched for them.

    Each question counts twice, as `fast` finds passages for it and as `quality` does. Those with more than `MOST_GOLD`
    gold texts are left out.

    Raises:
        CallerError: for a file or a line that cannot be read, and where no question is left.
    """
    found = [one for some in of_each(sources, _found) for one in some]
    if not found:
        raise CallerError(f"no question has one to {MOST_GOLD} gold texts")
    rows, marks = [one.rows for one, _ in found], [held for _, held in found]
    of = np.repeat(np.arange(len(found)), [len(one) for one in rows]).astype(np.int32)
    wide = [np.pad(held, ((0, 0), (0, MOST_GOLD - held.shape[1]))) for held in marks]
    wanted = np.array([held.shape[1] for held in marks], np.int32)
    return Domain(np.concatenate(rows).astype(np.float32), of, np.concatenate(wide), wanted, made)


def _found(one: HopQuestion, collection: Collection) -> list[tuple[Evidence, NDArray[np.bool_]]]:
    """Return what is known of the passages that both profiles find, and which gold texts each holds."""
    gold = [GoldText.of(each) for each in one.gold]
    if len(gold) > MOST_GOLD:
        return []
    state, run = walked(one.question, collection, DEEP, light=(), further=(SpanHop(),))
    found: list[Candidate] = state["found"]
    # What further updaters found bears the hop after the last search; `fast` never asks them.
    fast = [one for one in found if one["hop"] < state["searches"]]
    also = [GoldText.of(each) for each in one.also]
    each = (Evidence.of(some, run.config.ranker.rank(some, run), run) for some in (fast, found))
    return [(evidence, _held(evidence, gold, also)) for evidence in each]


def _held(evidence: Evidence, gold: Sequence[GoldText], also: Sequence[GoldText]) -> NDArray[np.bool_]:
    """Return which gold texts each passage holds; one of `also` does for the only one."""
    groups = [[text, *also] for text in gold]
    held = [[any(text.held(each.passage) for text in group) for group in groups] for each in evidence.known]
    return np.array(held, bool).reshape(-1, len(gold))


_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=20_000)
def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def mark(words: Sequence[str]) -> str:
    """Return the hash by which a shingle, `SHINGLE` words in a row, is known."""
    return f"{crc32(' '.join(words).encode()):08x}"


def marked(text: str) -> list[str]:
    """Return the marks of a text: of its first, its middle and its last shingle.

    Raises:
        CallerError: for a text too short for one.
    """
    words = _words(text)
    if len(words.split()) < SHINGLE:
        raise CallerError(f"{text!r} has fewer than {SHINGLE} words; mark a longer piece")
    shingles = _in_order(words)
    return [mark(shingles[place]) for place in (0, len(shingles) // 2, -1)]


@lru_cache(maxsize=20_000)
def _marks(words: str) -> frozenset[str]:
    return frozenset(map(mark, _in_order(words)))


@lru_cache(maxsize=20_000)
def _shingles(words: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_in_order(words))


def _in_order(words: str) -> list[tuple[str, ...]]:
    found = words.split()
    return [tuple(found[place : place + SHINGLE]) for place in range(max(1, len(found) - SHINGLE + 1))]
