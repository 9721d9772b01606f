"""What every fusion must keep; a new one is put to the same checks by subclassing `FusionContract`."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from polyhop.core.types import Hit, Vectors
from polyhop.retrieval.fusion.role import Fusion, FusionInput

NAMES = "abcdefgh"
GONE = "gone"
TEXT = "which river flows through vienna"
COUNTS = {"which": 40, "river": 9, "flows": 3, "through": 25, "vienna": 0}


@dataclass(frozen=True)
class Case:
    """Two rankings that are true to each other: the dense scores are cosines of the vectors that `asked` has."""

    dense: list[Hit]
    lexical: list[Hit]
    asked: FusionInput

    def fused(self, fusion: Fusion) -> list[Hit]:
        """Return what a fusion makes of it."""
        return fusion.fuse(self.dense, self.lexical, self.asked)


Check = Callable[[Fusion], None]


def case(
    dense: Mapping[str, float], lexical: Mapping[str, float], *, depth: int = 50, cut: int = 50, text: str = TEXT
) -> Case:
    """Return the case of passages with these cosines and BM25 scores.

    Each passage has a direction of its own beside that of the query, so that no two attract each other. The dense
    ranking holds the first `cut` of `dense`, the lexical one those of `lexical` that `dense` has a vector for.
    """
    size = 1 + len(NAMES)
    vectors: dict[str, Vectors] = {}
    for name, cosine in dense.items():
        row = np.zeros(size, np.float32)
        row[0], row[1 + NAMES.index(name)] = cosine, math.sqrt(1 - cosine**2)
        vectors[name] = row
    query = np.eye(1, size, dtype=np.float32)[0]

    def look_up(ids: Sequence[str]) -> dict[str, Vectors]:
        return {name: vectors[name] for name in ids if name in vectors}

    asked = FusionInput(text, query, depth, look_up, lambda words: ({word: COUNTS.get(word, 0) for word in words}, 100))
    there = {name: score for name, score in lexical.items() if name in dense}
    cosines = {name: float(row @ query) for name, row in vectors.items()}
    return Case(_ranking(cosines)[:cut], _ranking(there), asked)


def _ranking(scores: Mapping[str, float]) -> list[Hit]:
    return [Hit(name, score) for name, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]


def _scores(steps: Sequence[int], unit: float) -> st.SearchStrategy[dict[str, float]]:
    """Return passages with scores that are multiples of a unit: some equal, none nearly so."""
    values = st.sampled_from(steps).map(lambda step: step * unit)
    return st.dictionaries(st.sampled_from(NAMES), values, max_size=len(NAMES))


cases = st.builds(
    case,
    _scores(range(20), 0.05),
    _scores(range(1, 20), 1.5),
    depth=st.sampled_from([8, 50]),
    cut=st.integers(0, len(NAMES)),
    text=st.sampled_from([TEXT, "", "vienna", "維也納", "the " * 60]),
)


# Without shrinking: most of these checks are there to fail, and cases are small as they are.
EXAMPLES = settings(max_examples=40, database=None, deadline=None, derandomize=True, phases=[Phase.generate])


def _always(check: Callable[[Fusion, Case], None]) -> Check:
    def always(fusion: Fusion) -> None:
        EXAMPLES(given(cases)(lambda one: check(fusion, one)))()

    always.__name__, always.__doc__ = check.__name__, check.__doc__
    return always


@_always
def keeps_everything_once(fusion: Fusion, one: Case) -> None:
    """What stands in a ranking stands in the fused one, once."""
    expected = sorted({hit.id for hits in (one.dense, one.lexical) for hit in hits})
    assert expected == sorted(hit.id for hit in one.fused(fusion))


@_always
def is_sorted(fusion: Fusion, one: Case) -> None:
    """The best is first, ties are in the order of their ids."""
    fused = one.fused(fusion)
    assert sorted(fused, key=lambda hit: (-hit.score, hit.id)) == fused


@_always
def keeps_the_scale(fusion: Fusion, one: Case) -> None:
    """Scores are plain numbers from 0 to 1."""
    scores = [hit.score for hit in one.fused(fusion)]
    assert all(type(score) is float and 0 <= score <= 1 for score in scores)


@_always
def reaches_one(fusion: Fusion, one: Case) -> None:
    """Where the rankings agree on the best passage the best score is 1, the highest that there is."""
    if one.dense and one.lexical and one.dense[0].id == one.lexical[0].id:
        assert pytest.approx(1.0) == one.fused(fusion)[0].score


@_always
def keeps_the_order_of_a_single_ranking(fusion: Fusion, one: Case) -> None:
    """A ranking beside an empty one keeps its order."""
    assert [hit.id for hit in one.dense] == [hit.id for hit in fusion.fuse(one.dense, [], one.asked)]
    assert [hit.id for hit in one.lexical] == [hit.id for hit in fusion.fuse([], one.lexical, one.asked)]


@_always
def respects_agreement(fusion: Fusion, one: Case) -> None:
    """What stands above another in both rankings stands above it in the fused one."""
    place = {hit.id: number for number, hit in enumerate(one.fused(fusion))}
    orders = [[hit.id for hit in hits] for hits in (one.dense, one.lexical)]
    for first, second in itertools.permutations(place, 2):
        if all(_above(order, first, second) for order in orders):
            assert place[first] < place[second]


def _above(order: list[str], first: str, second: str) -> bool:
    return first in order and (second not in order or order.index(first) < order.index(second))


@_always
def leaves_rankings_alone(fusion: Fusion, one: Case) -> None:
    """The rankings are not changed."""
    before = copy.deepcopy((one.dense, one.lexical))
    one.fused(fusion)
    assert before == (one.dense, one.lexical)


@_always
def bears_with_the_gone(fusion: Fusion, one: Case) -> None:
    """A passage without a vector, removed since it was found, is no error and still there."""
    lexical = [*one.lexical, Hit(GONE, 0.5)]
    assert GONE in {hit.id for hit in fusion.fuse(one.dense, lexical, one.asked)}


def nothing_comes_of_nothing(fusion: Fusion) -> None:
    """Empty rankings give none."""
    assert [] == case({}, {}).fused(fusion)


CHECKS: Sequence[Check] = (
    keeps_everything_once,
    is_sorted,
    keeps_the_scale,
    reaches_one,
    keeps_the_order_of_a_single_ranking,
    leaves_rankings_alone,
    bears_with_the_gone,
    nothing_comes_of_nothing,
)


def failing(fusion: Fusion) -> set[str]:
    """Return the names of the checks that a fusion does not pass, agreement among them."""
    failed = set()
    for check in (*CHECKS, respects_agreement):
        try:
            check(fusion)
        except Exception:  # whatever a broken fusion raises
            failed.add(check.__name__)
    return failed


class FusionContract:
    """Subclass it as `Test…` and give `fusion`."""

    @pytest.fixture
    def fusion(self) -> Fusion:
        """Return the fusion under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, fusion: Fusion) -> None:
        """The fusion keeps each point of the contract."""
        check(fusion)


class AgreeingFusionContract(FusionContract):
    """The same for fusions that judge each passage by its own two scores or ranks."""

    def test_agreement(self, fusion: Fusion) -> None:
        """Of two passages the one that both rankings prefer is first."""
        respects_agreement(fusion)
