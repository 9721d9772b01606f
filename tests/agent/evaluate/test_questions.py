"""Question files, and when a passage is the gold that was meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent import CallerError, Passage
from polyhop.agent.evaluate.questions import (
    Gold,
    GoldQuestion,
    by_title,
    is_there,
    question_of,
    questions_of,
    read_questions,
)
from polyhop.store.collection import Collection
from tests import corpus

JAWS = Passage("0a", "films.jsonl#1", "Jaws (film)", "", "Jaws is a film.\n\nIt was directed by Steven Spielberg.")


def written(path: Path, *lines: Any) -> Path:
    """Write a question file; a string is written as it is."""
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (Gold("0a"), True),
        (Gold("films.jsonl#1"), True),
        (Gold("Jaws (film)"), True),
        (Gold("jaws  (Film)"), True),
        (Gold("Jaws"), False),
        (Gold(title="Jaws (film)", text="Jaws is a film. It was directed by Steven Spielberg."), True),
        (Gold(text="It was directed by “Steven Spielberg”"), True),
        (Gold(text="Before. Jaws is a film. It was directed by Steven Spielberg. After."), True),
        (Gold(title="Jaws (novel)", text="Jaws is a film. It was directed by Steven Spielberg."), False),
        (Gold(title="Jaws (film)", text="Jaws is a novel."), False),
        (Gold(text="aws is a fil"), False),
    ],
    ids=str,
)
def test_a_passage_meets_gold_by_name_or_by_text(gold: Gold, expected: bool) -> None:  # noqa: FBT001
    """Id, document key and title name a passage; texts are compared by their words, the longer may hold the other."""
    assert expected == gold.is_met(JAWS)


def test_gold_of_every_form_is_read(tmp_path: Path) -> None:
    """Strings are names, objects are a text with its title or a title alone; each counts once."""
    gold = ["a.md", {"title": "Jaws", "text": "A film."}, {"text": "Only text."}, {"title": "Vienna"}, "a.md"]
    file = written(tmp_path / "q.jsonl", {"question": "Who?", "gold": gold, "answer": "Somebody"}, "")

    expected = (Gold("a.md"), Gold(title="Jaws", text="A film."), Gold(text="Only text."), Gold("Vienna"))
    assert [GoldQuestion("Who?", expected, f"{file}:1", ("Somebody",))] == read_questions(file)


@pytest.mark.parametrize(("given", "expected"), [
    (None, ()), ("", ()), (" ? ", ()), ("Vienna", ("Vienna",)), (["Vienna", None, 1975], ("Vienna", "1975")), ({}, ()),
])  # fmt: skip
def test_answers_are_texts_and_numbers(given: object, expected: tuple[str, ...]) -> None:
    """One or a list of them; what is neither is no answer, and no fault of the question's."""
    assert expected == question_of({"question": "Where?", "gold": ["a"], "answer": given}, "here").answers


def test_a_limit_stops_the_reading(tmp_path: Path) -> None:
    """Lines beyond the limit are not looked at."""
    file = written(tmp_path / "q.jsonl", {"question": "Who?", "gold": ["a"]}, "{broken")

    assert 1 == len(read_questions(file, 1))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{"], "q.jsonl:1: not JSON"),
        (["", "[1]"], "q.jsonl:2: '[1]' is not an object"),
        ([{"question": " ", "gold": ["a"]}], "q.jsonl:1: its question is ' '; give a text"),
        ([{"gold": ["a"]}], "its question is None"),
        ([{"question": "Who?", "gold": []}], "its gold is []; give a list"),
        ([{"question": "Who?", "gold": "a"}], "its gold is 'a'; give a list"),
        ([{"question": "Who?"}], "its gold is None"),
        ([{"question": "Who?", "gold": ["a", 5]}], "5 is no gold; give a document key"),
        ([{"question": "Who?", "gold": [" "]}], "' ' is no gold"),
        ([{"question": "Who?", "gold": [{"title": 3, "text": "t"}]}], "is no gold"),
        ([{"question": "Who?", "gold": [{}]}], "{} is no gold"),
        ([""], "holds no questions; give a line"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path: Path, lines: list[Any], said: str) -> None:
    """File, line, what is wrong and what is expected are in the message."""
    with pytest.raises(CallerError) as caught:
        read_questions(written(tmp_path / "q.jsonl", *lines))

    assert said in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there ends in a sentence."""
    with pytest.raises(CallerError, match=r"cannot read .*nowhere\.jsonl"):
        read_questions(tmp_path / "nowhere.jsonl")


def test_questions_may_be_given_as_values() -> None:
    """Rows and questions mix; rows are counted for messages."""
    question = GoldQuestion("Who?", (Gold("a"),))

    assert [question, GoldQuestion("Where?", (Gold("b"),), "question 2")] == questions_of(
        [question, {"question": "Where?", "gold": ["b"]}]
    )
    with pytest.raises(CallerError, match="question 1: 'Who' is no question"):
        questions_of(["Who"])  # type: ignore[list-item]
    with pytest.raises(CallerError, match="no questions to evaluate"):
        questions_of([])


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (Gold("Vienna.md"), True),
        (Gold("Vienna"), True),
        (Gold("Prague"), False),
        (Gold(text="Vienna is the capital of Austria"), True),
        (Gold(title="Vienna", text="the Danube flows through it"), True),
        (Gold(title="Prague", text="Vienna is the capital of Austria"), False),
        (Gold(text="Prague lies on the Vltava."), False),
    ],
    ids=str,
)
def test_what_a_collection_lacks_is_known(gold: Gold, expected: bool, films: Collection) -> None:  # noqa: FBT001
    """Gold is looked up by id, key, title and text."""
    assert expected == is_there(gold, films, by_title(films.documents()))


def test_a_passage_id_is_there(films: Collection) -> None:
    """The id of a passage is gold too."""
    (first, *_) = corpus.ids(films).values()

    assert is_there(Gold(first), films, {})
