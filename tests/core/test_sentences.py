"""Sentences."""

from __future__ import annotations

import pytest

from polyhop.core.words import sentences


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("He met J. R. R. Tolkien. They spoke.", ["He met J. R. R. Tolkien.", "They spoke."]),
        ("Wang (b. 1965) directs. He lives.", ["Wang (b. 1965) directs.", "He lives."]),
        ("Sgt. Joe Friday of the U.S. Army left.", ["Sgt. Joe Friday of the U.S. Army left."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("It costs 3.5 dollars. Cheap.", ["It costs 3.5 dollars.", "Cheap."]),
        ("彼は来た。彼女は去った。", ["彼は来た。", "彼女は去った。"]),
        ("a line\nanother line", ["a line", "another line"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_sentences(text: str, pieces: list[str]) -> None:
    """Full stops of initials, abbreviations and numbers end no sentence."""
    assert pieces == sentences(text)
