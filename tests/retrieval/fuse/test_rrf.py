"""Reciprocal rank fusion keeps the contract, and the contract notices fusions that do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from polyhop.retrieval.fuse.rrf import rrf
from polyhop.retrieval.types import Hit

from .contract import Fusion, FusionContract, failing


class TestRrf(FusionContract):
    """Fusion by reciprocal ranks."""

    @pytest.fixture
    def fuse(self) -> Fusion:
        """Return the fusion with its default constant."""
        return rrf


Rankings = Sequence[Sequence[Hit]]


def joins(lists: Rankings) -> list[Hit]:
    """Return the rankings behind each other, repeats included."""
    return [hit for hits in lists for hit in hits]


def keeps_the_first_only(lists: Rankings) -> list[Hit]:
    """Return the fusion of the first ranking alone."""
    return rrf(lists[:1])


def forgets_ties(lists: Rankings) -> list[Hit]:
    """Return the fusion with ties in reverse order of their ids."""
    backwards = rrf(lists)[::-1]
    return sorted(backwards, key=lambda hit: -hit.score)


def turns_round(lists: Rankings) -> list[Hit]:
    """Return the fusion of the rankings read from behind."""
    return rrf([hits[::-1] for hits in lists])


def sorts_in_place(lists: Rankings) -> list[Hit]:
    """Return the fusion after sorting the rankings themselves."""
    fused = rrf(lists)
    for hits in lists:
        hits.sort(key=lambda hit: hit.id)  # type: ignore[attr-defined]
    return fused


def needs_a_ranking(lists: Rankings) -> list[Hit]:
    """Return the fusion, stumbling where there is nothing to fuse."""
    return rrf([lists[0], *lists[1:]])


BROKEN: dict[Fusion, str] = {
    joins: "keeps_everything_once",
    keeps_the_first_only: "keeps_everything_once",
    forgets_ties: "is_sorted",
    turns_round: "keeps_the_order_of_a_single_ranking",
    sorts_in_place: "leaves_rankings_alone",
    needs_a_ranking: "nothing_comes_of_nothing",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_fusion(broken: Fusion) -> None:
    """Each way of breaking the contract fails the check that is there for it."""
    assert BROKEN[broken] in failing(broken)


def test_scores_are_the_published_sum() -> None:
    """A passage gets 1 / (k + rank) from each ranking, ranks counted from one."""
    first, second = [Hit("a", 0.9), Hit("b", 0.8)], [Hit("b", 7.0), Hit("c", 6.0)]
    expected = {"b": 1 / 62 + 1 / 61, "a": 1 / 61, "c": 1 / 62}

    assert list(expected.items()) == [(hit.id, hit.score) for hit in rrf([first, second])]
    assert 1 / 2 == rrf([first], k=1)[0].score
