"""Requests taken apart by rules: what is asked, what is left out, what is kept to."""

from __future__ import annotations

from datetime import date

import pytest

from polyhop.retrieval.query import instructions
from polyhop.retrieval.query.instructions import LONGEST, OPEN, Instructions, Period, parse

TODAY = date(2026, 3, 1)
ASKED = "Who directed GoldenEye?"


def read(request: str) -> Instructions:
    """Return what is read on a fixed day, in a collection with two keys."""
    return parse(request, today=TODAY, keys=("source", "Author"))


@pytest.mark.parametrize("request_", [
    "Who directed GoldenEye, but not about Casino Royale?",
    "Who directed GoldenEye? Not about Casino Royale.",
    "Ignore anything on Casino Royale. Who directed GoldenEye?",
    "Nothing about Casino Royale please: who directed GoldenEye?",
    "Excluding Casino Royale, who directed GoldenEye?",
    "Who directed GoldenEye (other than Casino Royale)?",
    "Who directed GoldenEye except Casino Royale?",
    "Who directed GoldenEye without mentioning Casino Royale?",
    "Who directed GoldenEye? I don't want anything about the film Casino Royale, please.",
    "Who directed GoldenEye – and leave out Casino Royale?",
    'Who directed GoldenEye? No articles about "Casino Royale".',
])  # fmt: skip
def test_a_topic_is_left_out_wherever_it_is_said(request_: str) -> None:
    """The instruction may stand before or behind the question, in its sentence or in one of its own."""
    assert Instructions(ASKED, exclusions=("Casino Royale",)) == read(request_)


@pytest.mark.parametrize(("said", "topics"), [
    ("Not about Jaws or Alien.", ("Jaws", "Alien")),
    ("Not about pies, cakes and tarts.", ("pies", "cakes", "tarts")),
    ("Nothing about bees and wasps.", ("bees", "wasps")),
    ("Nothing about Romeo and Juliet.", ("Romeo and Juliet",)),
    ("Nothing about Little Rock, Arkansas.", ("Little Rock, Arkansas",)),
    ("Leave out the heron, the stork and the snake.", ("heron", "stork", "snake")),
    ("Nothing about Robert M. Grant.", ("Robert M. Grant",)),
    ("Nothing about Casino Royale (2006 film).", ("Casino Royale (2006 film)",)),
    ("Ignore anything on Rome, and nothing about Athens.", ("Athens", "Rome")),
])  # fmt: skip
def test_lists_are_taken_apart_and_names_are_not(said: str, topics: tuple[str, ...]) -> None:
    """An "or" separates; a comma or an "and" only where a list is plain to see."""
    assert topics == read(f"{ASKED} {said}").exclusions


@pytest.mark.parametrize(("said", "period"), [
    ("Only after 2020.", Period(since=2021)),
    ("Only use articles published since 2019, please.", Period(since=2019)),
    ("Nothing before 1990.", Period(since=1990)),
    ("Ignore anything from after 2010.", Period(until=2010)),
    ("Limit it to 1990-2000.", Period(1990, 2000)),
    ("Only from the 1980s.", Period(1980, 1989)),
    ("Only from the last five years.", Period(since=2021)),
    ("Only sources from the past decade.", Period(since=2016)),
    ("Only since 1990. Only before 2000.", Period(1990, 1999)),
])  # fmt: skip
def test_years_are_kept_to(said: str, period: Period) -> None:
    """Each way to limit years comes to the years that are left."""
    assert Instructions(ASKED, period=period) == read(f"{ASKED} {said}")


@pytest.mark.parametrize(("request_", "query", "period"), [
    ("Who won the cup, only between 1990 and 2000?", "Who won the cup?", Period(1990, 2000)),
    ("Who won the cup in 2004 only?", "Who won the cup?", Period(2004, 2004)),
    ("What is known of malaria (since 2010)?", "What is known of malaria?", Period(since=2010)),
    ("Find articles since 2019 about malaria", "Find articles about malaria", Period(since=2019)),
    ("Only before 1950: who won the cup?", "Who won the cup?", Period(until=1949)),
])  # fmt: skip
def test_years_may_stand_in_the_question_if_they_are_set_apart(request_: str, query: str, period: Period) -> None:
    """A comma, brackets, "only", or a word for documents tells a limit from a fact that is asked for."""
    assert Instructions(query, period=period) == read(request_)


def test_one_request_may_say_several_things() -> None:
    """Exclusions, years, a source and a phrase are read together, in any order."""
    said = "Nothing about Jaws, and only since 1990. Only from source BBC. The answer must mention Bond."
    expected = Instructions(
        ASKED,
        exclusions=("Jaws",),
        required=("Bond",),
        period=Period(since=1990),
        fields=(("source", "BBC"),),
    )
    assert expected == read(f"{ASKED} {said}")
    assert (("Author", "Roe"),) == read("Who won, only from author Roe?").fields


@pytest.mark.parametrize("question", [
    "Which film without dialogue won an award?",
    "What was built before 1900?",
    "Who was not born in Paris?",
    "Who starred in Gone Without a Trace?",
    "Where was the director of Before Sunrise born?",
    "Who wrote The Man Who Wasn't There?",
    "Is the film not about war?",
    "Which sea is not on the map?",
    "Which of these is a vertebrate but not a mammal?",
    "Which of these are broken down during chemical, but not physical, changes?",
    "Sound waves can pass through all of these except",
    "Besides Little Rock, Arkansas, what city has offices of the foundation?",
    "Without more information, which statement is most likely right?",
    "In what country other than Iran do they live?",
    "How many cups were won in the last five years?",
    "Who is the grandfather of Princess Louise Of Prussia (1770–1836)?",
    'Which song is on the album "Nothing About You" (2014)?',
    "Which animal eats only plants?",
    "Since green plants make their own food, they are called",
    "Not about Casino Royale.",
    "Which company was founded in 2004?  And where?",
])  # fmt: skip
def test_the_same_words_inside_a_question_are_its_content(question: str) -> None:
    """A question in which nothing is set apart comes back letter by letter."""
    assert Instructions(question) == read(question)


def test_an_instruction_without_a_question_is_none() -> None:
    """Something has to be left to look for."""
    for request in ("Only after 2020.", "Ignore Rome. Skip Athens.", "Nothing about it: who?"):
        assert request == read(request).query


def test_what_is_longer_than_a_request_is_left_alone() -> None:
    """A text is not searched for instructions."""
    assert OPEN == read("Only after 2020. " * 200).period


@pytest.mark.parametrize("end", ["?", ";?"])
@pytest.mark.parametrize("part", ["but not about ", "only ", "a, ", "not (", "since 2000, "])
def test_the_work_is_that_of_the_length(part: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request of fifty times the length comes to an end; what grew with the square of it would not."""
    monkeypatch.setattr(instructions, "LONGEST", length := 50 * LONGEST)
    request = (part * length)[: length - len(end)] + end
    assert request == read(request).query


def test_a_period_says_what_it_means() -> None:
    """The words are those that a user is told."""
    periods = [Period(2004, 2004), Period(1990, 2000), Period(since=2021), Period(until=1989), OPEN]
    told = ["in 2004", "from 1990 to 2000", "since 2021", "until 1989", "at any time"]
    assert told == list(map(str, periods))
    assert OPEN == Period(1, 2).inverted()
