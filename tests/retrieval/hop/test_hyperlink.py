"""The hyperlink hop: links that authors wrote lead from page to page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.encoders import Encoder
from polyhop.ingest.index import index_paths
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.hop.hyperlink import HyperlinkHop
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests.retrieval.made import bridge

QUESTION = "Who pays for the room when a course takes place in another town?"
PAGES = {
    "courses.md": (
        "# Courses\n\nA course in another town counts as [a journey](travel.md#nights), with all that follows.\n"
    ),
    "travel.md": (
        "# Going places\n\nTickets are booked by yourself.\n\n"
        "## Nights\n\nThe department pays up to 90 euros a night.\n"
    ),
    "food.md": "# The canteen\n\nLunch is served from noon.\n",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Index the pages as files."""
    folder = tmp_path_factory.mktemp("hyperlink")
    for name, text in PAGES.items():
        (folder / name).write_text(text)
    with Collection.create(folder / "home", "pages", embedder=embedder) as opened:
        index_paths(opened, [folder / name for name in PAGES])
        yield opened


def finds(pages: Collection, start: str, hop: HyperlinkHop, *, where: str = "") -> list[Candidate]:
    """Return what the hop finds from the first passage of a page."""
    run = Run(pages, QUESTION, where)
    (key,) = (key for key in pages.keys("") if key.endswith(start))
    head = pages.heads([key], 1)[key][0]
    return hop.search(hop.propose([bridge(head, 1.5, [])], run), run)


def test_a_link_leads_to_the_place_that_its_anchor_names(pages: Collection) -> None:
    """The best passage is that of the section, and the words of the link are the name."""
    found = finds(pages, "courses.md", HyperlinkHop())
    texts = {pages.passages([one["id"]])[one["id"]].text: one for one in found}

    place = next(one for text, one in texts.items() if "90 euros" in text)
    assert ("hyperlink", "a journey", 1.0) == (place["kind"], place["name"], place["parts"]["fit"])
    assert not any("Lunch" in text for text in texts)


def test_a_page_without_links_proposes_nothing(pages: Collection) -> None:
    """No query, no search."""
    run = Run(pages, QUESTION)
    (key,) = (key for key in pages.keys("") if key.endswith("food.md"))

    assert [] == HyperlinkHop().propose([bridge(pages.heads([key], 1)[key][0], 1.5, [])], run)


def test_a_filter_holds_on_the_other_side(pages: Collection) -> None:
    """What the filter refuses is not gone to."""
    assert finds(pages, "courses.md", HyperlinkHop())
    assert [] == finds(pages, "courses.md", HyperlinkHop(), where="title != 'Going places'")
