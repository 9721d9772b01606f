"""What every fusion must keep; a new one is put to the same checks by subclassing `FusionContract`."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyhop.retrieval.types import Hit

Fusion = Callable[[Sequence[Sequence[Hit]]], list[Hit]]
Check = Callable[[Fusion], None]

#: lists of rankings: distinct ids in each, scores falling
rankings = st.lists(
    st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8).map(
        lambda ids: [Hit(name, 9.0 - rank) for rank, name in enumerate(ids)]
    ),
    max_size=4,
)


def _always(check: Callable[[Fusion, list[list[Hit]]], None]) -> Check:
    def always(fuse: Fusion) -> None:
        settings(max_examples=60, database=None)(given(rankings)(lambda lists: check(fuse, lists)))()

    always.__name__, always.__doc__ = check.__name__, check.__doc__
    return always


@_always
def keeps_everything_once(fuse: Fusion, lists: list[list[Hit]]) -> None:
    """What stands in any ranking stands in the fused one, once."""
    assert sorted({hit.id for hits in lists for hit in hits}) == sorted(hit.id for hit in fuse(lists))


@_always
def is_sorted(fuse: Fusion, lists: list[list[Hit]]) -> None:
    """The best is first, ties are in the order of their ids, scores are positive."""
    fused = fuse(lists)
    assert sorted(fused, key=lambda hit: (-hit.score, hit.id)) == fused
    assert all(hit.score > 0 for hit in fused)


@_always
def keeps_the_order_of_a_single_ranking(fuse: Fusion, lists: list[list[Hit]]) -> None:
    """One ranking, alone or beside empty ones, keeps its order."""
    for hits in lists:
        assert [hit.id for hit in hits] == [hit.id for hit in fuse([hits])] == [hit.id for hit in fuse([[], hits])]


@_always
def respects_agreement(fuse: Fusion, lists: list[list[Hit]]) -> None:
    """What stands above another in every ranking stands above it in the fused one."""
    place = {hit.id: number for number, hit in enumerate(fuse(lists))}
    for first, second in itertools.permutations(place, 2):
        orders = [[hit.id for hit in hits] for hits in lists]
        if all(_above(order, first, second) for order in orders):
            assert place[first] < place[second]


def _above(order: list[str], first: str, second: str) -> bool:
    return first in order and (second not in order or order.index(first) < order.index(second))


@_always
def leaves_rankings_alone(fuse: Fusion, lists: list[list[Hit]]) -> None:
    """The rankings are not changed."""
    before = copy.deepcopy(lists)
    fuse(lists)
    assert before == lists


def nothing_comes_of_nothing(fuse: Fusion) -> None:
    """No rankings, or empty ones, give none."""
    assert [] == fuse([]) == fuse([[], []])


CHECKS: Sequence[Check] = (
    keeps_everything_once,
    is_sorted,
    keeps_the_order_of_a_single_ranking,
    respects_agreement,
    leaves_rankings_alone,
    nothing_comes_of_nothing,
)


def failing(fuse: Fusion) -> set[str]:
    """Return the names of the checks that a fusion does not pass."""
    failed = set()
    for check in CHECKS:
        try:
            check(fuse)
        except Exception:  # whatever a broken fusion raises
            failed.add(check.__name__)
    return failed


class FusionContract:
    """Subclass it as `Test…` and give `fuse`."""

    @pytest.fixture
    def fuse(self) -> Fusion:
        """Return the fusion under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, fuse: Fusion) -> None:
        """The fusion keeps each point of the contract."""
        check(fuse)
