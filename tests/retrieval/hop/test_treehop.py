"""The trained hop: the contract, states from paths, pruning, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.types import Hit, Vectors
from polyhop.core.vectors import unit
from polyhop.retrieval.candidate import Query
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.hop.treehop import TreeHop
from polyhop.retrieval.hop.treehop_network import TreeHopNetwork
from polyhop.retrieval.run import Run

from . import gates
from .contract import NOBODY, HopUpdaterContract, World, world

__all__ = ["world"]


@pytest.fixture(scope="module")
def hop(tmp_path_factory: pytest.TempPathFactory) -> TreeHop:
    """Return a trained hop with drawn weights."""
    return TreeHop(gates.loaded(tmp_path_factory.mktemp("weights") / "w.safetensors"))


class TestTreeHop(HopUpdaterContract):
    """The network's queries."""

    @pytest.fixture
    def updater(self, hop: TreeHop) -> HopUpdater:
        """Return a trained hop with its defaults."""
        return hop


class Counting(TreeHopNetwork):
    """A network that counts its calls."""

    calls: list[int] = []  # noqa: RUF012 - a frozen class can hold its tally nowhere else

    def __call__(self, queries: Vectors, passages: Vectors) -> Vectors:
        """Note the size of the batch."""
        self.calls.append(len(queries))
        return TreeHopNetwork.__call__(self, queries, passages)


@pytest.fixture
def counted(hop: TreeHop) -> Iterator[TreeHop]:
    """Return the hop with a network that counts."""
    Counting.calls.clear()
    weights = hop.weights
    yield replace(hop, weights=replace(weights, gate=Counting(weights.gate.shape, weights.gate.parameters)))


def test_the_state_is_that_of_the_path(hop: TreeHop, world: World) -> None:
    """A query is the question's vector moved by each passage of the path in turn, raw between them."""
    run = world.run()
    query = hop.propose(world.bridges(), run)[1]
    first, second = (world.collection.vectors([name])[name][None, :] for name in query["path"])
    gate = hop.weights.gate

    np.testing.assert_allclose(gate(gate(run.vector[None, :], first), second), hop.states([query], run), rtol=1e-5)


def test_a_layer_is_one_call_of_the_network(counted: TreeHop, world: World) -> None:
    """All queries of a layer are computed at once, and states known already are not computed again."""
    run = world.run()
    queries = counted.propose(world.bridges(), run)
    counted.search(queries, run)
    counted.search(queries, run)

    # the two bridges without a path, whose states the two behind them go on from
    assert [2, 2] == Counting.calls


def test_a_passage_that_is_gone_leaves_the_state(hop: TreeHop, world: World) -> None:
    """A query whose passages are gone is asked with the state before them."""
    run = world.run()
    gone = Query(text="", updater="treehop", checkpoint="", path=[NOBODY], score=1.0)

    np.testing.assert_array_equal(run.vector, hop.states([gone], run)[0])


def test_the_best_of_the_layer_are_kept(hop: TreeHop, world: World) -> None:
    """Of all queries' finds together those with the highest cosines stay, worth less by rank."""
    run = world.run()
    queries = hop.propose(world.bridges(), run)
    every = replace(hop, width=1_000).search(queries, world.run())
    few = replace(hop, width=3).search(queries, world.run())

    assert every[:3] == few
    lists = world.collection.dense(unit(hop.states(queries, run)), 12)
    assert max(hits[0].score for hits in lists) == pytest.approx(_cosine(hop, run, few[0]["path"], few[0]["id"]))


def _cosine(hop: TreeHop, run: Run, path: Sequence[str], name: str) -> float:
    query = Query(text="", updater="", checkpoint="", path=list(path), score=1.0)
    return float(unit(hop.states([query], run))[0] @ run.retriever.vectors([name])[name])


@pytest.mark.parametrize("redundant", ["expanded", "found"])
def test_earlier_passages_end_a_branch(hop: TreeHop, world: World, redundant: str) -> None:
    """What was gone on from, or found, before is not found again; without that rule it is."""
    run = world.run()
    queries = hop.propose(world.bridges(), run)
    first = replace(hop, redundant="none").search(queries, run)[0]["id"]
    setattr(run, redundant, frozenset([first]))

    assert first not in {find["id"] for find in replace(hop, redundant=redundant).search(queries, run)}
    assert first in {find["id"] for find in replace(hop, redundant="none").search(queries, run)}


def test_worth_falls_with_the_bridge_the_cosine_and_the_rank(hop: TreeHop) -> None:
    """A find is worth a share of its bridge's score, never less than nothing."""
    best = hop.score(2.0, 0.8, 1)

    assert best > hop.score(1.0, 0.8, 1) > 0
    assert best > hop.score(2.0, 0.4, 1) > 0
    assert best > hop.score(2.0, 0.8, 2) > 0
    assert [0.0, 0.0] == [hop.score(-1.0, 0.8, 1), hop.score(2.0, -0.1, 1)]


def test_published_pruning_is_at_hand(hop: TreeHop, world: World) -> None:
    """The pruning of the public code can be had for comparison; it keeps other passages."""
    run = world.run()
    queries = hop.propose(world.bridges(), run)

    assert hop.search(queries, run) != replace(hop, pruning="published").search(queries, run)


def test_weights_tell_their_queries_apart(hop: TreeHop, world: World, tmp_path: Path) -> None:
    """Queries carry the hash of the weights, so that a run is not finished with others."""
    other = TreeHop(gates.loaded(tmp_path / "other.safetensors", seed=6))

    assert [hop.checkpoint] * 4 == [query["checkpoint"] for query in hop.propose(world.bridges(), world.run())]
    assert hop.checkpoint != other.checkpoint


def test_hits_are_asked_for_in_one_search(hop: TreeHop, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All queries of a layer are one call of the index."""
    run = world.run()
    queries = hop.propose(world.bridges(), run)
    asked = []
    dense = world.collection.dense

    def listening(vectors: Vectors, k: int, *, where: str = "") -> list[list[Hit]]:
        asked.append(len(vectors))
        return dense(vectors, k, where=where)

    monkeypatch.setattr(world.collection, "dense", listening)
    hop.search(queries, run)

    assert [4] == asked
