"""The memory of a run: bounded, filled in one go, and honest about what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from polyhop.core.types import Passage
from polyhop.core.vectors import unit
from polyhop.encoders import Encoder
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

from .contract import NOBODY


class Counting:
    """A collection that counts how often passages are read."""

    def __init__(self, inner: Collection) -> None:
        self.inner = inner
        self.reads: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        """Read and count."""
        self.reads.append(list(ids))
        return self.inner.passages(ids)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("working"), embedder) as opened:
        yield opened


def test_passages_are_read_once_and_together(films: Collection) -> None:
    """What is known is not read again, and what is new is read in one go."""
    counting, ids = Counting(films), list(corpus.ids(films).values())
    run = Run(counting, corpus.QUESTION)
    run.load(ids[:4])
    run.load([*ids[:6], ids[5]])

    assert [ids[:4], ids[4:6]] == counting.reads
    assert ids[0] == run.known(ids[0]).passage.id  # type: ignore[union-attr]
    assert 2 == len(counting.reads)


def test_what_is_gone_is_noted_and_not_asked_for_again(films: Collection) -> None:
    """A passage that is not there is None, once and for all."""
    counting = Counting(films)
    run = Run(counting, corpus.QUESTION)
    assert (None, None) == (run.known(NOBODY), run.known(NOBODY))
    assert ({NOBODY}, 1) == (run.gone, len(counting.reads))


def test_the_memory_is_bounded(films: Collection) -> None:
    """Over its capacity passages are forgotten, and read again when they are asked for."""
    counting, ids = Counting(films), list(corpus.ids(films).values())
    run = Run(counting, corpus.QUESTION, capacity=3)
    for name in ids[:6]:
        run.known(name)
    assert ids[0] == run.known(ids[0]).passage.id  # type: ignore[union-attr]
    assert 7 == len(counting.reads)


def test_a_known_passage_has_what_its_judges_need(films: Collection) -> None:
    """Its cosine is that of question and passage, its words are stems, its names those it bears."""
    run = Run(films, corpus.QUESTION)
    known = run.known(corpus.ids(films)["Jaws (film)"])
    assert known is not None
    question, passage = films.embedder.encode_passages(
        [corpus.QUESTION, f"{known.passage.title}\n{known.passage.text}"]
    )

    assert known.cosine == pytest.approx(float(question @ passage), abs=1e-4)
    assert {"jaws", "direc", "steve"} <= known.words
    assert {"jaws", "jaws film"} <= set(known.names())


def test_rare_words_weigh_more(films: Collection) -> None:
    """A word of one passage is rarer than one of many, one of all is worth nothing, an unknown one most."""
    run = Run(films, "film")
    assert 1.0 == run.rarity("xylophone")
    assert run.rarity("xylophone") > run.rarity("jaws") > run.rarity("film") > 0
    assert run.rarity("jaws") == run.rarity("the jaws of film")
    assert 0.0 == run.rarity("the of")


def test_coverage_is_a_share_by_rarity(films: Collection) -> None:
    """All of the question's words are everything, none are nothing."""
    run = Run(films, "Who directed Jaws?")
    assert (1.0, 0.0) == (run.covered(frozenset(run.weights)), run.covered(frozenset()))
    assert 0.5 < run.covered(frozenset({"jaws"})) < 1.0


def test_unit_rows_keep_zero(films: Collection) -> None:
    """Rows come out at unit length, a zero row as it is."""
    np.testing.assert_allclose([[0.6, 0.8], [0.0, 0.0]], unit(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)))
