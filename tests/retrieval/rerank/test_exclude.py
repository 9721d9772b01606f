"""Passages about what was to be left out go behind all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate, Understood
from polyhop.retrieval.rerank.exclude import Exclude
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection

from .rankings import item

_CAMPBELL = (
    "Martin Campbell is a director from Hastings who began with comedies for the cinema and with series for television "
    "before he made GoldenEye and, in 1995, Casino Royale."
)
FILMS = [
    Document("casino", "Casino Royale is a 2006 spy film directed by Martin Campbell.", "Casino Royale (2006 film)"),
    Document("untitled", "Casino Royale is set in Montenegro, where the hero plays poker against a banker."),
    Document("campbell", _CAMPBELL),
    Document("goldeneye", "GoldenEye is a 1995 spy film about a stolen satellite weapon.", "GoldenEye"),
    Document("tea", "Green tea is made from leaves that were not left to wither.", "Green tea"),
]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open passages about films and one about something else."""
    with Collection.create(tmp_path_factory.mktemp("exclude"), "films", embedder=embedder) as made:
        made.add(FILMS)
        yield made


def understood(**facts: Any) -> Understood:
    """Return what was understood, nothing but what is said here."""
    nothing = {"phrases": [], "exclusions": [], "required": [], "since": None, "until": None, "where": "", "told": []}
    return Understood(**{"query": "q", "lexical": "q", **nothing, **facts})  # type: ignore[typeddict-item]


def moved(films: Collection, **facts: Any) -> list[Candidate]:
    """Return the passages in the order of `FILMS`, then what is left out moved back."""
    ids = {passage.document: passage.id for passage in films.passages(_ids(films)).values()}
    ranked = [item(ids[one.key], 2.0 - place / 10) for place, one in enumerate(FILMS)]
    return Exclude().demote(ranked, understood(**facts), Run(films, "Which films did Martin Campbell direct?"))


def documents(films: Collection, ranked: list[Candidate]) -> list[str]:
    """Return the keys of what is ranked."""
    return [films.passages([one["id"]])[one["id"]].document for one in ranked]


def _ids(films: Collection) -> list[str]:
    return [name for found in films.heads([one.key for one in FILMS], 1).values() for name in found]


def test_what_is_about_it_goes_last_and_what_mentions_it_stays(films: Collection) -> None:
    """A title and an opening tell what a passage is about; a name further in does not."""
    ranked = moved(films, exclusions=["Casino Royale"])

    assert ["campbell", "goldeneye", "tea"] == documents(films, ranked)[:3]
    assert {"casino", "untitled"} == set(documents(films, [one for one in ranked if "about" in one]))


def test_a_loss_is_a_part_of_the_score(films: Collection) -> None:
    """Scores fall along the ranking and stay the sums of their parts."""
    ranked = moved(films, exclusions=["Casino Royale", "Green tea"])

    assert sorted((one["score"] for one in ranked), reverse=True) == [one["score"] for one in ranked]
    assert all(one["score"] == pytest.approx(sum(one["parts"].values())) for one in ranked)
    assert {"casino", "untitled", "tea"} == set(documents(films, [one for one in ranked if "excluded" in one["parts"]]))


def test_nothing_said_changes_nothing(films: Collection) -> None:
    """Without exclusions, years and phrases a ranking is the same."""
    assert [2.0 - place / 10 for place in range(len(FILMS))] == [one["score"] for one in moved(films)]
    assert [] == Exclude().demote([], understood(exclusions=["x"]), Run(films, "q"))


def test_other_years_and_missing_phrases_cost_a_share(films: Collection) -> None:
    """A passage that tells no year keeps its score; one that tells another, or lacks a phrase, loses some."""
    early = moved(films, since=1990, until=1999)
    assert {"casino"} == set(documents(films, [one for one in early if "excluded" in one["parts"]]))

    bound = moved(films, required=["martin campbell"])
    assert ["casino", "campbell"] == documents(films, bound)[:2]
