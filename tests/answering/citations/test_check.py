"""The check of citations."""

from __future__ import annotations

import pytest

from polyhop.answering.citations import check
from polyhop.answering.citations.check import check_citations

HAGMAN = "Larry Hagman (born September 21, 1931) was an American actor. He was the son of actress Mary Martin."
BLOB = "Beware! The Blob is a 1972 film. It was directed by Larry Hagman and cost 1,500 dollars for 3 days."
TEXTS = [HAGMAN, BLOB]


def supported(answer: str, *, question: str = "") -> list[bool]:
    """Return for each sentence of the answer whether it is borne out."""
    return [citation["supported"] for citation in check_citations(answer, TEXTS, question=question)]


@pytest.mark.parametrize(
    ("answer", "cited"),
    [
        ("Mary Martin was an actress [1].", [[1]]),
        ("Mary Martin was an actress. [1]", [[1]]),
        ("Mary Martin was an actress.[1][2] Larry Hagman directed [2].", [[1, 2], [2]]),
        ("Mary Martin was an actress [1, 2].", [[1, 2]]),
        ("Mary Martin was an actress. [1], [2] Larry Hagman directed. [2]", [[1, 2], [2]]),
        ('He calls it "the Blob." [2] He is an actor. [1]', [[2], [1]]),
        ("In 1972 [sic] the film was made [2].", [[2]]),
        ("No mark at all.", [[]]),
        ("Out of range [7].", [[]]),
        ("", []),
    ],
)
def test_marks_belong_to_the_sentence_before_them(answer: str, cited: list[list[int]]) -> None:
    """Marks may stand before or behind the full stop, alone, in a row or in one bracket."""
    assert cited == [citation["passages"] for citation in check_citations(answer, TEXTS)]


def test_the_sentence_is_given_without_its_marks() -> None:
    """What is shown beside the marks holds none."""
    assert "Mary Martin was an actress." == check_citations("Mary Martin was an actress [1].", TEXTS)[0]["sentence"]


@pytest.mark.parametrize(
    "answer",
    [
        "Larry Hagman's mother was Mary Martin [1].",
        "He was born on 21 September 1931 [1].",
        "He was born on 1931-09-21 [1].",
        "He was born on September 21st, 1931 [1].",
        "He was born on Sept. 21, 1931 [1].",
        "It cost 1500 dollars for three days [2].",
        "The film was directed by the son of actress Mary Martin [1][2].",
        "Yes [1].",
    ],
)
def test_what_the_passages_say_is_supported(answer: str) -> None:
    """Other word order, and dates and numbers in another form, are the same fact."""
    assert [True] == supported(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Larry Hagman's mother was Mary Pickford [1].",
        "He was born on 22 September 1931 [1].",
        "He was born on 21 October 1931 [1].",
        "The film is from 1973 [2].",
        "Larry Hagman was the son of actress Mary Martin [1][9].",
        "Larry Hagman was the son of actress Mary Martin.",
        "Betty Pickford was an American actress [1].",
        "He collected stamps and loved gardening [1].",
        "Yes.",
    ],
)
def test_what_the_passages_do_not_say_is_not(answer: str) -> None:
    """A wrong name, number or day, the wrong passage, one that is not there, or no mark: not supported."""
    assert [False] == supported(answer)


def test_names_of_the_question_may_be_used() -> None:
    """An answer may speak of what the question named although the passage that it cites does not."""
    question = "Who is the mother of the director of film The Blob?"
    answer = "The director of The Blob was the son of actress {} [1]."

    assert [False] == supported(answer.format("Mary Martin"))
    assert [True] == supported(answer.format("Mary Martin"), question=question)
    assert [False] == supported(answer.format("Mary Pickford"), question=question)


def test_the_old_name_of_the_limits_is_found() -> None:
    """For one release, with a warning; other names are not."""
    with pytest.warns(DeprecationWarning, match="CitationLimits"):
        assert check.CitationLimits is check.Limits
    with pytest.raises(AttributeError, match="Limit'"):
        _ = check.Limit
