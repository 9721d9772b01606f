"""The chains of three and four passages over documents of our own are sound."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.documents import questions_of
from polyhop.core.types import Document
from polyhop.core.words import name_key
from polyhop.ingest.readers import read_file

CHAINS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "chains"
FILES = CHAINS / "files"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """Return the questions as they are written."""
    return [json.loads(line) for line in (CHAINS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Return what is read of each file, folded, by its place below `files`."""
    read = {file: read_file(file) for file in sorted(FILES.rglob("*")) if file.is_file()}
    return {
        file.relative_to(FILES).as_posix(): name_key(
            " ".join(f"{one.title} {one.text}" for one in found if isinstance(one, Document))
        )
        for file, found in read.items()
    }


def test_there_are_forty_chains_in_two_halves(rows: list[dict[str, Any]]) -> None:
    """Odd numbers are for looking at, even ones are held back; both halves have both lengths."""
    assert list(range(1, 41)) == [one["id"] for one in rows]
    assert all(one["half"] == ("look" if one["id"] % 2 else "held") for one in rows)
    assert {("look", 3): 13, ("held", 3): 12, ("look", 4): 7, ("held", 4): 8} == Counter(
        (one["half"], len(one["gold"])) for one in rows
    )
    assert len({one["question"] for one in rows}) == len(questions_of(CHAINS / "questions.jsonl")) == 40


def test_each_gold_sentence_is_in_its_file(rows: list[dict[str, Any]], texts: dict[str, str]) -> None:
    """So that a passage can be known by it; and each passage of a chain is of another file."""
    gold = [(one["id"], each["file"], each["sentence"]) for one in rows for each in one["gold"]]

    assert [] == [each for each in gold if f" {name_key(each[2])} " not in f" {texts.get(each[1], '')} "]
    assert all(len({each["file"] for each in one["gold"]}) == len(one["gold"]) for one in rows)


def test_answers_are_in_the_gold_files(rows: list[dict[str, Any]], texts: dict[str, str]) -> None:
    """No question is answered by what no gold file says."""
    wrong = [
        (one["id"], answer)
        for one in rows
        for answer in one.get("answers") or [one["answer"]]
        if not any(name_key(answer) in texts[each["file"]] for each in one["gold"])
    ]

    assert [] == wrong


def test_some_documents_are_needed_by_no_question(rows: list[dict[str, Any]], texts: dict[str, str]) -> None:
    """More than a fifth of the files; each of them is a relative of one that is needed."""
    gold = {each["file"] for one in rows for each in one["gold"]}

    assert len(texts) >= 60
    assert len(set(texts) - gold) >= len(texts) / 5
