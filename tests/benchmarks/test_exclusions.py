"""The benchmarks of exclusions and of keyword syntax, on tiny data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import exclusions, keywords
from benchmarks.data import Question
from benchmarks.exclusions import (
    FIRST,
    HELD_OUT,
    KNOWN,
    LAST,
    LIMITS,
    PHRASINGS,
    TOWNS,
    dated,
    held,
    pair,
    reports,
    told,
    topic_of,
)
from benchmarks.harness import run
from benchmarks.metrics import moved
from polyhop.agent import Document
from polyhop.agent.exclusions import parse

from .test_multihop import sample, write

CORPUS = {
    "a": Document("a", "Jaws is a film of 1975.", "Jaws (film)"),
    "b": Document("b", "Steven Spielberg directed Jaws.", "Steven Spielberg"),
    "c": Document("c", "A shark (order Selachii) is a fish."),
}


@pytest.mark.parametrize(("old", "new", "value"), [
    (2, 10, 0.8), (10, 2, -0.8), (1, 2, 0.5), (50, 51, 1 / 51), (3, 3, 0.0), (1, None, 60 / 61), (None, 1, -60 / 61),
])  # fmt: skip
def test_p_mrr_is_as_it_was_published(old: int | None, new: int | None, value: float) -> None:
    """Falling is good and the head of the list counts most; what is missing has the rank after the last."""
    rankings = [[f"{place}" for place in range(60)] for _ in range(2)]
    for ranking, rank in zip(rankings, (old, new), strict=True):
        if rank is not None:
            ranking[rank - 1] = "lost"
    assert value == pytest.approx(moved(*rankings, "lost"))


def test_a_pair_takes_what_is_not_gold_or_one_side_of_a_comparison() -> None:
    """The gold that is left stays relevant, and each phrasing has its turn."""
    made = pair(Question("Who made Jaws?", frozenset("b")), ["a", "b", "c"], CORPUS, number=1)
    assert made is not None
    assert (["a"], "Jaws", frozenset("b")) == (made.lost, made.topic, made.stays)
    assert "Who made Jaws? Nothing about Jaws, please." == made.altered

    compared = pair(Question("Which is older?", frozenset("ab"), "comparison"), ["b", "a"], CORPUS, number=0)
    assert compared is not None
    assert (["a"], frozenset("b")) == (compared.lost, compared.stays)
    assert pair(Question("Who?", frozenset("abc")), ["a", "b", "c"], CORPUS, number=0) is None


def test_the_rules_read_what_they_were_written_for_and_little_else() -> None:
    """Every known phrasing is read; a phrasing counts as held out whether the rules happen to read it or not."""
    read = {name: parse(told("Who made Jaws?", text, "Duel")) for name, text in PHRASINGS.items()}

    assert dict.fromkeys(KNOWN, ("Duel",)) == {name: read[name].exclusions for name in KNOWN}
    assert {"Who made Jaws?"} == {read[name].query for name in KNOWN}
    assert len(KNOWN) == len(HELD_OUT) == len(PHRASINGS) - len(HELD_OUT)


def test_topics_are_titles_or_openings() -> None:
    """A bracket is no part of a topic, and a filter by words wants all of them."""
    assert ["Jaws", "Steven Spielberg", "shark"] == [topic_of(one) for one in CORPUS.values()]
    assert [True, True, False] == [held("Jaws", one) for one in CORPUS.values()]


def test_a_question_becomes_keywords() -> None:
    """Names are quoted, function words dropped, possessives and the question mark with them."""
    asked = "Where was the director of The Third Man born, and what's Rumi's job?"
    assert 'director "The Third Man" born Rumi job' == keywords.keywords(asked)


def test_the_dated_corpus_says_its_years_in_the_text() -> None:
    """With metadata or without, each report tells its year, and every limit leaves some of them."""
    made = list(reports(metadata=False))
    assert TOWNS * (LAST - FIRST + 1) == len(made)
    assert all(one.key.split()[-1] in one.text and not one.metadata for one in made)
    assert all(0 < len(years) < LAST - FIRST + 1 and set(years) < set(range(FIRST, LAST + 1)) for _, years in LIMITS)
    assert {one.key for one in made} == {key for one in dated() for key in (*one.lost, *one.stays)}


@pytest.mark.slow
def test_both_run_on_tiny_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of an arm have a row for each system, and the random control is in it."""
    monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(exclusions, "of_dates", lambda: {"none": np.zeros((1, 4))})
    folder, out = str(write(tmp_path / "data", *sample())), tmp_path / "out.json"

    assert 0 == run(lambda: exclusions.COMMAND.main([folder, "--titled", "--limit", "3", "--json", str(out)]))
    arm = json.loads(out.read_text())["arms"][0]
    assert set(exclusions.SYSTEMS) < set(arm["groups"]["all"])

    assert 0 == run(lambda: keywords.COMMAND.main([folder, "--titled", "--limit", "3", "--json", str(out)]))
    assert "figures" in json.loads(out.read_text())["arms"][0]
