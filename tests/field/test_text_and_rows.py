"""What the readers of text, markup and rows make of the small collections beside this file."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.documents import Dropped, Skipped
from polyhop.ingest.readers import read_file
from polyhop.store.chunk import chunk

HERE = Path(__file__).parent


def documents(case: str) -> dict[str, list[Document]]:
    """Return the documents of each file of a case; nothing of it may be skipped."""
    found: dict[str, list[Document]] = {}
    for path in sorted((HERE / case).iterdir()):
        items = list(read_file(path))
        assert not [item for item in items if isinstance(item, Skipped)], path
        found[path.name] = [item for item in items if isinstance(item, Document)]
    return found


def text(case: str, name: str) -> str:
    (document,) = documents(case)[name]
    return document.text


def test_sentences_are_whole_over_line_ends() -> None:
    """A sentence that a line end cut is one again, in text and in Markdown."""
    case = "hard-wrapped-text"

    assert "opened in 1931 by the astronomer Helga Strand." in text(case, "notes.txt")
    assert "It was written by Jonas Reuter in the spring of 2022." in text(case, "petrel.md")


@pytest.mark.parametrize(
    ("name", "title", "words"),
    [
        ("backup.html", "Backing up Tern", "A backup is made every night at two. Backups are kept for 45 days."),
        ("roles.html", "Roles and rights", "- Steward: may read and change records.\n- Owner: may delete records."),
        ("limits.html", "Limits", "Plan | Users | Storage\nBasic | 20 | 50 GB\nTeam | 150 | 500 GB"),
    ],
)
def test_a_page_is_its_article(name: str, title: str, words: str) -> None:
    """Nothing but the heading and the article is left, and the page is called by its heading."""
    (document,) = documents("html-page-furniture")[name]

    assert (title, f"# {title}\n\n{words}") == (document.title, document.text)


def test_what_a_page_loses_is_counted() -> None:
    """Each kind of furniture is reported."""
    items = list(read_file(HERE / "html-page-furniture" / "backup.html"))

    assert {"banner", "navigation", "link mark", "hidden text", "footer"} == {
        item.what for item in items if isinstance(item, Dropped)
    }


@pytest.mark.parametrize(
    ("name", "header", "row"),
    [
        ("sensors.md", "Sensor | Battery (%) | Range (m) | Site", "Larch-3 | 82 | 800 | Graz"),
        ("valves.html", "Valve | Pressure (bar) | Flow (l/s) | Keeper", "V077 | "),
    ],
)
def test_each_part_of_a_long_table_has_its_header(name: str, header: str, row: str) -> None:
    """The part with a row says what its cells are."""
    (document,) = documents("long-table-header")[name]
    parts = chunk(document, lambda texts: [len(one.split()) for one in texts], 100)

    assert len(parts) > 3
    assert all(header in part.text for part in parts)
    assert [part for part in parts if row in part.text]


def test_every_column_of_a_row_is_in_its_text() -> None:
    """Ids, titles and values can be found and quoted, each with the name of its column."""
    found = documents("csv-columns")
    lines = found["tickets.csv"][0].text.split("\n")

    assert {"id: TCK-4711", "name: Login fails on tablets", "assignee: Priya Nair", "priority: high"} <= set(lines)
    assert "Users cannot log in after the update." == lines[0]
    assert {"sku: A-200", "name: Toaster Nero", "price: 59.00", "colour: black"} == set(
        found["products.tsv"][1].text.split("\n")
    )


def test_objects_need_no_magic_field() -> None:
    """Questions, talks, descriptions and the objects of a list are read."""
    found = documents("jsonl-field-names")

    assert "answer: The warranty lasts 30 months." in found["faq.jsonl"][0].text
    assert "assistant: It is in the blue box." in found["chat.jsonl"][0].text
    assert "description: Sorrel Works is a repair shop in Lund." in found["wiki.jsonl"][0].text
    assert ["Lake Orne is 40 m deep."] == [one.text for one in found["data.json"]]


@pytest.mark.parametrize(
    ("name", "words"),
    [("README", "The tool is called Zed."), ("conf.yaml", "owner: Ann"), ("page.rst", "Run make install as root.")],
)
def test_other_formats_are_read(name: str, words: str) -> None:
    """Text is read whatever its suffix."""
    (document,) = (item for item in read_file(HERE / "formats" / name) if isinstance(item, Document))

    assert words in document.text
