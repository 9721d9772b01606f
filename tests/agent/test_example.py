"""The example corpus: its questions need several of its passages."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest

from polyhop.agent.example import ExampleQuestion, passages_path, questions

COMPARISONS = ("comparison", "bridge comparison")
UNCOMPARED = [one for one in questions() if one.type not in COMPARISONS]


def passages() -> dict[str, str]:
    """Return title -> text."""
    with passages_path() as path:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["title"]: row["text"] for row in rows}


def bare(title: str) -> str:
    """Return a title without what stands in brackets, in lower case."""
    return re.sub(r"\s*\(.*\)", "", title).lower()


def test_it_has_300_passages_and_20_questions() -> None:
    """Each title stands once, and every passage that a question needs is there."""
    there = passages()

    assert (300, 20) == (len(there), len({one.question for one in questions()}))
    assert set() == {title for one in questions() for title in one.titles} - set(there)


def test_its_questions_vary() -> None:
    """Chains, kinship, comparisons, and comparisons over a bridge."""
    assert {"compositional", "inference", *COMPARISONS} == {one.type for one in questions()}


@pytest.mark.parametrize("asked", UNCOMPARED, ids=lambda one: one.titles[0])
def test_no_passage_holds_question_and_answer(asked: ExampleQuestion) -> None:
    """The passage on what the question names does not hold the answer, and the one that does never names it."""
    holding = [title for title, text in passages().items() if asked.answer.lower() in text.lower()]
    named = bare(asked.titles[0])

    assert asked.titles[-1] in holding
    assert [] == [title for title in holding if named in f"{title} {passages()[title]}".lower()]


@pytest.mark.parametrize(
    "asked", [one for one in questions() if one.type in COMPARISONS], ids=lambda one: one.titles[0]
)
def test_no_passage_holds_both_sides_of_a_comparison(asked: ExampleQuestion) -> None:
    """What is compared stands in passages that do not speak of each other."""
    there = passages()
    for first, second in combinations(asked.titles[:2], 2):
        assert bare(second) not in there[first].lower()
        assert bare(first) not in there[second].lower()
