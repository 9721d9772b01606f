"""Reformulations beside a question: what they search with, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from polyhop.core.types import Hit
from polyhop.core.vectors import unit
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Query
from polyhop.retrieval.query.reformulations import (
    KEYWORDS,
    PASSAGE,
    THOUGHTS,
    Expansion,
    Feedback,
    Reformulation,
    Repeat,
    nearest,
    reformulated,
)
from polyhop.retrieval.query.role import Augmenter, first_query
from polyhop.retrieval.rerank.path import PathScore
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus
from tests.retrieval.made import bridge

SAYS = ("The Danube is a river.", "Vienna is a city.")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("beside"), embedder) as opened:
        yield opened


def queries(*texts: str, name: str = "passage") -> list[Query]:
    """Return queries of these texts."""
    return [Query(text=text, updater=name, checkpoint="", path=[], score=1.0) for text in texts]


def after_search(films: Collection, k: int = 5) -> Run:
    """Return the memory of a run that has made its first search."""
    run = Run(films, corpus.QUESTION, k=k)
    run.found = frozenset(hit.id for hit in films.dense(run.vector, 12)[0])
    return run


def test_worth_falls_with_the_rank() -> None:
    """The first find is worth 1, as is the leader of both halves of the first search."""
    finds = reformulated([Hit("a", 0.2), Hit("b", 0.1)], "passage")
    assert [("a", 1.0), ("b", 61 / 62)] == [(find["id"], find["score"]) for find in finds]


def test_the_mean_of_unit_vectors_is_searched_with(films: Collection, embedder: Encoder) -> None:
    """Each text counts alike, however long its vector was before."""
    finds = Reformulation("passage").search(queries(*SAYS), Run(films, corpus.QUESTION))
    mean = unit(embedder.encode_queries(SAYS).mean(axis=0, keepdims=True))

    assert [hit.id for hit in films.dense(mean, 20)[0]] == [find["id"] for find in finds]


def test_words_are_searched_for_where_they_are_to_be(films: Collection) -> None:
    """Keywords are looked up in the lexical half as well, and what both halves find comes first."""
    run, text = Run(films, "What?"), "Sumida Danube"
    with_words = Reformulation("keywords", words=True).search(queries(text), run)
    without = Reformulation("keywords").search(queries(text), run)

    assert {hit.id for hit in films.lexical(text, 20)} <= {find["id"] for find in with_words}
    assert with_words != without


def test_thoughts_that_change_nothing_cost_nothing(films: Collection) -> None:
    """Texts that leave the nearest passages as they are drop out; where all do, nothing is searched for."""
    run = after_search(films, k=3)
    telling = Reformulation("thoughts", telling=True)
    same = f"{corpus.QUESTION}"

    assert [] == telling.search(queries(same), run)
    other = "The Sumida flows through Tokyo, Japan."
    assert Reformulation("thoughts").search(queries(other), run) == telling.search(queries(same, other), run)


def test_no_texts_find_nothing(films: Collection) -> None:
    """An updater that is asked nothing asks nothing."""
    for one in (Reformulation("passage"), Feedback(), Expansion()):
        assert [] == one.search([], Run(films, corpus.QUESTION))


def test_the_nearest_are_those_found(films: Collection) -> None:
    """After the first search nothing is searched for again, and the result is the same."""
    first, again = nearest(after_search(films), 3), nearest(Run(films, corpus.QUESTION), 3)
    assert [one.passage.id for one in again] == [one.passage.id for one in first]
    assert 3 == len(first)


def test_the_question_is_said_twice(films: Collection) -> None:
    """The control proposes the question and nothing else."""
    (query,) = Repeat().reformulate(Run(films, corpus.QUESTION))
    assert f"{corpus.QUESTION} {corpus.QUESTION}" == query["text"]


def test_the_moved_question_lies_between(films: Collection) -> None:
    """Feedback goes towards the mean of the nearest, by `beta`."""
    run, feedback = after_search(films), Feedback(beta=0.5, nearest=2)
    moved = feedback.vectors(feedback.reformulate(run), run)[0]
    mean = np.mean([one.vector for one in nearest(run, 2)], axis=0)

    np.testing.assert_allclose(unit((run.vector + 0.5 * mean)[None])[0], moved, atol=1e-6)
    np.testing.assert_allclose(
        run.vector, replace(feedback, beta=0.0).vectors(queries(run.question), run)[0], atol=1e-6
    )


def test_expansion_adds_telling_words(films: Collection) -> None:
    """They stand in the nearest passages, not in the question, and rare ones come first."""
    run, expansion = after_search(films), Expansion(passages=1, terms=4)
    said = nearest(run, 1)[0].passage
    words = expansion.words(run.question, run)

    assert 4 == len(words)
    assert all(word in f"{said.title} {said.text}".lower() and word not in run.question.lower() for word in words)
    text = " ".join([run.question, *words])
    finds = expansion.search(expansion.reformulate(run), run)
    assert [hit.id for hit in films.lexical(text, 50)] == [find["id"] for find in finds]


@pytest.mark.parametrize("augmenter", [Feedback(), Expansion(), Repeat(), PASSAGE, KEYWORDS, THOUGHTS], ids=repr)
def test_all_augmenters_count_as_such(augmenter: Augmenter, films: Collection) -> None:
    """The ranker takes what one finds for a search, not for a path."""
    run = after_search(films)
    queries = augmenter.reformulate(run) or [first_query("The Sumida flows through Tokyo.", augmenter)]
    ranked = PathScore().rank(augmenter.search(queries, run), run)

    assert ranked
    assert {True} == {"search" in item["parts"] and "path" not in item["parts"] for item in ranked}


def test_a_reformulation_is_a_third_of_the_rank(films: Collection) -> None:
    """What the first search and the reformulation gave a passage is one part, and no larger than without."""
    run = after_search(films)
    one, other = sorted(run.found)[:2]
    first = [bridge(name, 0.6, []) for name in (one, other)]
    ranker = PathScore()
    alone = {item["id"]: item for item in ranker.rank(first, run)}
    both = {item["id"]: item for item in ranker.rank([*first, *reformulated([Hit(one, 0.9)], "passage")], run)}

    assert set(alone[one]["parts"]) == set(both[one]["parts"])
    assert [0.7 * (2 * 0.6 + 1) / 3, 0.7 * 2 * 0.6 / 3] == [
        pytest.approx(both[name]["parts"]["search"]) for name in (one, other)
    ]
    assert ["search", "passage"] == [
        both[one]["via"],
        ranker.rank(reformulated([Hit(one, 0.9)], "passage"), run)[0]["via"],
    ]
