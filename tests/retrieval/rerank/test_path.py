"""The path score keeps the ranker contract, and the contract notices rankers that do not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.path import PathScore
from polyhop.retrieval.rerank.role import Ranker
from polyhop.retrieval.run import Run

from .ranking import NOBODY, RankerContract, Scene, failing, only, scene

__all__ = ["scene"]


class TestPathScore(RankerContract):
    """The path score with its defaults."""

    @pytest.fixture
    def ranker(self) -> Ranker:
        """Return a path score."""
        return PathScore()


@dataclass
class Sound:
    """A path score; each subclass breaks one point of the contract."""

    inner: PathScore = field(default_factory=PathScore)
    name: str = "path"

    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return what the path score returns."""
        return self.inner.rank(finds, run)


class RanksTwice(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [item for item in super().rank(finds, run) for _ in range(2)]


class BreaksTiesByOrder(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        backwards = super().rank(finds, run)[::-1]
        return sorted(backwards, key=lambda item: -item["score"])


class AddsNoise(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        for item in (ranked := super().rank(finds, run)):
            item["score"] += random.SystemRandom().random()
        return ranked


class HidesAPart(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        for item in (ranked := super().rank(finds, run)):
            item["parts"].pop("cosine")
        return ranked


class TrustsTheFirstFind(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        firsts = {find["id"]: find for find in reversed(finds)}
        return super().rank(list(firsts.values()), run)


class InventsAWay(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [Candidate(**{**item, "via": "magic"}) for item in super().rank(finds, run)]


class InventsAKind(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [Candidate(**{**item, "kind": "words"}) for item in super().rank(finds, run)]


class NumpyScores(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        ranked = super().rank(finds, run)
        return [Candidate(**{**item, "score": np.float64(item["score"])}) for item in ranked]


class KeepsTheDead(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [
            *super().rank(finds, run),
            Candidate(id=NOBODY, score=-9.0, kind="question", via="search", path=[], name=""),
        ]


class ScalesInPlace(Sound):
    def rank(self, finds: Sequence[Candidate], run: Run) -> list[Candidate]:
        for find in finds:
            find["score"] *= 0.5
        return super().rank(finds, run)


BROKEN = {
    RanksTwice: "ranks_each_passage_once",
    BreaksTiesByOrder: "is_sorted",
    AddsNoise: "is_deterministic",
    HidesAPart: "parts_add_up",
    TrustsTheFirstFind: "is_blind_to_order",
    InventsAWay: "tells_a_way",
    InventsAKind: "tells_a_way",
    NumpyScores: "is_plain_json",
    KeepsTheDead: "nothing_comes_of_nothing",
    ScalesInPlace: "leaves_finds_alone",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_ranker(broken: type[Sound], scene: Scene) -> None:
    """Each way of breaking the contract fails the check that is there for it."""
    assert BROKEN[broken] in failing(broken(), scene)


def test_the_contract_passes_a_sound_ranker(scene: Scene) -> None:
    """The ranker that the broken ones are made from passes every check."""
    assert set() == failing(Sound(), scene)


def test_a_path_lifts_a_passage_that_the_question_does_not_mention(scene: Scene) -> None:
    """With the path's weight the passage at its end outranks better matches, without it it does not."""
    by_path = only(PathScore().rank(scene.finds(), scene.run()), scene)
    without = only(PathScore(path_weight=0.0).rank(scene.finds(), scene.run()), scene)

    assert by_path.index("Steven Spielberg") < by_path.index("Carol Reed")
    assert without.index("Carol Reed") < without.index("Steven Spielberg")


def test_the_best_way_is_told(scene: Scene) -> None:
    """Of two paths to a passage the one worth more is kept."""
    (told,) = (
        item for item in PathScore().rank(scene.finds(), scene.run()) if item["id"] == scene.ids["Steven Spielberg"]
    )
    assert ("link", "steven spielberg", [scene.ids["Jaws (film)"]]) == (told["via"], told["name"], told["path"])


def test_every_part_of_a_score_is_told(scene: Scene) -> None:
    """A passage that was found in all ways has a part for each."""
    parts = {item["id"]: list(item["parts"]) for item in PathScore().rank(scene.finds(), scene.run())}
    assert ["cosine", "covered", "search", "named"] == parts[scene.ids["Jaws (film)"]][:4]
    assert ["cosine", "covered", "path"] == parts[scene.ids["Steven Spielberg"]]


def test_the_hop_is_that_of_the_telling_find(scene: Scene) -> None:
    """The search that made the find is told; a find that does not say it counts by its path."""
    finds = [Candidate(**{**find, "hop": 3}) if find["score"] == 1.2 else find for find in scene.finds()]
    hops = {item["id"]: item["hop"] for item in PathScore().rank(finds, scene.run())}
    assert (3, 0) == (hops[scene.ids["Steven Spielberg"]], hops[scene.ids["Carol Reed"]])
    assert (
        1
        == {item["id"]: item["hop"] for item in PathScore().rank(scene.finds(), scene.run())}[
            scene.ids["Steven Spielberg"]
        ]
    )
