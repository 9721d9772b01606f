"""Questions borrowed for other passages, and names that are none."""

from __future__ import annotations

import numpy as np

from polyhop.core.types import Passage
from polyhop.training.questions import HopQuestion
from polyhop.training.treehop.links import Borrowed, seen_in

JAWS = {"title": "Jaws (film)", "text": "Jaws is a 1975 thriller film directed by Steven Spielberg."}
SPIELBERG = {"title": "Steven Spielberg", "text": "Steven Spielberg is an American film director born in Cincinnati."}
QUESTION = "Where was the director of Jaws born?"
SAMURAI = Passage("s", "s", "Seven Samurai", "", "Seven Samurai is a 1954 film directed by Akira Kurosawa.")
KUROSAWA = Passage("k", "k", "Akira Kurosawa", "", "Akira Kurosawa was a Japanese film director born in Tokyo.")
VIENNA = Passage("v", "v", "Vienna", "", "Vienna is the capital of Austria; the Danube flows through it.")
DANUBE = Passage("d", "d", "Danube", "", "The Danube is a river that ends in the Black Sea.")


def borrowed(question: str = QUESTION) -> Borrowed:
    """Return the template that knows one question."""
    return Borrowed([HopQuestion("here", question, (JAWS, SPIELBERG))])


def test_a_question_is_asked_of_a_passage_that_stands_to_a_name_as_the_known_one_does() -> None:
    """Both films name their directors after the same words, so the new title takes the place of the old one."""
    seen = seen_in(SAMURAI, "akira kurosawa", KUROSAWA)

    assert seen is not None
    assert "Where was the director of Seven Samurai born?" == borrowed()(seen, np.random.default_rng(0))


def test_nothing_is_borrowed_for_a_link_of_another_sort() -> None:
    """A river is not named as a director is."""
    seen = seen_in(VIENNA, "danube", DANUBE)

    assert seen is not None
    assert "" == borrowed()(seen, np.random.default_rng(0))


def test_a_question_that_names_the_target_teaches_no_hop() -> None:
    """Where both passages stand in the question there is nothing to be found by way of the first."""
    assert 0 == len(borrowed("Was Jaws directed by Steven Spielberg?"))


def test_a_word_is_a_name_only_where_it_is_written_as_one() -> None:
    """Neither a word in lower case nor one that opens its sentence is taken for a film of that name."""
    time = Passage("x", "x", "Time", "", "Time is a film.")

    assert seen_in(Passage("a", "a", "", "", "He had no time for it."), "time", time) is None
    assert seen_in(Passage("a", "a", "", "", "Time passes slowly."), "time", time) is None
    assert seen_in(Passage("a", "a", "", "", "He was seen in Time that year."), "time", time) is not None
