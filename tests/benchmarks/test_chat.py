"""The benchmark of conversations: how they are made, and what it tells, on tiny data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import chat
from benchmarks.conversations import conversations, replayed
from benchmarks.data import key_of
from benchmarks.harness import run
from polyhop.encoders import Encoder

from .test_multihop import sample, write

FILM = {"title": "Jaws (film)", "text": "Jaws is a film that Steven Spielberg directed."}
MAN = {"title": "Steven Spielberg", "text": "Steven Spielberg is a director. He was born in Cincinnati."}


def row(question: str, *gold: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return a question with its gold passages, the film's and the director's if none are given."""
    return {
        "question": question,
        "answer": "Cincinnati",
        "hops": len(gold) or 2,
        "gold": list(gold) or [FILM, MAN],
    } | more


STEPS = [
    {"question": "Jaws >> director", "answer": "Steven Spielberg"},
    {"question": "Where was #1 born?", "answer": "Cincinnati"},
]


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        (
            row("Where was the director of film Jaws born?"),
            ("Who is the director of film Jaws?", "Where was he born?", "Where was Steven Spielberg born?"),
        ),
        (
            row("What is the place of birth of Jaws's director?"),
            (
                "Who is the director of Jaws?",
                "What is his place of birth?",
                "What is the place of birth of Steven Spielberg?",
            ),
        ),
        (
            row("Where was the maker of Jaws born?", ordered=True, decomposition=STEPS),
            ("What is the director of Jaws?", "Where was it born?", "Where was Steven Spielberg born?"),
        ),
        (
            row("What is Steven Spielberg's occupation?", MAN, hops=1),
            ("Who is Steven Spielberg?", "What is his occupation?", "What is Steven Spielberg's occupation?"),
        ),
    ],
    ids=["nesting", "owner", "steps", "topic"],
)
def test_conversations_are_made_of_questions(asked: dict[str, Any], made: tuple[str, str, str]) -> None:
    """The first turn asks for what the pronoun of the second means, and the second's gold passage is known."""
    (found,) = conversations([asked], {})

    assert made == (found.first, found.turn, found.meant)
    assert frozenset([key_of(MAN["title"], MAN["text"])]) == found.gold


def test_comparisons_make_none() -> None:
    """A question that names both of its passages has no thing between the hops."""
    assert [] == conversations([row("Is Jaws (film) older than Steven Spielberg?")], {})


def test_replayed_steps_are_taken_where_the_first_answer_is_known(tmp_path: Path) -> None:
    """Two steps that a model wrote make a conversation; the gold title that the first does not name is its answer."""
    question, steps = "Where was whoever made Jaws born?", ["Who made Jaws?", "Where was <1> born?"]
    file = tmp_path / "steps.jsonl"
    lines = [{"question": question, "decompositions": {question: steps}}, {"question": "x", "decompositions": {}}]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    (found,) = conversations([row(question)], replayed(file))

    assert ("Who made Jaws?", "Steven Spielberg", "Where was he born?") == (found.first, found.answer, found.turn)


@pytest.mark.slow
def test_it_compares_turns_with_what_they_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Encoder
) -> None:
    """Each kind of history has a row with the recall of every system, and other questions are left as they are."""
    monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out.json"

    assert 0 == run(
        lambda: chat.COMMAND.main([str(write(tmp_path / "data", *sample())), "--limit", "2", "--json", str(out)])
    )
    (result,) = json.loads(out.read_text())["sets"]
    answers = result["answers"]
    assert {"gold", "own", "none"} == set(answers)
    assert (1.0, 1.0) == (answers["gold"]["named"], answers["gold"]["recall"]["meant"]["mean"][0])
    assert answers["gold"]["recall"]["turn"]["mean"] < answers["gold"]["recall"]["both"]["mean"]
    assert {"questions": 6, "untouched": 1.0, "recall_change": 0.0} == result["self_contained"]


def test_a_set_without_conversations_is_the_callers_mistake(tmp_path: Path) -> None:
    """Exit code 2 says that another folder is wanted."""
    folder = write(tmp_path / "data", [FILM, MAN], [row("Is Jaws (film) older than Steven Spielberg?")])

    assert 2 == run(lambda: chat.COMMAND.main([str(folder)]))
