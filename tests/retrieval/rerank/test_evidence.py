"""What is known of passages found: the rows that the learned ranking judges by."""

from __future__ import annotations

import math
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
    return known_of(corpus.QUESTION, films)


def known_of(question: str, films: Collection) -> Evidence:
    """Return the evidence for what a search and a hop find for a question."""
    state, run = walked(question, films, 10, hops=(LinkHop(),), light=())
    return Evidence.of(state["found"], state["ranked"], run)


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


def test_the_ranking_that_steered_is_known(evidence: Evidence) -> None:
    """Its best is no standard deviation below the best, and places are 1, 1/2 and so on."""
    assert 0.0 == max(column(evidence, "steered"))
    assert [1 / place for place in range(1, len(evidence.ids) + 1)] == sorted(column(evidence, "steered place"))[::-1]


def test_a_passage_counts_by_the_clause_that_it_is_nearest_to(films: Collection) -> None:
    """Of a question of two clauses each has a passage that is its best; one of one piece is its own clause."""
    both = known_of("When was the director of Jaws born, and which river flows through the city of Vienna?", films)
    best = column(both, "clause place").count(1.0)
    assert 2 == best and math.log(2) == pytest.approx(column(both, "clauses")[0])

    whole = known_of(corpus.QUESTION, films)
    assert {0.0} == set(column(whole, "clauses"))
    assert column(whole, "cosine") == pytest.approx(column(whole, "clause cosine"), abs=1e-4)
    assert column(whole, "covered") == pytest.approx(column(whole, "clause covered"))


def test_what_stands_around_a_name_is_known(evidence: Evidence) -> None:
    """Jaws' passage says director beside Spielberg, which the question asks for."""
    around = dict(zip((one.passage.title for one in evidence.known), column(evidence, "link: around"), strict=True))

    assert around["Steven Spielberg"] > 0
    assert all(0 <= one <= 1 for one in around.values())


def test_nothing_found_is_nothing_known(films: Collection) -> None:
    """No rows."""
    assert (0, len(NAMES)) == Evidence.of([], [], Run(films, corpus.QUESTION)).rows.shape
