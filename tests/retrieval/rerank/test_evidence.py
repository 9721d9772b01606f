"""What is known of passages found: the rows that the learned ranking judges by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from polyhop.core.vectors import unit
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.rerank.evidence import NAMES, SPREAD, USUAL, Evidence, background
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from polyhop.training.questions import walked
from tests import corpus


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the example corpus."""
    with corpus.collection(tmp_path_factory.mktemp("films"), embedder) as opened:
        yield opened


def column(evidence: Evidence, name: str) -> list[float]:
    """Return what is known under a name, by passage."""
    return evidence.rows[:, NAMES.index(name)].tolist()  # type: ignore[no-any-return]


@pytest.fixture
def evidence(films: Collection) -> Evidence:
    """Return the evidence for what a search and a hop find."""
    state, run = walked(corpus.QUESTION, films, 10, hops=(LinkHop(),), light=())
    return Evidence.of(state["found"], run)


def test_a_cosine_counts_by_its_place_among_random_ones() -> None:
    """Of a large sample mean and spread are its own; of none the usual ones."""
    chance = np.random.default_rng(0)
    vectors = unit(chance.normal(size=(400, 384)).astype(np.float32) + 0.05)
    mean, spread = background(vectors[:1], vectors[1:])
    own = vectors[1:] @ vectors[0]

    assert abs(mean[0] - own.mean()) < 0.01
    assert abs(spread[0] - own.std()) < 0.01
    nothing = background(vectors[:1], vectors[:0])
    assert (USUAL, SPREAD) == (pytest.approx(nothing[0][0]), pytest.approx(nothing[1][0]))


def test_there_is_a_row_for_each_passage_found(evidence: Evidence) -> None:
    """All numbers are finite, and the best of both halves are 1."""
    assert (len(evidence.ids), len(NAMES)) == evidence.rows.shape
    assert np.isfinite(evidence.rows).all()
    assert 1.0 == max(column(evidence, "lexical")) == max(column(evidence, "cosine place"))
    assert 0.0 == min(column(evidence, "below best cosine"))


def test_a_way_is_known_for_those_that_were_reached(evidence: Evidence) -> None:
    """A hop's finds say how sure the link is and what they add to the passage they were reached from."""
    reached = [any(kind == "link" for kind in ways) for ways in evidence.ways]

    assert any(reached)
    assert [float(one) for one in reached] == column(evidence, "link: reached")
    for name in ("link: strength", "link: alike", "link: adds"):
        assert not any(value for value, there in zip(column(evidence, name), reached, strict=True) if not there)
    assert any(column(evidence, "led"))
    assert not any(column(evidence, "vector: reached"))


def test_nothing_found_is_nothing_known(films: Collection) -> None:
    """No rows."""
    assert (0, len(NAMES)) == Evidence.of([], Run(films, corpus.QUESTION)).rows.shape
