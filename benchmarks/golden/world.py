"""The small part of the data that golden outputs are made of, chosen by hashes of what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from polyhop.agent import Document
from polyhop.core.files import read_rows

from ..common import BenchmarkError
from ..data import key_of
from .cases import mark

T = TypeVar("T")
SETS = ("2wiki", "hotpotqa", "musique", "popqa")
TOOL_SETS = ("sealtools", "rapidapi")
QUESTIONS = 50
OTHERS = 1_500
SPLIT = "dev"
KEY = 12
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Passages:
    """Questions with passages enough to go wrong; keys are short hashes of title and text."""

    name: str
    rows: Sequence[Row]
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests with tools enough to go wrong; tools are lines of the data as they stand there."""

    name: str
    rows: Sequence[Row]
    tools: Sequence[Row]

    def write(self, path: Path) -> Path:
        """Write the tools as a file that the catalogue can read."""
        path.write_text("".join(f"{json.dumps(tool)}\n" for tool in self.tools), encoding="utf-8")
        return path


def by_hash(items: Sequence[T], name: Callable[[T], str], count: int) -> list[T]:
    """Return the `count` items whose names have the smallest hashes."""
    return sorted(items, key=lambda item: (mark(name(item), 16), name(item)))[:count]


def passages(data: Path, name: str) -> Passages:
    """Return the part of a set of questions."""
    folder = data / "multihop" / name
    rows = by_hash(_rows(folder / f"{SPLIT}.jsonl"), lambda row: str(row["id"]), QUESTIONS)
    needed = [one for row in rows for one in (*row["gold"], *(row.get("distractors") or ()))]
    there = {_key(one): one for one in _rows(folder / "corpus.jsonl")}
    first = {_key(one): one for one in needed}
    others = by_hash([key for key in there if key not in first], str, OTHERS)
    wanted = sorted({*first, *others})
    made = [_document(key, there.get(key) or first[key]) for key in wanted]
    if any(one == other for one, other in pairwise(document.key for document in made)):
        raise BenchmarkError(f"two passages of {name!r} have one short key; make KEY longer")
    return Passages(name, rows, made)


def requests(data: Path, name: str) -> Requests:
    """Return the part of a set of requests."""
    folder = data / "tools" / name
    rows = by_hash(_rows(folder / f"{SPLIT}.jsonl"), lambda row: str(row["id"]), QUESTIONS)
    gold = {tool for row in rows for tool in row["gold"]}
    every = _rows(folder / "corpus.jsonl")
    others = by_hash([tool for tool in every if tool["name"] not in gold], _whole, OTHERS)
    tools = [*(tool for tool in every if tool["name"] in gold), *others]
    return Requests(name, rows, sorted(tools, key=_whole))


def _rows(path: Path) -> list[Row]:
    return [row for _, row in read_rows(path)]


def _key(row: Row) -> str:
    return key_of(row["title"] or "", row["text"])


def _document(key: str, row: Row) -> Document:
    return Document(key=key[:KEY], text=row["text"], title=row["title"] or "")


def _whole(tool: Row) -> str:
    return json.dumps(tool, sort_keys=True)
