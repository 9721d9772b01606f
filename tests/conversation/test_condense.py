"""Condensing a conversation by rules: what turns mean, what stays as it is, and that nothing breaks it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyhop.conversation.names import names
from polyhop.conversation.rules import Condensed, condense
from polyhop.conversation.turn import CHARACTERS, EXCHANGES, Turn, recent

JAWS = ("Who directed Jaws?", "Steven Spielberg")
LONG = (
    "Who directed Jaws?",
    "Jaws is a 1975 thriller film directed by Steven Spielberg, with music by John Williams. [2] Steven Spielberg is "
    "an American film director. [1]",
)
HAGMAN = (
    "Who directed Beware! The Blob?",
    "The Blob was directed by Larry Hagman. [1] Larry Martin Hagman (1931 - 2012) was an American film and television "
    'actor, director and producer known for the soap opera "Dallas". [2]',
)
ASTRAY = ("Who directed Human Flow?", "Waking the Dead is a 2000 film directed by Keith Gordon with Billy Crudup. [1]")
BORN = ("Where was he born?", "Cincinnati")
PAIR = ("Which film was released earlier, Siam Sunset or Paris Calling?", "Paris Calling")
UNNAMED = ("What nationality is the director of film Heidi (1952 Film)?", "Italian")
RIVER = ("Which river flows through Vienna?", "Danube")
OSCAR = ("Did George Lucas win an Oscar?", "No.")
CUP = ("Who won the World Cup in 1986?", "Argentina")
SPIELBERG = ("Where was Steven Spielberg born?", "Cincinnati")

#: (exchanges before, the turn, what it means)
DEPENDENT = [
    # pronouns, by what they can mean
    ([JAWS], "Where was he born?", "Where was Steven Spielberg born?"),
    ([JAWS], "When was it released?", "When was Jaws released?"),
    ([LONG], "Where was he born?", "Where was Steven Spielberg born?"),
    ([LONG], "When was it released?", "When was Jaws released?"),
    ([JAWS], "Who is his mother?", "Who is the mother of Steven Spielberg?"),
    ([JAWS], "Did he work with George Lucas?", "Did Steven Spielberg work with George Lucas?"),
    ([JAWS], "Did George Lucas work with him?", "Did George Lucas work with Steven Spielberg?"),
    ([JAWS, BORN], "When did he die?", "When did Steven Spielberg die?"),
    ([JAWS, BORN], "What is its population?", "What is the population of Cincinnati?"),
    ([JAWS, BORN], "Which river does it lie on?", "Which river does Cincinnati lie on?"),
    ([RIVER], "How long is it?", "How long is Danube?"),
    ([PAIR], "Who directed them?", "Who directed Siam Sunset and Paris Calling?"),
    # an answer that speaks of a person at length, and one that speaks of something else
    ([HAGMAN], "Who is his mother?", "Who is the mother of Larry Hagman?"),
    ([HAGMAN], "When was that film released?", "When was Beware! The Blob released?"),
    ([ASTRAY], "Who is his mother?", "Who is the mother of the one who directed Human Flow?"),
    # what was described but not named
    ([UNNAMED], "When did he die?", "When did the director of film Heidi (1952 Film) die?"),
    ([(JAWS[0], "")], "Where was he born?", "Where was the one who directed Jaws born?"),
    # this, that, there, then, the former
    ([JAWS, BORN], "Where is that?", "Where is Cincinnati?"),
    ([JAWS, BORN], "Which river flows through that city?", "Which river flows through Cincinnati?"),
    ([JAWS, BORN], "Who else was born there?", "Who else was born in Cincinnati?"),
    ([LONG], "Who composed the music of this film?", "Who composed the music of Jaws?"),
    ([CUP], "Who was the president then?", "Who was the president in 1986?"),
    ([PAIR], "Who directed the former?", "Who directed Siam Sunset?"),
    ([PAIR], "Who directed the latter?", "Who directed Paris Calling?"),
    ([PAIR], "Are both from the same country?", "Are both Siam Sunset and Paris Calling from the same country?"),
    # what was left out
    ([JAWS], "And his wife?", "Who is the wife of Steven Spielberg?"),
    ([SPIELBERG], "And his wife?", "Where was the wife of Steven Spielberg born?"),
    ([JAWS], "What about Jaws 2?", "Who directed Jaws 2?"),
    ([OSCAR], "And Steven Spielberg?", "Did Steven Spielberg win an Oscar?"),
    ([OSCAR], "When?", "When did George Lucas win an Oscar?"),
    ([SPIELBERG], "when?", "When was Steven Spielberg born?"),
    ([SPIELBERG], "in which state?", "In which state was Steven Spielberg born?"),
    ([JAWS], "When?", "When was it that Steven Spielberg directed Jaws?"),
    ([CUP], "and in 1990?", "Who won the World Cup in 1990?"),
    ([CUP], "1990?", "Who won the World Cup in 1990?"),
    ([RIVER], "And through Budapest?", "Which river flows through Budapest?"),
    ([JAWS], "And the composer?", "Who is the composer of Jaws?"),
    ([JAWS], "Tell me more", "Tell me more about Steven Spielberg."),
    # what the rules see but cannot resolve
    ([("who directed jaws?", "a man")], "when was it released?", "when was it released? (directed, jaws)"),
]

SELF_CONTAINED = [
    "Who directed The Third Man?",
    "And who directed The Third Man?",
    "Which actor won an Oscar for his role in Gandhi?",
    "What company changed its name in 1990?",
    "After Akira Kurosawa made Seven Samurai, what did he do?",
    "During her career, which film did Meryl Streep like best?",
    "Is it true that Vienna lies on the Danube?",
    "Is there a river in Vienna?",
    "Who was the former president of France?",
    "Who invented the telephone?",
    "What causes the seasons?",
    "Could a chipmunk fit a hundred nuts in its mouth?",
    "A girl holds a ball over a table. What happens to it when she lets it go?",
    "thanks!",
]


def history(*exchanges: tuple[str, str]) -> list[Turn]:
    """Return the turns of exchanges; an empty answer is left out."""
    turns: list[Turn] = []
    for asked, said in exchanges:
        turns += [Turn(role="user", content=asked), *([Turn(role="assistant", content=said)] if said else [])]
    return turns


@pytest.mark.parametrize(("before", "turn", "meant"), DEPENDENT, ids=[f"{b[-1][0]} {t}" for b, t, _ in DEPENDENT])
def test_a_turn_gets_what_it_takes_from_the_conversation(before: list[tuple[str, str]], turn: str, meant: str) -> None:
    """References and what was left out are put in."""
    assert Condensed(meant, dependent=True) == condense(history(*before), turn)


@pytest.mark.parametrize("turn", SELF_CONTAINED)
@pytest.mark.parametrize("before", [JAWS, PAIR], ids=["person", "pair"])
def test_a_turn_that_stands_by_itself_stays_as_it_is(before: tuple[str, str], turn: str) -> None:
    """Another topic, or a pronoun that the turn explains itself, takes nothing from the conversation."""
    assert Condensed(turn) == condense(history(before), turn)


@pytest.mark.parametrize("turn", [turn for _, turn, _ in DEPENDENT])
def test_a_first_turn_stays_as_it_is(turn: str) -> None:
    """Without a question before it, there is nothing to put in."""
    assert Condensed(turn) == condense([], turn)
    assert Condensed(turn) == condense([Turn(role="assistant", content="Ask me about Jaws.")], turn)


def test_what_was_understood_before_counts_and_not_what_the_rules_would_make_of_it() -> None:
    """A turn may bring the question that a language model made of it."""
    turns = history(JAWS, ("And the guy with the shark's tune?", "John Williams"))
    turns[2]["question"] = "Who composed the music of Jaws?"

    assert "When was John Williams born?" == condense(turns, "When was he born?").question


def test_titles_name_what_an_answer_writes_carelessly() -> None:
    """The titles of cited passages are names, whatever the letters of the answer are."""
    turns = history(("Which river flows through Vienna?", "it is the danube"))
    turns[1]["titles"] = ["Danube", "Vienna"]

    assert "How long is Danube?" == condense(turns, "How long is it?").question


def test_only_the_last_exchanges_count() -> None:
    """A long history is cut, in turns and in characters, and costs no more than a short one."""
    old = history(JAWS, *[(f"What is number {n}?", f"A number. {'x' * 3 * CHARACTERS}") for n in range(50)])

    assert 2 * EXCHANGES == len(recent(old))
    assert CHARACTERS == max(len(turn["content"]) for turn in recent(old))
    assert "Spielberg" not in condense(old, "Where was he born?").question


WORDS = st.sampled_from(
    "he his it they there then that this film city the former latter both and what about when ? in 1990 Jaws of 's , ."
    ' her who Steven Spielberg ( ) [1] " the director'.split(" ")
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=12).map(" ".join))
TURNS = st.lists(
    st.one_of(
        st.builds(lambda text: Turn(role="user", content=text), TEXTS),
        st.builds(lambda text, titles: Turn(role="assistant", content=text, titles=titles), TEXTS, st.lists(TEXTS)),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TURNS, TEXTS)
def test_nothing_breaks_it(turns: list[Turn], turn: str) -> None:
    """Whatever is said, a question comes out, bounded, always the same, and the history is left alone."""
    before = json.dumps(turns)
    found = condense(turns, turn)

    assert found == condense(turns, turn)
    assert before == json.dumps(turns)
    assert found.dependent or turn == found.question
    assert len(found.question) <= 20 * CHARACTERS


@pytest.mark.parametrize("size", [10_000, 200_000])
def test_a_huge_turn_is_left_alone(size: int) -> None:
    """Time does not explode with what is said."""
    turn = "he it " * (size // 6) + "?"
    assert Condensed(turn) == condense(history(("(" * size, "Jaws and " * (size // 9))), turn)


def test_names_know_what_the_text_says_of_them() -> None:
    """Nouns before and after a name, brackets and verbs say what it is of."""
    told = {
        "Is Heidi (1952 Film) older?": ("Heidi (1952 Film)", "work", ""),
        "the actress Meryl Streep": ("Meryl Streep", "person", "she"),
        "Ohio is a state.": ("Ohio", "place", ""),
        "Where was Joachim Osvold's father born?": ("Joachim Osvold", "person", ""),
        "When did J. R. R. Tolkien die?": ("J. R. R. Tolkien", "person", ""),
        "Who leads the band Pixies?": ("Pixies", "group", ""),
        "It was in 1975.": ("1975", "time", ""),
    }
    assert told == {text: (one.text, one.kind, one.gender) for text in told for one in names(text)}


#: of Python functions: some tenths of a second
MOST_CALLS = 600_000


@pytest.mark.parametrize(
    "content",
    ["1999 " * 400, "Ann Lee met Bo Li. " * 110, "Jaws of Jaws, " * 150, "he " * 700, '"A" ' * 500, "A. " * 700],
)
def test_a_long_history_takes_a_bounded_number_of_comparisons(content: str) -> None:
    """Twice the names of a full turn are no more work: what is compared with each other is bounded."""
    calls = Counter[str]()

    def count(frame: Any, event: str, argument: object) -> None:
        calls["all"] += event == "call"

    history = [Turn(role=role, content=content) for _ in range(20) for role in ("user", *["assistant"] * 20)]
    sys.setprofile(count)
    try:
        condense(history, "When was he born?")
    finally:
        sys.setprofile(None)
    assert calls["all"] < MOST_CALLS
