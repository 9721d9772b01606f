"""The names that passages bear."""

from __future__ import annotations

import pytest

from polyhop.core.types import Block
from polyhop.store.names import Kind, names_of


def named(title: str, kind: Kind = Kind.TITLE) -> set[str]:
    return {name for name, found in names_of(title, "") if found == kind}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("20.5. Write Ahead Log", "write ahead log"),
        ("3.2.1 Installing Tern", "installing tern"),
        ("Chapter 3. Queries", "queries"),
        ("Appendix L. Acronyms", "acronyms"),
        ("Kapitel 4: Der Wald", "der wald"),
        ("A.2 Error Codes", "error codes"),
        ("E.21. Release 15", "release 15"),
        ("§ 4 Haftung", "haftung"),
    ],
)
def test_the_number_of_a_section_is_no_part_of_its_name(title: str, name: str) -> None:
    """The words behind it are the whole name."""
    assert {name} == named(title)


@pytest.mark.parametrize(
    "title",
    ["2001: A Space Odyssey", "12 Angry Men", "4.48 Psychosis", "7. Sinfonie", "Section 8 housing", "Part I: The Fall"],
)
def test_numbers_of_names_stay(title: str) -> None:
    """What may be a name with a number is not made shorter."""
    words = "".join(letter if letter.isalnum() else " " for letter in title.lower()).split()

    assert [" ".join(words)] == [name for name in named(title) if name[0] == words[0][0]]
    assert words[-1] not in named(title) | named(title, Kind.SHORT)


def test_a_doubtful_number_leaves_both_names() -> None:
    """A chapter that may be a title with a number can be found by both."""
    assert {"5 managing packages"} == named("5. Managing Packages")
    assert {"managing packages"} == named("5. Managing Packages", Kind.SHORT)


@pytest.mark.parametrize(
    "text",
    ["Prev | Up | Next\nThe Elbe is a river.", "Home » Docs » Limits", "Next\n\nThe Elbe", "Plan | Users\nTeam | 20"],
)
def test_menus_lead_no_names(text: str) -> None:
    """A passage that opens with a menu or a row of a table has no name by its opening."""
    assert [] == names_of("", text)


@pytest.mark.parametrize(
    "text", ["Home Alone is a 1990 film.", "Next Generation is a film.", "# Elbe\n\nThe Elbe is a river."]
)
def test_sentences_lead_names(text: str) -> None:
    """Names that begin like a menu are names."""
    assert [name for name, kind in names_of("", text) if kind == Kind.LEAD]


@pytest.mark.parametrize("kind", ["list", "table", "code"])
def test_a_passage_without_prose_first_has_no_lead(kind: str) -> None:
    """Blocks say what the text alone does not."""
    heading = Block(0, 6, "heading")

    assert names_of("", "# Elbe\n\nElbe is long.", (heading, Block(8, 21, "paragraph")))
    assert [] == names_of("", "# Elbe\n\nElbe is long.", (heading, Block(8, 21, kind)))  # type: ignore[arg-type]
