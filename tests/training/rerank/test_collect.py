"""Candidate lists from question files: what they hold, what is kept out, and that gold leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polyhop.core.errors import CallerError
from polyhop.training.questions import Sources, gathered
from polyhop.training.rerank.collect import collect
from polyhop.training.rerank.lists import CandidateList
from tests import corpus

from .questions import TEXTS, passage, passages, rows, written


def sources(folder: Path, given: Sequence[Any] | None = None, **fields: Any) -> Sources:
    """Return the known questions over the known passages."""
    asked = written(folder / "questions.jsonl", rows() if given is None else given)
    return Sources([asked], [passages(folder / "corpus.jsonl")], **fields)


def collected(home: Path, made: Sources) -> list[CandidateList]:
    """Return the lists, collected in a folder."""
    return collect(replace(made, home=home))


@pytest.mark.slow
@pytest.mark.parametrize("untitled", [False, True], ids=["titled", "untitled"])
def test_each_question_gets_its_candidates(tmp_path: Path, *, untitled: bool) -> None:
    """Gold passages are found and marked by their text, the second one with the way to it."""
    for one in collected(tmp_path, sources(tmp_path, untitled=untitled)):
        titles = corpus.HOPS[one.question]
        gold = {TEXTS[title] for title in titles}
        found = {each.gold: each for each in one.candidates if each.gold}

        assert (2, gold) == (one.gold, set(found))
        told = {TEXTS[title] if untitled else f"{title}: {TEXTS[title]}" for title in titles}
        assert told == {each.text for each in found.values()}
        assert untitled == (not any(each.text.startswith(f"{titles[0]}: ") for each in one.candidates))
        assert len(one.candidates) == len({each.id for each in one.candidates}) > 5
        assert one.weights and any(each.way for each in one.candidates)
        assert all((each.way == "") == (not each.path) for each in one.candidates)


@pytest.mark.slow
def test_the_same_files_give_the_same_lists(tmp_path: Path) -> None:
    """Collected again, elsewhere, and in the collection that is there already, nothing differs."""
    made = sources(tmp_path)
    first = collected(tmp_path / "a", made)

    assert first == collected(tmp_path / "a", made) == collected(tmp_path / "b", made)


@pytest.mark.slow
def test_the_order_of_gold_says_nothing(tmp_path: Path) -> None:
    """Gold passages in another order within their questions are the same lists."""
    turned = [{**row, "gold": row["gold"][::-1]} for row in rows()]
    (tmp_path / "turned").mkdir()

    first = collected(tmp_path, sources(tmp_path))
    assert first == collected(tmp_path / "turned", sources(tmp_path / "turned", turned))


def test_gold_stands_among_the_others(tmp_path: Path) -> None:
    """The passages to search are in the order of their titles and texts, whichever question needs them."""
    _, texts = gathered(sources(tmp_path))

    assert sorted(TEXTS.items()) == texts
    assert sorted(("", text) for text in TEXTS.values()) == gathered(sources(tmp_path, untitled=True))[1]


def test_passages_are_drawn_from_the_corpora(tmp_path: Path) -> None:
    """As many as asked for, the same for a seed, beside those of the questions."""
    own = {
        pair for pair in TEXTS.items() if any(passage(pair[0]) in (*row["gold"], *row["distractors"]) for row in rows())
    }
    drawn = [gathered(sources(tmp_path, others=3, seed=seed))[1] for seed in (0, 0, 1, 2, 3)]

    assert sorted(own) == gathered(sources(tmp_path, others=0))[1]
    assert drawn[0] == drawn[1]
    assert all(own <= set(one) and len(one) <= len(own) + 3 for one in drawn)
    assert len({tuple(one) for one in drawn}) > 1


@pytest.mark.parametrize("untitled", [False, True])
def test_what_is_kept_apart_is_nowhere(tmp_path: Path, *, untitled: bool) -> None:
    """Gold passages of questions kept apart are not searched, under whatever title, and their questions not asked."""
    closed = {
        "question": "Which river?",
        "gold": [{"title": "Another title", "text": TEXTS["Vienna"]}, passage("Tokyo")],
    }
    apart = [written(tmp_path / "apart.jsonl", [closed])]
    asked, texts = gathered(sources(tmp_path, apart=apart, untitled=untitled))

    assert {TEXTS["Vienna"], TEXTS["Tokyo"]}.isdisjoint(text for _, text in texts)
    assert len(TEXTS) - 2 == len(texts)
    assert [question for question, hop in corpus.HOPS.items() if "Vienna" not in hop] == [one.question for one in asked]


def test_where_all_is_kept_apart_nothing_is_left(tmp_path: Path) -> None:
    """It is told that other files are needed."""
    made = sources(tmp_path)
    with pytest.raises(CallerError, match="no question is left"):
        gathered(Sources(made.questions, made.corpora, apart=made.questions))


def test_gold_that_is_only_named_is_refused(tmp_path: Path) -> None:
    """A gold passage without a text could not be told from the others, and is named with its place."""
    made = sources(tmp_path, [*rows(), {"question": "Who?", "gold": [passage("Tokyo"), "Vienna"]}])
    with pytest.raises(CallerError, match=r"questions\.jsonl:4: its gold passage 'Vienna' is only named"):
        gathered(made)
