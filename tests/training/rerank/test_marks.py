"""Marks: somebody else's sentence is known by hashes of its shingles, wherever a passage is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Passage
from polyhop.training.questions import read
from polyhop.training.rerank.gather import MOST_GOLD, GoldText, marked
from tests.documents import ROOT

SENTENCE = "The archive is checked each Sunday, and whatever it has lost is written to the report of the week."
WRITTEN = ROOT / "benchmarks" / "written"


def passage(text: str, source: str = "docs/check.html") -> Passage:
    """Return a passage of a file."""
    return Passage("id", "key", "Checks", "", text, source=source)


def test_a_marked_text_is_known_by_two_of_its_three_places() -> None:
    """Whole, among others, and without its beginning; not by other words, nor in another file."""
    gold = GoldText.of({"file": "check.html", "marks": marked(SENTENCE)})

    assert gold.held(passage(f"It runs at night. {SENTENCE.upper()} Then it sleeps."))
    assert gold.held(passage(SENTENCE.removeprefix("The archive is ")))
    assert not gold.held(passage("The archive is checked each Sunday. Nothing is written anywhere."))
    assert not gold.held(passage(SENTENCE, "docs/other.html"))


def test_a_text_of_a_few_words_cannot_be_marked() -> None:
    """It would be found everywhere; one of five words is its own mark."""
    with pytest.raises(CallerError, match="fewer than 5 words"):
        marked("Only four short words")
    assert 1 == len(set(marked("The archive is checked daily")))


@pytest.mark.parametrize("file", sorted(WRITTEN.glob("*.jsonl")), ids=lambda file: file.stem)
def test_the_written_questions_can_be_read(file: Path) -> None:
    """Each is asked once, and has one to four gold texts that are marked, of a file or under a title."""
    questions = read(file)

    assert len(questions) == len({one.question for one in questions}) >= 44
    assert all(1 <= len(one.gold) <= MOST_GOLD for one in questions)
    assert all(
        len(gold["marks"]) == 3 and (gold.get("file") or gold.get("title")) for one in questions for gold in one.gold
    )
    assert not any(list(one.texts()) for one in questions)
