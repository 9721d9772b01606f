"""PageRank over links: what several bridges lead to is worth more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.pagerank import PageRankHop
from polyhop.retrieval.hop.role import Bridge
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection

QUESTION = "Where do the two rivers meet that flow past the mill and the abbey?"
TEXTS = {
    "mill": (
        "Mill of Arden",
        "The Mill of Arden stands on a river that ends in Quillhaven; its miller came from Sorrel.",
    ),
    "abbey": ("Abbey of Tarn", "The Abbey of Tarn was built by monks on a stream that ends in Quillhaven."),
    "quillhaven": ("Quillhaven", "Quillhaven is a harbour town with a long pier."),
    "sorrel": ("Sorrel", "Sorrel is a village known for its cheese."),
}


@pytest.fixture(scope="module")
def rivers(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open two passages that lead to the same third, and one of them to a fourth."""
    with Collection.create(tmp_path_factory.mktemp("rank"), "rivers", embedder=embedder) as opened:
        opened.add(Document(key, text, title) for key, (title, text) in TEXTS.items())
        yield opened


def worth(opened: Collection, starts: list[str], hop: PageRankHop) -> dict[str, float]:
    """Return the value of each document found from some others."""
    run = Run(opened, QUESTION)
    bridges = [Bridge(id=opened.heads([start], 1)[start][0], score=1.0, path=[]) for start in starts]
    found = hop.search(hop.propose(bridges, run), run)
    return {opened.passages([find["id"]])[find["id"]].document: find["value"] for find in found}


def test_what_two_bridges_lead_to_is_worth_more_than_what_one_does(rivers: Collection) -> None:
    """The town gets the shares of both passages, the village that of one."""
    found = worth(rivers, ["mill", "abbey"], PageRankHop(alike=1.0))

    assert found["quillhaven"] > found["sorrel"] > 0


def test_the_best_find_is_worth_its_weight_of_the_best_bridge(rivers: Collection) -> None:
    """Values are on the scale of the bridges' scores, whatever the size of the graph."""
    assert pytest.approx(0.25) == max(worth(rivers, ["mill", "abbey"], PageRankHop(weight=0.25)).values())


def test_without_links_nothing_is_found(rivers: Collection) -> None:
    """A passage that names nothing leads nowhere."""
    assert {} == worth(rivers, ["sorrel"], PageRankHop())
