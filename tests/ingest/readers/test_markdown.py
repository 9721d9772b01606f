"""Markdown files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.documents import Dropped
from polyhop.ingest.readers.markdown import read, split_front_matter


def document(folder: Path, text: str) -> Document:
    file = folder / "some-notes.md"
    file.write_text(text, encoding="utf-8")
    (item,) = (one for one in read(file) if not isinstance(one, Dropped))
    assert item.text.endswith("\n") == text.endswith("\n")
    return replace(item, text=item.text.rstrip("\n"))


def test_front_matter_becomes_metadata(tmp_path: Path) -> None:
    """Simple lines become fields with numbers, truth values and lists; the title goes to the title."""
    text = (
        "---\ntitle: 'On: Radium'\nyear: 1898\ndraft: false\ntags: [physics, \"x, y\"]\nauthors:\n  - Ann\n  - Bo\n"
        "# remark\nnone:\n---\n\n# Heading\ntext\n"
    )

    item = document(tmp_path, text)

    assert ("On: Radium", "# Heading\n\ntext") == (item.title, item.text)
    assert 1898 == item.metadata["year"]
    assert item.metadata["draft"] is False
    assert ["Ann", "Bo"] == item.metadata["authors"]
    assert "none" not in item.metadata


def test_the_first_heading_is_the_title(tmp_path: Path) -> None:
    """Without front matter the first heading names the document, and stays in the text."""
    item = document(tmp_path, "intro\n\nMain title\n==========\n\ntext\n")

    assert ("Main title", "intro\n\n# Main title\n\ntext") == (item.title, item.text)


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


def test_structure_is_kept(tmp_path: Path) -> None:
    """Wrapped lines are joined; lists, tables, code, notes, links and HTML keep their form; boxes keep their words."""
    text = (
        "# Petrel {#top}\n\nPetrel reads well-\nknown invoices, see [the ledger](l.md)[^1]\nand <b>more</b>.\n\n"
        "- one\n  wrapped\n  - two\n\n| Name | Price |\n|---|---|\n| Tea | *3* |\n\n```py\n# no heading\nx = 1\n```\n\n"
        '!!! note "Careful"\n    Boxed.\n\n:::tip Hot\nWarm.\n:::\n\nTerm\n: its meaning\n\n'
        "<table><tr><th>A</th></tr><tr><td>1</td></tr></table>\n\n<!-- hidden -->\n\n[^1]: The note.\n"
    )

    item = document(tmp_path, text)

    assert (
        "# Petrel\n\nPetrel reads well-known invoices, see the ledger [1] and more.\n\n[1] The note.\n\n"
        "- one wrapped\n  - two\n\nName | Price\nTea | 3\n\n# no heading\nx = 1\n\nCareful\n\nBoxed.\n\nHot\n\n"
        "Warm.\n\n"
        "- Term: its meaning\n\nA\n1"
    ) == item.text
    assert [("heading", "paragraph", "footnote", "list", "table", "code")] == [tuple(b.kind for b in item.blocks[:6])]
    assert {("Petrel",)} == {block.trail for block in item.blocks[1:]}
    assert [("the ledger", "l.md"), ("[1]", "#fn1")] == [
        (item.text[link.start : link.end], link.target) for link in item.links
    ]


def test_components_leave_what_they_enclose(tmp_path: Path) -> None:
    """MDX loses its imports and tags, no words."""
    file = tmp_path / "a.mdx"
    file.write_text("import X from './x'\n\n# Title\n\n<Tabs items={['a']}>\n\nInside.\n\n</Tabs>\n", encoding="utf-8")

    assert ["# Title\n\nInside.\n"] == [one.text for one in read(file) if not isinstance(one, Dropped)]
