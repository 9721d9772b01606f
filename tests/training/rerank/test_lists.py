"""Candidate lists on disk, and how they are divided."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from polyhop.core.errors import CallerError
from polyhop.retrieval.rerank.pairs import CandidatePair
from polyhop.training.harness import write
from polyhop.training.rerank.linear import example
from polyhop.training.rerank.lists import SHARE, divide, read

from .questions import candidate, rivers, written


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Lists come back as they were, from several files in their order, broken unicode with them."""
    first, second = rivers(3), rivers(2, start=9, way=lambda number: f"a way \ud800 {number}")
    write(tmp_path / "a.jsonl", first)
    write(tmp_path / "b.jsonl", second)

    assert [*first, *second] == read([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    assert [] == read([])


def broken(row: dict[str, Any]) -> dict[str, Any]:
    """Return rows that are no candidate lists."""
    without = {key: value for key, value in row.items() if key != "weights"}
    first, *others = row["candidates"]
    return {
        "no weights": without,
        "candidates that are none": {**row, "candidates": [3]},
        "a candidate without a path": {**row, "candidates": [{k: v for k, v in first.items() if k != "path"}]},
        "an unknown part": {**row, "candidates": [{**first, "odd": 1}, *others]},
        "no candidates": {**row, "candidates": None},
    }


@pytest.mark.parametrize("damage", broken({"candidates": [{}]}))
def test_a_broken_line_is_told_with_its_place(damage: str, tmp_path: Path) -> None:
    """File and line are named, and what makes such files."""
    row = asdict(rivers(1)[0])
    path = written(tmp_path / "lists.jsonl", [row, broken(row)[damage]])

    with pytest.raises(CallerError, match=r"lists\.jsonl:2: no candidate list .*`lists` step"):
        read([path])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A path without a file is the caller's to mend."""
    with pytest.raises(CallerError, match=r"cannot read .*none\.jsonl"):
        read([tmp_path / "none.jsonl"])


def test_a_question_falls_on_one_side() -> None:
    """Lists of the same question, with and without titles, stay together; about the share is kept apart."""
    titled = rivers(400)
    bare = [replace(one, candidates=one.candidates[:2]) for one in titled]
    learned, apart = divide([*titled, *bare], SHARE)

    assert {one.question for one in learned}.isdisjoint(one.question for one in apart)
    assert 800 == len(learned) + len(apart)
    assert 0.15 < len(apart) / 800 < 0.25
    assert ([*titled, *bare], []) == divide([*titled, *bare], 0.0)
    assert ([], titled) == divide(titled, 1.0)


def test_neither_pair_nor_features_know_what_is_gold() -> None:
    """A candidate that is gold and the same one that is not are read alike by both models."""
    one = rivers(1)[0]
    blind = replace(one, candidates=tuple(replace(each, gold="") for each in one.candidates))

    assert [one.pair(each) for each in one.candidates] == [blind.pair(each) for each in blind.candidates]
    assert example(one).reading == example(blind).reading
    assert {"question", "way", "text"} == {*CandidatePair._fields}
    assert one.pair(one.candidates[-1]) == one.pair(candidate("other", one.candidates[-1].text))
