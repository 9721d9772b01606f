"""Headings and sections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polyhop.store.chunk import first_heading, sections

LINES = st.lists(st.sampled_from(["# A", "## B", "text", "", "```", "~~~", "#no", "    # code", "###### F ##"]))


def trails(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(text[part.start : part.end], part.trail) for part in sections(text)]


def test_sections_carry_their_trail() -> None:
    """Each section knows the headings above it; a heading ends deeper and equal ones."""
    text = "intro\n# A\na\n## B\nb\n### C\nc\n## D ##\nd"

    assert [
        ("intro\n", ()),
        ("# A\na\n", ("A",)),
        ("## B\nb\n", ("A", "B")),
        ("### C\nc\n", ("A", "B", "C")),
        ("## D ##\nd", ("A", "D")),
    ] == trails(text)


def test_fenced_code_has_no_headings() -> None:
    """Comments in fenced code are not headings, and a shorter fence does not close a longer one."""
    text = "# A\n````sh\n# comment\n```\n# comment\n````\n# B\nb"

    assert [("A",), ("B",)] == [part.trail for part in sections(text)]


def test_first_heading_prefers_the_first_level() -> None:
    """The first first-level heading names a text, else the first heading, else nothing."""
    assert "Main" == first_heading("## Before\n# Main\n# Second")
    assert "Sub" == first_heading("text\n## Sub\n")
    assert "" == first_heading("#hashtag\n    # code\n")


@given(LINES)
def test_sections_cover_the_text(lines: list[str]) -> None:
    """The sections follow each other without a gap."""
    text = "\n".join(lines)

    assert text == "".join(text[part.start : part.end] for part in sections(text))
