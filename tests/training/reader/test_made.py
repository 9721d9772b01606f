"""Readings made by program."""

from __future__ import annotations

from collections import Counter

from polyhop.training.reader.made import ABSENT, made


def test_at_most_one_sentence_holds_the_answer() -> None:
    """Of one in four none does; the others have rivals that are told in the same way."""
    found = made(600)
    counts = Counter(sum(one.label == "holds" for one in each.sentences) for each in found)

    assert {0, 1} == set(counts)
    assert abs(counts[0] / len(found) - ABSENT) < 0.06
    assert all(len(each.sentences) > 2 and each.question for each in found)
    assert found == made(600)


def test_no_form_is_left_unfilled() -> None:
    """Names and values stand wherever one belongs."""
    pages = [page for each in made(400, seed=1) for page in each.pages]
    texts = [text for page in pages for text in (page.heading, *(one.text for one in page.sentences))]

    assert not [text for text in texts if "{" in text or "}" in text]


def test_the_value_is_marked() -> None:
    """Of a sentence that holds an answer the characters are known that are the answer."""
    held = [one for each in made(200, seed=2) for one in each.sentences if one.label == "holds"]

    assert held and all(one.answer is not None and one.text[slice(*one.answer)].strip() for one in held)
