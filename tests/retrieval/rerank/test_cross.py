"""The cross-encoder that comes along, alone and in chains with the other rerankers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.cross import CrossEncoder, scorer
from polyhop.retrieval.rerank.crossfile import CrossEncoderCard, save
from polyhop.retrieval.rerank.learned import Learned
from polyhop.retrieval.rerank.listwise import Listwise, base_score
from polyhop.retrieval.rerank.pairs import CandidatePair
from polyhop.retrieval.rerank.rocchio import Rocchio
from polyhop.retrieval.rerank.role import Reranker
from tests import corpus

from .contract import DEPTH, RerankerContract, RerankerStructure, Scene, WholeRerankerContract, scene
from .crosses import drawn
from .rankings import Chain

__all__ = ["scene"]

pytestmark = pytest.mark.slow

TEXTS = [one.text for one in corpus.DOCUMENTS]
PAIRS = [CandidatePair(question, "", text) for question in corpus.HOPS for text in [*TEXTS, "", "river " * 200]]


class TestCrossEncoder(RerankerContract):
    """The weights that come along."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the cross-encoder with a head of the contract's depth."""
        return CrossEncoder(depth=DEPTH)


class TestChain(WholeRerankerContract):
    """The chain that profiles use by default, with its depths."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the chain."""
        return Chain((Learned(), CrossEncoder(), Listwise(), Cover()))


class TestUnlearned(RerankerStructure):
    """The chain without the learned ranking, whose parts the scorer then has to do without."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the chain."""
        return Chain((Listwise(), CrossEncoder(), Listwise(), Cover()))


class TestOtherChain(RerankerStructure):
    """Rerankers in an order that nobody would choose."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the chain."""
        return Chain((Cover(), CrossEncoder(depth=5), Rocchio(depth=DEPTH), CrossEncoder(depth=DEPTH), Cover()))


class TestDrawn(RerankerStructure):
    """Weights drawn by chance, which cannot know what answers a question."""

    @pytest.fixture
    def reranker(self, file: Path) -> Reranker:
        """Return the cross-encoder with these weights."""
        return CrossEncoder(depth=DEPTH, file=file)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write weights drawn by chance."""
    path = tmp_path_factory.mktemp("cross") / "drawn.safetensors"
    save(path, drawn(1), CrossEncoderCard(1))
    return path


def test_the_logit_is_noted(scene: Scene) -> None:
    """What was read has its logit as score and by itself, and the rest has none."""
    found = CrossEncoder(depth=6).rerank(scene.ranked(), scene.run())

    assert [one["score"] for one in found[:6]] == pytest.approx([one["logit"] for one in found[:6]])
    assert not any("logit" in one for one in found[6:])
    assert {one["id"] for one in scene.ranked()[:6]} == {one["id"] for one in found[:6]}


def test_the_way_is_read(scene: Scene) -> None:
    """A passage is read with what led to it: without its way it has another logit."""
    led = next(one for one in scene.ranked() if one["path"])
    alone = Candidate(**{**led, "path": []})
    first, second = (CrossEncoder().rerank([one], scene.run())[0]["logit"] for one in (led, alone))

    assert abs(first - second) > 0.01


def test_a_way_whose_bridge_is_gone_is_left_out(scene: Scene) -> None:
    """Where the bridge is not there any more the passage is read alone."""
    led = next(one for one in scene.ranked() if one["path"])
    logits = [
        CrossEncoder().rerank([Candidate(**{**led, "path": path})], scene.run())[0]["logit"]
        for path in ([], ["0" * 32])
    ]
    assert logits[0] == logits[1]


@pytest.mark.parametrize("learned", [True, False])
def test_the_score_of_the_ranking_before_survives(*, learned: bool, scene: Scene) -> None:
    """After a whole chain it is still known what the learned ranking gave, or without it the ranker."""
    ranked = Learned().rerank(scene.ranked(), scene.run()) if learned else scene.ranked()
    before = {one["id"]: one["score"] for one in ranked}
    chain = Chain((Listwise(), CrossEncoder(depth=8), Listwise(), Cover()))
    found = {one["id"]: base_score(one) for one in chain.rerank(ranked, scene.run())}

    assert pytest.approx(before) == found


def test_a_chain_that_reads_deeper_than_the_scorer_stays_sorted(scene: Scene) -> None:
    """The cross-encoder may read more passages than the listwise scorer looks at."""
    found = Chain((CrossEncoder(depth=40), Listwise(), Cover())).rerank(scene.ranked(), scene.run())
    scores = [one["score"] for one in found]

    assert sorted(scores, reverse=True) == scores
    assert sorted(one["id"] for one in scene.ranked()) == sorted(one["id"] for one in found)


def test_the_order_of_pairs_changes_nothing(file: Path) -> None:
    """The same pairs have the same logits to the last bit in whatever order they are given."""
    wanted = scorer(file).logits(PAIRS)
    order = np.random.default_rng(1).permutation(len(PAIRS))

    assert np.array_equal(wanted[order], scorer(file).logits([PAIRS[place] for place in order]))


def test_company_changes_little(file: Path) -> None:
    """A pair alone has nearly the logit that it has among others, which share the range of its numbers."""
    together = scorer(file).logits(PAIRS)
    alone = np.concatenate([scorer(file).logits([pair]) for pair in PAIRS])

    assert np.corrcoef(together, alone)[0, 1] > 0.99


def test_no_pairs_have_no_logits(file: Path) -> None:
    """Nothing to read is no error."""
    assert (0,) == scorer(file).logits([]).shape


def test_threads_share_one_scorer(file: Path) -> None:
    """Eight threads get the same scorer, and from it what one gets."""
    wanted = scorer(file).logits(PAIRS)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: (scorer(file), scorer(file).logits(PAIRS)), range(8)))

    assert {id(scorer(file))} == {id(one) for one, _ in found}
    assert all(np.array_equal(wanted, one) for _, one in found)


def test_broken_unicode_is_read(file: Path) -> None:
    """Lone surrogates come from real files and must not stop a question."""
    assert np.isfinite(scorer(file).logits([CandidatePair("Who\ud800?", "", "\udfff")])).all()


def test_missing_weights_are_told(scene: Scene, tmp_path: Path) -> None:
    """A path without weights is the caller's to mend."""
    with pytest.raises(CallerError, match="no cross-encoder weights"):
        CrossEncoder(file=tmp_path / "none").rerank(scene.ranked(), scene.run())
    assert [] == CrossEncoder(file=tmp_path / "none").rerank([], scene.run())
