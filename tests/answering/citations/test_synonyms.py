"""Words that say the same."""

from __future__ import annotations

from collections import Counter

from polyhop.answering.citations.synonyms import CANONICAL, GROUPS


def test_no_word_is_in_two_groups() -> None:
    """A word that two groups share would be of the later one alone, apart from the rest of the earlier."""
    counts = Counter(word for group in GROUPS for word in group)
    assert [] == [word for word, count in counts.items() if count > 1]


def test_author_and_writer_agree() -> None:
    """Whoever wrote a book is its writer, its author and, for a novel, its novelist."""
    assert {CANONICAL["wrote"]} == {CANONICAL[word] for word in ("writer", "author", "novelist")}
