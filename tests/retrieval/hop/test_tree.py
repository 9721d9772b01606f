"""Growing trees of passages: true ranks, redundancy, and many questions at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polyhop.core.types import Hit, Vectors
from polyhop.core.vectors import unit
from polyhop.retrieval.hop.tree import Branch, Growth, Tree, grow, kept, ranked

from . import gates

PASSAGES = 60


@dataclass
class Plain:
    """Passages searched exactly."""

    matrix: Vectors
    asked: list[int]

    def dense(self, vectors: Vectors, k: int) -> list[list[Hit]]:
        """Return the k nearest of each."""
        self.asked.append(len(vectors))
        return [
            [Hit(f"p{row:02}", float(scores[row])) for row in np.argsort(-scores, kind="stable")[:k]]
            for scores in vectors @ self.matrix.T
        ]

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the vectors by id."""
        return {name: self.matrix[int(name[1:])] for name in ids}


def place(seed: int = 2) -> Plain:
    """Return passages with drawn vectors."""
    chance = np.random.default_rng(seed)
    return Plain(unit(chance.normal(size=(PASSAGES, 384)).astype(np.float32)), [])


def questions(count: int = 3) -> Vectors:
    """Return drawn unit vectors."""
    return unit(np.random.default_rng(9).normal(size=(count, 384)).astype(np.float32))


def test_pruning_keeps_the_best_by_rank() -> None:
    """The highest cosines survive, best first, ties by id."""
    cosines, ids = [0.1, 0.9, 0.5, 0.9, 0.7], ["a", "z", "c", "b", "e"]

    assert [3, 1, 4] == kept(ranked(cosines, ids), 3)
    assert [3, 1, 4, 2, 0] == kept(ranked(cosines, ids), 3, "none")


def test_published_pruning_takes_the_order_for_the_ranks() -> None:
    """The public code keeps the places i whose entry in the sorted order is small, whatever their score."""
    order = ranked([0.1, 0.9, 0.5, 0.8, 0.7], list("abcde"))

    assert [1, 3, 4, 2, 0] == order
    assert [4, 0] == kept(order, 2, "published")  # since order[0] == 1 and order[4] == 0


def test_published_pruning_is_little_better_than_chance() -> None:
    """Of five branches of five the public code keeps 1.2 of the true best five on average; chance keeps one."""
    chance = np.random.default_rng(0)
    shared = []
    for _ in range(2_000):
        cosines = np.sort(chance.random((5, 5)), axis=1)[:, ::-1].ravel().tolist()
        order = ranked(cosines, [f"{place:02}" for place in range(25)])
        shared.append(len({*kept(order, 5, "published")} & {*kept(order, 5)}))

    assert 1.1 < np.mean(shared) < 1.3


def test_a_first_layer_is_a_plain_search() -> None:
    """With one hop a tree holds what the question itself finds, and the network is not asked."""
    found = grow(questions(), place(), gates.gate(), Growth(hops=1, width=4, depth=6))
    expected = [[hit.id for hit in hits[:4]] for hits in place().dense(questions(), 6)]

    assert expected == [tree.passages() for tree in found]


def test_a_layer_is_searched_with_the_raw_states_of_the_one_before() -> None:
    """Each passage kept moves the query that found it; it goes on from the raw state."""
    there, gate = place(), gates.gate()
    (tree,) = grow(questions(1), there, gate, Growth(hops=3, width=1, depth=1, redundant=True))
    state, path = questions(1), []
    for layer in tree.layers:
        allowed = [hit for hit in there.dense(unit(state), 5)[0] if hit.id not in path]
        assert [Branch(allowed[0].id, allowed[0].score, tuple(path))] == layer
        state = gate(state, there.vectors([layer[0].id])[layer[0].id][None, :])
        path.append(layer[0].id)


def test_a_layer_of_all_questions_is_one_search() -> None:
    """Trees of many questions cost one search for each layer, and come out as if each were alone."""
    there, gate, growth = place(), gates.gate(), Growth(hops=3, width=3, depth=4)
    together = grow(questions(), there, gate, growth)
    searches = list(there.asked)
    alone = [grow(one[None, :], place(), gate, growth)[0] for one in questions()]

    assert [3, 9, 9] == searches
    assert [tree.passages() for tree in alone] == [tree.passages() for tree in together]


def test_redundant_branches_end() -> None:
    """A passage that an earlier layer found is not found again, unless redundancy is allowed."""
    gate = gates.gate()
    still = [layer for tree in grow(questions(), place(), gate, Growth(3, 4, 8)) for layer in _ids(tree)]
    again = grow(questions(), place(), gate, Growth(3, 20, 40, redundant=True))

    for first, second, third in zip(still[::3], still[1::3], still[2::3], strict=True):
        assert set() == first & second | first & third | second & third
    assert any(first & second for first, second, _ in map(_ids, again))


def test_no_question_grows_no_tree() -> None:
    """An empty batch is answered without a search."""
    there = place()

    assert ([], []) == (grow(questions(0), there, gates.gate()), there.asked)


def _ids(tree: Tree) -> list[set[str]]:
    return [{branch.id for branch in layer} for layer in tree.layers]
