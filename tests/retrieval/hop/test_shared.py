"""The shared-name hop: names that no document bears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.role import Bridge, Find
from polyhop.retrieval.hop.shared import SharedNameHop
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection

QUESTION = "Which court heard the case about the ship that sank off Brittany?"
TEXTS = {
    "wreck": "In 1978 a tanker sank off Brittany; the ship was the Amoco Cadiz of Liberia.",
    "trial": "A court in Chicago heard the claims over the Amoco Cadiz for fourteen years.",
    "other": "The harbour of Brest lies in Brittany and is a base of the navy.",
}


def build(home: Path, embedder: Encoder, extra: int = 0) -> Collection:
    """Return a collection of the texts, without titles, and of `extra` more that mention the ship."""
    collection = Collection.create(home, "ships", embedder=embedder)
    more = {
        f"more-{number}": f"Reporters who came to the coast in {number + 1980} wrote letters about the Amoco Cadiz."
        for number in range(extra)
    }
    collection.add(Document(key, text) for key, text in {**TEXTS, **more}.items())
    return collection


@pytest.fixture(scope="module")
def ships(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the texts."""
    with build(tmp_path_factory.mktemp("shared"), embedder) as opened:
        yield opened


def finds(opened: Collection, start: str, hop: SharedNameHop) -> dict[str, Find]:
    """Return what the hop finds from one document, by document."""
    run = Run(opened, QUESTION)
    bridge = opened.heads([start], 1)[start][0]
    found = hop.search(hop.propose([Bridge(id=bridge, score=1.5, path=[])], run), run)
    return {opened.passages([find["id"]])[find["id"]].document: find for find in found}


def test_a_shared_rare_name_leads_from_one_passage_to_the_other(ships: Collection) -> None:
    """The ship has no document of its own, and yet its two passages are linked."""
    found = finds(ships, "wreck", SharedNameHop())

    assert {"trial"} == set(found)
    assert "amoco cadiz" == found["trial"]["name"]


def test_a_name_that_many_mention_is_not_followed(tmp_path: Path, embedder: Encoder) -> None:
    """Beyond `common` a shared name says nothing."""
    with build(tmp_path, embedder, extra=1) as many:
        assert {} == finds(many, "wreck", SharedNameHop(common=2))
        assert {"trial", "more-0"} == set(finds(many, "wreck", SharedNameHop(common=3)))


def test_a_filter_holds_on_the_other_side(ships: Collection) -> None:
    """What the filter refuses is not gone to."""
    run = Run(ships, QUESTION, "key != 'trial'")
    bridge = ships.heads(["wreck"], 1)["wreck"][0]
    hop = SharedNameHop()

    assert [] == hop.search(hop.propose([Bridge(id=bridge, score=1.5, path=[])], run), run)
