"""Examples: what is kept apart, what is mined, what a batch holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polyhop.training.treehop.examples import HopTable, mined, split, table
from polyhop.training.treehop.links import HopExample
from polyhop.training.treehop.train import batches, steps

from . import worlds


def chained(count: int = 60) -> list[HopExample]:
    """Return examples each of which shares a gold passage with the next."""
    return [HopExample(f"q{n}", (f"p{n}",), (f"p{n + 1}",)) for n in range(count)]


def small(**parts: object) -> HopTable:
    """Return a table of the turning world."""
    made = [replace(one, **parts) for one in worlds.examples(40)]  # type: ignore[arg-type]
    questions = [one.question for one in made]
    return table(made, worlds.pool(), worlds.Turning().encode_queries(questions), questions)


@pytest.mark.parametrize("seed", range(5))
def test_no_passage_is_gold_on_both_sides(seed: int) -> None:
    """What touches a held-out passage is left out of training, even where everything hangs together."""
    parts = split(chained(), share=0.2, most=100, seed=seed)
    golds = [{name for example in side for name in example.gold} for side in (parts.training, parts.heldout)]

    assert set() == golds[0] & golds[1]
    assert 12 == len(parts.heldout)
    assert 60 == len(parts.training) + len(parts.heldout) + parts.dropped
    assert parts.training


def test_all_hops_of_a_question_go_to_one_side() -> None:
    """A question's hops are never divided."""
    hops = [
        HopExample(f"q{n}", path, end)
        for n in range(20)
        for path, end in [((f"a{n}",), (f"b{n}",)), ((f"a{n}", f"b{n}"), (f"c{n}",))]
    ]
    parts = split(hops, share=0.3, most=100, seed=1)

    assert 12 == len(parts.heldout)
    assert set() == {one.question for one in parts.heldout} & {one.question for one in parts.training}


def test_questions_about_hubs_are_not_kept_apart() -> None:
    """A passage that many questions share would take them all out of training, so those stay in it."""
    about_hub = [HopExample(f"h{n}", ("hub",), (f"x{n}",)) for n in range(50)]
    parts = split([*about_hub, *chained(20)], share=0.2, most=100, seed=0)

    assert {"hub"} & {name for one in parts.heldout for name in one.gold} == set()
    assert 50 == sum(one.path == ("hub",) for one in parts.training)


def test_mined_negatives_are_near_and_never_gold() -> None:
    """Hard negatives are the neighbours of question and passage without what is right."""
    found = mined(small(negatives=()), per=3)

    for place, negatives in enumerate(found.negatives):
        assert 3 <= len(negatives) <= 6
        assert set() == found.gold[found.asked[place]] & set(negatives)
    near = found.pool.nearest(found.vectors[:1], 4)[0].tolist()
    assert set([row for row in near if row not in found.gold[0]][:3]) <= set(found.negatives[0])


def test_a_batch_marks_what_is_right_and_wrong() -> None:
    """Other passages of the batch are wrong but for what is gold of the question; the path is as the recipe says."""
    given = small()
    (batch, *_) = batches(given, worlds.recipe(batch=40, back=True), 0)
    (back, *_) = batches(given, worlds.recipe(batch=40, back=False), 0)

    assert [1] * 40 == batch.right.sum(axis=1).tolist()
    assert not (batch.right & batch.wrong).any()
    assert [len(batch.passages) - 1] * 40 == batch.wrong.sum(axis=1).tolist()
    assert len(batch.passages) == len(back.passages) + 40


def test_explicit_negatives_are_the_examples_own() -> None:
    """As in the public code, what is right for another example is no negative."""
    (batch, *_) = batches(small(), worlds.recipe(batch=40, loss="explicit", back=False), 0)

    assert [1] * 40 == batch.wrong.sum(axis=1).tolist()


def test_an_epoch_can_be_entered_anywhere() -> None:
    """The batches after a step are the same whether those before it were made or not."""
    given, recipe = small(), worlds.recipe(batch=16)
    whole, rest = list(batches(given, recipe, 3)), list(batches(given, recipe, 3, first=1))

    assert 3 == steps(len(given), recipe) == len(whole)
    for one, other in zip(whole[1:], rest, strict=True):
        np.testing.assert_array_equal(one.passages, other.passages)
        np.testing.assert_array_equal(one.questions, other.questions)
