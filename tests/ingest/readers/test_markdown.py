"""Markdown files."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.readers.markdown import read, split_front_matter, underlined_to_hashes


def document(folder: Path, text: str) -> Document:
    file = folder / "some-notes.md"
    file.write_text(text, encoding="utf-8")
    (item,) = read(file)
    return item


def test_front_matter_becomes_metadata(tmp_path: Path) -> None:
    """Simple lines become fields with numbers, truth values and lists; the title goes to the title."""
    text = (
        "---\ntitle: 'On: Radium'\nyear: 1898\ndraft: false\ntags: [physics, \"x, y\"]\nauthors:\n  - Ann\n  - Bo\n"
        "# remark\nnone:\n---\n\n# Heading\ntext\n"
    )

    item = document(tmp_path, text)

    assert ("On: Radium", "# Heading\ntext\n") == (item.title, item.text)
    assert 1898 == item.metadata["year"]
    assert item.metadata["draft"] is False
    assert ["Ann", "Bo"] == item.metadata["authors"]
    assert "none" not in item.metadata


def test_the_first_heading_is_the_title(tmp_path: Path) -> None:
    """Without front matter the first heading names the document, and stays in the text."""
    item = document(tmp_path, "intro\n\nMain title\n==========\n\ntext\n")

    assert ("Main title", "intro\n\n# Main title\n\ntext\n") == (item.title, item.text)


def test_the_name_is_the_last_resort(tmp_path: Path) -> None:
    """Without any heading the file's name is the title."""
    assert "some notes" == document(tmp_path, "text\n```\n# comment\n```\n").title


@pytest.mark.parametrize(
    "text",
    ["---\nOnce upon a time.\n---\nmore", "---\nkey: value\nno end", "text\n---\nkey: value\n---\n", "--- \n", "---"],
)
def test_lines_that_are_no_front_matter_stay(text: str) -> None:
    """A rule at the top, or front matter without an end, is text."""
    assert ({}, text) == split_front_matter(text)


@pytest.mark.parametrize(
    "text",
    ["a | b\n--- | ---\n1 | 2", "para\nof two\n---\n", "- item\n---", "\n---\ntext", "```\ncode\n---\n```", "# A\n==="],
)
def test_lines_that_underline_nothing_stay(text: str) -> None:
    """Tables, rules, lists and code are not turned into headings."""
    assert text == underlined_to_hashes(text)
