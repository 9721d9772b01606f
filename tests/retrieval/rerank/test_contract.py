"""The contract of rerankers is kept by sound ones, and notices those that are not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.role import STEP, Reranker, head_of
from polyhop.retrieval.run import Run

from .contract import DEPTH, RerankerContract, Scene, failing, scene

__all__ = ["scene"]


@dataclass
class Cosine:
    """Orders the head by its cosine with the question; each subclass breaks one point of the contract."""

    depth: int = DEPTH
    name: str = "cosine"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the head by its cosines and the rest behind it."""
        head = head_of(ranked, self.depth, run)
        return head.rescored([known.cosine for known in head.known], self.name)


class TestCosine(RerankerContract):
    """A sound reranker."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return one that orders by cosine."""
        return Cosine()


class Constant(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        head = head_of(ranked, self.depth, run)
        return head.rescored([0.0] * len(head.items), self.name)


class Reversed(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        head = head_of(ranked, self.depth, run)
        return head.rescored([place / 10 for place in range(len(head.items))], self.name)


class PrefersTheWorst(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        head = head_of(ranked, self.depth, run)
        return head.rescored([-known.cosine for known in head.known], self.name)


class IgnoresTheQuestion(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        head = head_of(ranked, self.depth, run)
        return head.rescored([float(len(known.passage.text)) for known in head.known], self.name)


class LeavesAll(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return list(ranked)


class RemembersTheFirstQuestion(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        self.run = getattr(self, "run", run)
        return super().rerank(ranked, self.run)


class LosesOne(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        found = super().rerank(ranked, run)
        return found[:-1] if len(found) > DEPTH else found


class RanksOneTwice(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        found = super().rerank(ranked, run)
        return [*found[:1], *found] if len(found) > DEPTH else found


class GivesNoNumber(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        found = super().rerank(ranked, run)
        return [Candidate(**{**item, "score": float("nan")}) for item in found]


class GivesInfinity(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        (first, *others) = super().rerank(ranked, run) or [None]
        return [Candidate(**{**first, "score": np.inf, "parts": {"all": np.inf}}), *others] if first else []


class NotesInPlace(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        for item in ranked:
            item["duplicates"] = []
        return super().rerank(ranked, run)


class DoesNotSort(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        scores = {item["id"]: item for item in super().rerank(ranked, run)}
        return [scores[item["id"]] for item in ranked]


class BreaksTiesBackwards(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        backwards = super().rerank(ranked, run)[::-1]
        return sorted(backwards, key=lambda item: -round(item["score"], 6))


class HidesItsGain(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        before = {item["id"]: item.get("parts", {"all": item["score"]}) for item in ranked}
        return [Candidate(**{**item, "parts": before[item["id"]]}) for item in super().rerank(ranked, run)]


class ForgetsTheWay(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [Candidate(**{**item, "path": []}) for item in super().rerank(ranked, run)]


class AddsNoise(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        head = head_of(ranked, self.depth, run)
        noise = random.SystemRandom().random
        return head.rescored([known.cosine + noise() / 100 for known in head.known], self.name)


class ReordersTheTail(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        found = super().rerank(ranked, run)
        tail, down = found[DEPTH:][::-1], found[DEPTH - 1]["score"] if len(found) > DEPTH else 0.0
        scores = [down - STEP * place for place in range(1, len(tail) + 1)]
        return [*found[:DEPTH], *_scored(tail, scores)]


class LetsTheTailIn(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return Cosine(depth=DEPTH + 10).rerank(ranked, run)


class NumpyScores(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [Candidate(**{**item, "score": np.float64(item["score"])}) for item in super().rerank(ranked, run)]


class KeepsASet(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return [Candidate(**{**item, "duplicates": {"a"}}) for item in super().rerank(ranked, run)]


class NeedsOne(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return super().rerank(ranked, run) if ranked[0] else []


class NeedsTwo(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        if len(ranked) == 1:
            raise ZeroDivisionError
        return super().rerank(ranked, run)


class DropsTheGone(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        return (
            [item for item in super().rerank(ranked, run) if run.known(item["id"])]
            if len(ranked) < DEPTH
            else (super().rerank(ranked, run))
        )


class ExpectsAllThere(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        for item in ranked[:DEPTH]:
            assert run.known(item["id"])
        return super().rerank(ranked, run)


class ReadsAll(Cosine):
    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        run.load(item["id"] for item in ranked)
        return super().rerank(ranked, run)


def _scored(items: Sequence[Candidate], scores: Sequence[float]) -> list[Candidate]:
    return [
        Candidate(**{**item, "score": score, "parts": {"all": score}})
        for item, score in zip(items, scores, strict=True)
    ]


BROKEN: dict[type[Cosine], set[str]] = {
    Constant: {"tells_candidates_apart", "prefers_what_answers", "depends_on_the_question"},
    Reversed: {"prefers_what_answers", "depends_on_the_question"},
    PrefersTheWorst: {"prefers_what_answers", "depends_on_the_question"},
    IgnoresTheQuestion: {"prefers_what_answers", "depends_on_the_question"},
    LeavesAll: {"tells_candidates_apart", "prefers_what_answers", "depends_on_the_question"},
    LosesOne: {"keeps_each_passage_once", "keeps_the_order_behind_the_head"},
    RanksOneTwice: {"keeps_each_passage_once", "keeps_the_order_behind_the_head"},
    ForgetsTheWay: {"keeps_the_ways"},
    AddsNoise: {"is_deterministic"},
    ReordersTheTail: {"keeps_the_order_behind_the_head"},
    LetsTheTailIn: {"keeps_the_order_behind_the_head"},
    HidesItsGain: {"parts_add_up"},
    NotesInPlace: {"leaves_the_ranking_alone"},
    BreaksTiesBackwards: {"is_sorted"},
    DoesNotSort: {"is_sorted", "survives_the_gone", "prefers_what_answers", "depends_on_the_question"},
    NumpyScores: {"scores_are_finite"},
    KeepsASet: {"is_plain_json"},
    NeedsOne: {"nothing_comes_of_nothing"},
    NeedsTwo: {"one_stays_one"},
    DropsTheGone: {"survives_the_gone"},
    ExpectsAllThere: {"survives_the_gone"},
    ReadsAll: {"is_bounded"},
    GivesNoNumber: {"scores_are_finite", "is_plain_json", "is_deterministic", "parts_add_up", "survives_the_gone"},
    GivesInfinity: {"scores_are_finite"},
    RemembersTheFirstQuestion: {"prefers_what_answers", "depends_on_the_question"},
}


@pytest.mark.slow
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_notices(broken: type[Cosine], scene: Scene) -> None:
    """A reranker that breaks one point fails its check."""
    assert BROKEN[broken] == failing(broken(), scene)
