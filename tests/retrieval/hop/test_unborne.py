"""The unborne-name hop: short names, product numbers and identifiers that no document is called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.hop.unborne import UnborneNameHop, names_of_text
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.role import first_query
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests.retrieval.made import bridge

QUESTION = "Which grease does the winch of the Aldra need?"
TEXTS = {
    "plan": ("Yard plan", "In spring the Aldra comes first, before the barges. Her server is vm-hal-09."),
    "ship": ("MV Aldra", "A car ferry of 34 places. The winch on her foredeck is greased with Calva 2."),
    "other ship": ("MV Corrie", "A working boat. The winch on her foredeck is greased with lard."),
    "list": ("Oils", "Bearings take Calva 1, winches take Calva 2."),
    "hosts": ("Machines", "In the cellar stand vm-hal-04 and vm-hal-09."),
}


def build(home: Path, embedder: Encoder, ships: int = 0) -> Collection:
    """Return a collection of the texts, and of so many more documents with Aldra in their titles."""
    collection = Collection.create(home, "ships", embedder=embedder)
    more = {f"more-{one}": (f"Barge {one} Aldra", f"Barge of {one} tons.") for one in range(ships)}
    collection.add(Document(key, text, title) for key, (title, text) in {**TEXTS, **more}.items())
    return collection


@pytest.fixture(scope="module")
def ships(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the texts."""
    with build(tmp_path_factory.mktemp("unborne"), embedder) as opened:
        yield opened


def finds(opened: Collection, start: str, hop: HopUpdater, where: str = "") -> dict[str, Candidate]:
    """Return what a hop finds from one document, by document."""
    run = Run(opened, QUESTION, where)
    head = opened.heads([start], 1)[start][0]
    found = hop.search(hop.propose([bridge(head, 1.5, [])], run), run)
    return {opened.passages([one["id"]])[one["id"]].document: one for one in found}


def test_a_short_name_and_an_identifier_lead_on(ships: Collection) -> None:
    """The ship is called by the last word of its title, the machine by nobody; links follow neither."""
    found = finds(ships, "plan", UnborneNameHop())

    assert {} == finds(ships, "plan", LinkHop())
    assert {"ship": "aldra", "hosts": "vm hal 09"} == {document: one["name"] for document, one in found.items()}
    assert found["ship"].get("parts", {})["strength"] > found["hosts"].get("parts", {})["strength"] > 0


def test_a_product_number_leads_to_those_that_mention_it(ships: Collection) -> None:
    """Calva 2 is on a list with other greases, and the list on no page's name."""
    assert {"list": "calva 2"} == {
        document: one["name"] for document, one in finds(ships, "ship", UnborneNameHop()).items()
    }


def test_a_name_that_leads_to_many_is_not_followed(tmp_path: Path, embedder: Encoder) -> None:
    """Beyond `common` titles a short name means none of them."""
    with build(tmp_path, embedder, ships=2) as many:
        assert "ship" in finds(many, "plan", UnborneNameHop(common=3))
        assert "ship" not in finds(many, "plan", UnborneNameHop(common=2))


def test_a_filter_holds_on_the_other_side(ships: Collection) -> None:
    """What the filter refuses is not gone to."""
    assert {"hosts"} == set(finds(ships, "plan", UnborneNameHop(), "key != 'ship'"))
    assert {"ship"} == set(finds(ships, "plan", UnborneNameHop(), "key != 'hosts'"))


def test_names_are_capitalised_words_and_identifiers() -> None:
    """A number that belongs to a name is no name of its own, and plain numbers are none at all."""
    text = "The Kestor 8L of part VM-1042, kept in Store 7, runs on vm-hal-09 since 1988 and a half."

    assert {"kestor 8l", "vm 1042", "store 7", "vm hal 09"} <= set(names_of_text(text))
    assert not {"8l", "7", "1988", "1042", "09"} & set(names_of_text(text))


def test_a_question_may_say_a_short_name(ships: Collection) -> None:
    """Where runs hop more than once the Aldra of a question is the MV Aldra; by default nothing is called so."""
    question = "Which grease does the Aldra's winch need?"
    run = Run(ships, question)
    plain, short = (
        [
            one
            for one in FirstSearch(short=short).search([first_query(question, FirstSearch())], run)
            if one["kind"] == "named"
        ]
        for short in (False, True)
    )

    assert [] == plain
    assert [("aldra", ships.heads(["ship"], 1)["ship"][0])] == [(one["name"], one["id"]) for one in short]
