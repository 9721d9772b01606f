"""A small corpus to try polyhop on: 300 passages of 2WikiMultiHopQA and 20 questions that need two to four of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExampleQuestion:
    """A question with its answer and the titles of the passages that together hold it."""

    question: str
    answer: str
    type: str
    titles: tuple[str, ...]


@contextmanager
def passages_path() -> Iterator[Path]:
    """Lend the path of the corpus, a JSON-lines file that `Agent.index` reads."""
    with as_file(files(__name__) / "passages.jsonl") as path:
        yield path


def questions() -> list[ExampleQuestion]:
    """Return the questions in the order of their file."""
    lines = (files(__name__) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        ExampleQuestion(row["question"], row["answer"], row["type"], tuple(row["titles"]))
        for row in map(json.loads, lines)
    ]
