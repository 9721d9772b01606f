"""The hop updaters keep the contract, and the contract notices those that do not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from polyhop.retrieval.candidate import Candidate, Query
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.pagerank import PageRankHop
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.hop.shared import SharedNameHop
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.query.expansion import Expansion
from polyhop.retrieval.query.feedback import Feedback
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.written import KEYWORDS
from polyhop.retrieval.run import Run

from . import contract
from .contract import CHECKS, Check, HopUpdaterContract, World, failing, planned, world

__all__ = ["world"]


class TestLinkHop(HopUpdaterContract):
    """Names as links."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a link hop with its defaults."""
        return LinkHop()


class TestSharedNameHop(HopUpdaterContract):
    """Names that no document bears as links."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a shared-name hop with its defaults."""
        return SharedNameHop()


class TestSpanHop(HopUpdaterContract):
    """Names asked by vector."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a span hop with its defaults."""
        return SpanHop()


class TestPageRankHop(HopUpdaterContract):
    """Walks over links."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a PageRank hop with its defaults."""
        return PageRankHop()


class TestDirectionalHop(HopUpdaterContract):
    """Moved vectors."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a directional hop with its defaults."""
        return DirectionalHop()


class TestFirstSearch(HopUpdaterContract):
    """The question itself."""

    ask = staticmethod(planned)

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a first search with its defaults."""
        return FirstSearch()


ABOUT_BRIDGES = (contract.paths_end_in_a_bridge, contract.skips_gone_bridges, contract.nothing_comes_of_nothing)


class AugmenterContract(HopUpdaterContract):
    """The question in other words; it needs no bridges."""

    ask = staticmethod(planned)

    @pytest.mark.parametrize("check", [one for one in CHECKS if one not in ABOUT_BRIDGES], ids=lambda one: one.__name__)
    def test_contract(self, check: Check, updater: HopUpdater, world: World) -> None:
        """An augmenter keeps each point but those about bridges: what it proposes does not depend on them."""
        check(updater, world, self.ask)


class TestFeedback(AugmenterContract):
    """The question moved towards what it finds."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return feedback with its defaults."""
        return Feedback()


class TestExpansion(AugmenterContract):
    """The question with words of what it finds."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return expansion with its defaults."""
        return Expansion()


class TestWritten(AugmenterContract):
    """Texts that were written, here the question itself, searched for in both halves."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return the updater of keywords."""
        return KEYWORDS


@dataclass
class Sound:
    """A link hop; each subclass breaks one point of the contract."""

    inner: LinkHop = field(default_factory=LinkHop)
    name: str = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return what the link hop proposes."""
        return self.inner.propose(bridges, run)

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the link hop finds."""
        return self.inner.search(queries, run)


class ReturnsOwnBridge(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        finds = super().search(queries, run)
        return finds + [Candidate(**{**find, "id": find["path"][-1]}) for find in finds]


class RandomOrder(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        finds = super().search(queries, run)
        for find in finds:
            find["score"] += random.SystemRandom().random()
        return finds


class NumpyScalars(Sound):
    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        return [Query(**{**query, "score": np.float64(1.0)}) for query in super().propose(bridges, run)]


class Unbounded(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        path = queries[0]["path"] if queries else []
        everything = run.retriever.lexical("minutes meeting", 10_000) if queries else []
        found = [
            Candidate(id=hit.id, kind="link", via="link", path=path, name="", score=1.0) for hit in everything
        ] * len(queries)
        return found if run.where == "" else super().search(queries, run)


class IgnoresFilter(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        return super().search(queries, Run(run.retriever, run.question))


class NegativeValues(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        return [Candidate(**{**find, "score": -1.0}) for find in super().search(queries, run)]


class PathFromElsewhere(Sound):
    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        return [Query(**{**query, "path": [*query["path"], "x"]}) for query in super().propose(bridges, run)]


class StumblesOverGone(Sound):
    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        run.load(bridge["id"] for bridge in bridges)
        if run.gone:
            raise KeyError(*run.gone)
        return super().propose(bridges, run)


class ChangesBridges(Sound):
    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        queries = super().propose(bridges, run)
        for bridge in bridges:
            bridge["score"] += 1
        return queries


class KeepsQueriesInMemory(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        return super().search([query for query in queries if id(query) in self._made()], run)

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        queries = super().propose(bridges, run)
        self.__dict__["made"] = {id(query): query for query in queries}
        return queries

    def _made(self) -> dict[int, Query]:
        return self.__dict__.get("made", {})  # type: ignore[no-any-return]


class NeedsBridges(Sound):
    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        return [*super().propose(bridges, run), *super().propose(bridges[:1], run)][: 1000 // len(bridges)]


class FindsTheDead(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        return [Candidate(**{**find, "id": "f" * 32}) for find in super().search(queries, run)]


class SignsForAnother(Sound):
    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        return [Query(**{**query, "updater": "other"}) for query in super().propose(bridges, run)]


BROKEN = {
    ReturnsOwnBridge: "never_returns_its_path",
    RandomOrder: "is_deterministic",
    NumpyScalars: "is_plain_json",
    Unbounded: "is_bounded",
    IgnoresFilter: "keeps_to_the_filter",
    NegativeValues: "values_are_sound",
    PathFromElsewhere: "paths_end_in_a_bridge",
    StumblesOverGone: "skips_gone_bridges",
    ChangesBridges: "leaves_its_arguments_alone",
    KeepsQueriesInMemory: "resumes_from_json",
    NeedsBridges: "nothing_comes_of_nothing",
    FindsTheDead: "finds_exist",
    SignsForAnother: "signs_its_queries",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_updater(broken: type[Sound], world: World) -> None:
    """Each way of breaking the contract fails the check that is there for it."""
    assert BROKEN[broken] in failing(broken(), world)


def test_the_contract_passes_a_sound_updater(world: World) -> None:
    """The updater that the broken ones are made from passes every check."""
    assert set() == failing(Sound(), world)
