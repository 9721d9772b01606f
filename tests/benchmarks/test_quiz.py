"""The questions over documents as people have them keep the rules that they were written by."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.quiz.overlap import repeated

QUIZ = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "quiz"
KINDS = set("text markup html docx pdf table data mail office code".split())
TYPES = set(
    "fact parentheses row near-duplicate pronoun list count comparison acronym diacritics two-hop absent".split()
)
KEYS = set("id kind question file page section sentence answers type".split())
HALVES = pytest.mark.parametrize("half", ["dev", "heldout"])


def questions(half: str) -> list[dict[str, Any]]:
    """Return the questions of a half; a failing test shows their ids alone."""
    lines = (QUIZ / half / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@HALVES
def test_each_half_is_large_enough(half: str) -> None:
    """Every kind of file and every type of question has its share, and no id is used twice."""
    asked = questions(half)
    kinds, types = Counter(one["kind"] for one in asked), Counter(one["type"] for one in asked)

    assert {kind for kind in KINDS if kinds[kind] >= 11} == set(kinds)
    assert set(types) == TYPES
    assert types["absent"] >= 12
    assert types["near-duplicate"] >= 15
    assert len({one["id"] for one in asked}) == len(asked) >= 110


@HALVES
def test_questions_name_files_that_are_there(half: str) -> None:
    """Each question has a gold file and an answer, except for those that no sentence answers."""
    wrong = [
        one["id"]
        for one in questions(half)
        if not set(one) >= KEYS
        or not all((QUIZ / half / "files" / name).is_file() for name in one["file"])
        or any(bool(one[key]) == (one["type"] == "absent") for key in ("file", "sentence", "answers"))
    ]

    assert [] == wrong


@HALVES
def test_questions_do_not_repeat_their_sentence(half: str) -> None:
    """No content word of a question stands in the sentence that answers it, except names and the `kept` words."""
    assert [] == [one["id"] for one in questions(half) if repeated(one)]


def test_a_repeated_word_is_found() -> None:
    """Stems are compared; names and kept words do not count."""
    asked = {"question": "Who painted the bridges of Rome in blue?", "sentence": "Rome's blue bridge was a painting."}

    assert {"paint", "bridg", "blu"} == repeated(asked)
    assert {"paint"} == repeated(asked | {"kept": ["bridge", "blue"]})


def test_there_are_ten_files_of_each_kind() -> None:
    """Each half has at least five, and all together are small."""
    files = [path for half in ("dev", "heldout") for path in (QUIZ / half / "files").rglob("*") if path.is_file()]
    found = Counter(path.relative_to(QUIZ).parts[0:3:2] for path in files)

    assert {(half, kind) for half in ("dev", "heldout") for kind in KINDS} == {
        key for key, n in found.items() if n >= 5
    }
    assert {kind for kind in KINDS if found["dev", kind] + found["heldout", kind] >= 10} == KINDS
    assert sum(path.stat().st_size for path in files) < 3_000_000
