"""Reciprocal rank fusion keeps the contract, and the contract notices fusions that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from polyhop.core.types import Hit
from polyhop.retrieval.fusion.role import Fusion, FusionInput
from polyhop.retrieval.fusion.rrf import ReciprocalRank, rrf

from .contract import AgreeingFusionContract, case, failing


class TestReciprocalRank(AgreeingFusionContract):
    """Fusion by reciprocal ranks."""

    @pytest.fixture
    def fusion(self) -> Fusion:
        """Return the fusion with its default constant."""
        return ReciprocalRank()


@dataclass
class Sound:
    """Reciprocal ranks; each subclass breaks one point of the contract."""

    inner: ReciprocalRank = field(default_factory=ReciprocalRank)
    name: str = "sound"

    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        """Return what the sound fusion returns."""
        return self.inner.fuse(dense, lexical, asked)


class Joins(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        return [*dense, *lexical]


class KeepsTheDenseOnly(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        return super().fuse(dense, [], asked)


class ForgetsTies(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        backwards = super().fuse(dense, lexical, asked)[::-1]
        return sorted(backwards, key=lambda hit: -hit.score)


class KeepsTheScaleOfRrf(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        return rrf([dense, lexical])


class BreaksTheScale(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        return [Hit(hit.id, 20 * hit.score) for hit in super().fuse(dense, lexical, asked)]


class NumpyScores(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        return [Hit(hit.id, np.float64(hit.score)) for hit in super().fuse(dense, lexical, asked)]


class TurnsRound(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        return super().fuse(dense[::-1], lexical[::-1], asked)


class ScoresPassagesThatTheDenseHalfDidNotFind(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        vectors = asked.vectors([hit.id for hit in lexical])
        near = sorted(lexical, key=lambda hit: (-float(vectors[hit.id] @ asked.vector), hit.id))
        return super().fuse(near, lexical, asked)


class PrefersTheLast(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        fused = super().fuse(dense, lexical, asked)
        ids = [fused[-1].id, *(hit.id for hit in fused[:-1])] if dense and lexical else [hit.id for hit in fused]
        return [Hit(name, 1 - place / len(ids)) for place, name in enumerate(ids)]


class SortsInPlace(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        fused = super().fuse(dense, lexical, asked)
        lexical.sort(key=lambda hit: hit.id)  # type: ignore[attr-defined]
        return fused


class NeedsAPassage(Sound):
    def fuse(self, dense: Sequence[Hit], lexical: Sequence[Hit], asked: FusionInput) -> list[Hit]:
        fused = super().fuse(dense, lexical, asked)
        return [fused[0], *fused[1:]]


BROKEN = {
    Joins: "keeps_everything_once",
    KeepsTheDenseOnly: "keeps_everything_once",
    ForgetsTies: "is_sorted",
    KeepsTheScaleOfRrf: "reaches_one",
    BreaksTheScale: "keeps_the_scale",
    NumpyScores: "keeps_the_scale",
    TurnsRound: "keeps_the_order_of_a_single_ranking",
    ScoresPassagesThatTheDenseHalfDidNotFind: "bears_with_the_gone",
    PrefersTheLast: "respects_agreement",
    SortsInPlace: "leaves_rankings_alone",
    NeedsAPassage: "nothing_comes_of_nothing",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_fusion(broken: type[Sound]) -> None:
    """Each way of breaking the contract fails the check that is there for it."""
    assert BROKEN[broken] in failing(broken())


def test_the_contract_passes_a_sound_fusion() -> None:
    """The fusion that the broken ones are made from passes every check."""
    assert set() == failing(Sound())


def test_scores_are_the_published_sum() -> None:
    """A passage gets 1 / (k + rank) from each ranking, ranks counted from one."""
    first, second = [Hit("a", 0.9), Hit("b", 0.8)], [Hit("b", 7.0), Hit("c", 6.0)]
    expected = {"b": 1 / 62 + 1 / 61, "a": 1 / 61, "c": 1 / 62}

    assert list(expected.items()) == [(hit.id, hit.score) for hit in rrf([first, second])]
    assert 1 / 2 == rrf([first], k=1)[0].score


def test_the_scale_is_a_share_of_leading_both() -> None:
    """What leads one ranking alone has a half, the second place of both 61 / 62."""
    one = case({"a": 0.9, "b": 0.5}, {"b": 3.0}, cut=1)
    two = case({"a": 0.9, "b": 0.5}, {"a": 9.0, "b": 3.0})

    assert [("a", 1 / 2), ("b", 1 / 2)] == [(hit.id, hit.score) for hit in one.fused(ReciprocalRank())]
    assert [pytest.approx(1.0), pytest.approx(61 / 62)] == [hit.score for hit in two.fused(ReciprocalRank())]
