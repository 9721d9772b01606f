"""A benchmark's data: `corpus.jsonl` with passages, `<split>.jsonl` with questions and their gold passages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from polyhop.agent import Document
from polyhop.core.files import read_rows

from .harness import BenchmarkError


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the keys of the passages that together answer it; what is not known is empty."""

    text: str
    gold: frozenset[str]
    kind: str = ""
    hops: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the data is and how it is read.

    `untitled` leaves the titles out of passages and gold alike; passages that are equal then are one.
    """

    folder: Path
    untitled: bool = False

    def corpus(self) -> dict[str, Document]:
        """Return the passages by key, in the order of their keys, which depends on nothing but what they say."""
        path = self.folder / "corpus.jsonl"
        found: dict[str, Document] = {}
        for place, row in read_rows(path):
            title, text = self._passage(place, row)
            key = key_of(title, text)
            found[key] = Document(key=key, text=text, title=title)
        if not found:
            raise BenchmarkError(f"{str(path)!r} holds no passages; give a folder with a corpus")
        return dict(sorted(found.items()))

    def questions(self, split: str, limit: int | None = None) -> list[Question]:
        """Return the first `limit` questions of a split, all by default."""
        return questions_of(self.folder / f"{split}.jsonl", limit, self._question)

    def digest(self, corpus: Mapping[str, Document]) -> str:
        """Return a hash of everything that the passages say."""
        return blake2b(f"{self.untitled} {' '.join(corpus)}".encode(), digest_size=16).hexdigest()

    def _question(self, place: str, row: dict[str, Any]) -> Question:
        text, gold = row.get("question"), row.get("gold")
        if not isinstance(text, str) or not text.strip():
            raise BenchmarkError(f"{place}: its question is {text!r}; a text is expected")
        if not isinstance(gold, list) or not gold:
            raise BenchmarkError(f"{place}: its gold is {gold!r:.60}; a list of passages, at least one, is expected")
        keys = frozenset(key_of(*self._passage(place, passage)) for passage in gold)
        told = ("" if row.get(name) is None else str(row[name]) for name in ("type", "hops", "answer"))
        return Question(text, keys, *told)

    def _passage(self, place: str, row: Any) -> tuple[str, str]:
        """Return (title, text); a text that opens with its title keeps it, for that is text."""
        title, text = (row.get("title"), row.get("text")) if isinstance(row, dict) else (None, None)
        if not isinstance(text, str) or not text.strip() or not isinstance(title, str | None):
            raise BenchmarkError(f"{place}: {row!r:.80} is no passage; an object with title and text is expected")
        return "" if self.untitled else title or "", text


def questions_of(path: Path, limit: int | None, make: Callable[[str, dict[str, Any]], Question]) -> list[Question]:
    """Return the first `limit` questions of a file, all by default, made of a line's place and what it says."""
    found = [make(place, row) for place, row in islice(read_rows(path), limit)]
    if not found:
        raise BenchmarkError(f"{str(path)!r} holds no questions; choose another --split")
    return found


def key_of(title: str, text: str) -> str:
    """Return the identity of a passage: a hash of its title and text."""
    return blake2b(f"{title}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
