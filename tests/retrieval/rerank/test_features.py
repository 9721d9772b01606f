"""What is known of a ranking: as many numbers as names, finite whatever the ranking, and blind to rerankers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.listwise import (
    CROSS,
    HEAD,
    KINDS,
    NAMES,
    SUMMARY,
    Reading,
    base_score,
    cross_features,
    features,
    in_first_order,
    summary,
)
from polyhop.retrieval.rerank.role import reordered

from .rankings import item, reading, told

QUESTION = "Which river runs through Vienna?"
TEXTS = {"a": "Vienna is a city.", "b": "The Danube is a river.", "c": "Nothing."}
RANKINGS: Mapping[str, Sequence[Candidate]] = {
    "one candidate": [item("a", 1.0)],
    "no parts": [Candidate(id="a", score=1.0, kind="question", via="search", path=[], name=""), item("b", 0.5)],
    "a bridge that is not among them": [item("a", 1.0, path=["z"], via="link"), item("b", 0.5, path=["y", "z"])],
    "its own bridge": [item("a", 1.0, path=["a"])],
    "none of them there": [item("x", 1.0), item("y", 0.5)],
    "more than the head": [item(f"{n:02}", -n / 10) for n in range(HEAD + 9)],
    "equal scores": [item(name, 0.0) for name in "abc"],
    "large scores": [item("a", 1e9), item("b", -1e9)],
}
QUESTIONS = {"usual": QUESTION, "stop words only": "What is it that they do?", "empty": ""}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("ranking", RANKINGS)
def test_there_is_a_finite_number_for_each_name(ranking: str, question: str) -> None:
    """Whatever the ranking and the question, each candidate has all features and the ranking its own."""
    head = reading(RANKINGS[ranking], QUESTIONS[question], TEXTS)
    size = min(HEAD, len(RANKINGS[ranking]))
    numbers = features(head), cross_features(head), summary(head, np.linspace(2, -2, size), range(size))

    assert [(size, len(NAMES)), (size, len(CROSS)), (len(SUMMARY),)] == [one.shape for one in numbers]
    assert all(np.isfinite(one).all() for one in numbers)


def test_an_empty_ranking_has_features_too() -> None:
    """There are no candidates, and the summary says so in finite numbers."""
    head = reading([], QUESTION)

    assert (0, len(NAMES)) == features(head).shape
    assert (0, len(CROSS)) == cross_features(head).shape
    assert np.isfinite(summary(head, np.empty(0), [])).all()


def test_names_are_unique() -> None:
    """No feature hides another one."""
    names = [*NAMES, *CROSS]
    assert (len(names), len(SUMMARY)) == (len(set(names)), len(set(SUMMARY)))


def named(head: Reading) -> list[dict[str, float]]:
    """Return the features of each candidate by name."""
    rows = np.column_stack([features(head), cross_features(head)]).tolist()
    return [dict(zip((*NAMES, *CROSS), row, strict=True)) for row in rows]


@pytest.mark.parametrize("kind", ["question", "named", "reformulation", *KINDS])
def test_a_candidate_counts_by_its_kind(kind: str) -> None:
    """Updaters of one kind are the same to the scorer, and what no path led to is of none of its kinds."""
    (row,) = named(reading([item("a", 1.0, kind=kind, via="anything")], QUESTION, TEXTS))

    assert [float(one == kind) for one in KINDS] == [row[f"by {one}"] for one in KINDS]


def test_unread_candidates_count_as_the_worst_read() -> None:
    """Where only some were read by a cross-encoder the others get its lowest logit."""
    ranked = [item("a", 3.0, logit=1.5), item("b", 2.0, logit=-2.5), item("c", 1.0)]
    assert [1.5, -2.5, -2.5] == [one["logit"] for one in named(reading(ranked, QUESTION, TEXTS))]


def test_the_summary_tells_what_is_left_open() -> None:
    """The share of the question's words that the first passages lack falls when one of them holds them."""
    ranked = [item(name, 1.0) for name in "abc"]
    parts = {}
    for texts in ({}, {"a": TEXTS["a"]}, TEXTS):
        head = reading(ranked, QUESTION, texts)
        parts[len(texts)] = dict(zip(SUMMARY, summary(head, np.zeros(3), range(3)), strict=True))

    assert [1.0, 0.75, 0.5] == pytest.approx([one["share missed"] for one in parts.values()])
    assert [0.0, 1.0, 1.0] == [4 * one["share of first"] for one in parts.values()]
    assert 4 == parts[0]["question"]


@pytest.mark.parametrize("bare", ["parts", "no parts"])
def test_the_first_order_survives_rerankers(bare: str) -> None:
    """Score, order and features are those of the ranker, however rerankers have changed the ranking since."""
    ranked = [item(name, score) for name, score in (("a", 3.0), ("b", 2.0), ("c", 1.0))]
    if bare == "no parts":
        ranked = [
            Candidate(id=one["id"], score=one["score"], kind="question", via="search", path=[], name="")
            for one in ranked
        ]
    turned = reordered(reordered(ranked, [-9.0, 0.0, 9.0], "cross"), [7.0, 1.0, 2.0], "cover")
    assert ["c", "a", "b"] == [one["id"] for one in turned]

    assert [3.0, 2.0, 1.0] == [pytest.approx(base_score(one)) for one in in_first_order(turned)]
    assert ["a", "b", "c"] == [one["id"] for one in in_first_order(turned)]
    run = told(QUESTION, TEXTS)
    wanted = features(Reading.of(ranked, run))
    assert wanted == pytest.approx(features(Reading.of(turned, run)))
    assert wanted == pytest.approx(features(Reading.of(Cover().rerank(turned, run), run)))
