"""Searchers, hop updaters and augmenters keep the contract, and the contract notices those that do not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from polyhop.retrieval.candidate import Candidate, Kind, Query
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.hyperlink import HyperlinkHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.pagerank import PageRankHop
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.hop.shared import SharedNameHop
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.hop.unborne import UnborneNameHop
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.reformulations import KEYWORDS, Expansion, Feedback, Repeat
from polyhop.retrieval.query.role import Augmenter, Searcher
from polyhop.retrieval.run import Run

from .contract import (
    AUGMENTING,
    AugmenterContract,
    HopUpdaterContract,
    SearcherContract,
    World,
    asked,
    failing,
    reformulated,
    world,
)

__all__ = ["world"]


class TestLinkHop(HopUpdaterContract):
    """Names as links."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a link hop with its defaults."""
        return LinkHop()


class TestHyperlinkHop(HopUpdaterContract):
    """Links that authors wrote."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a hyperlink hop with its defaults."""
        return HyperlinkHop()


def test_the_world_has_links_to_follow(world: World) -> None:
    """What the contract asks of the hyperlink hop is not asked of nothing, with a filter neither."""
    hop = HyperlinkHop()
    for where in ("", "kind = 'person'"):
        run = world.run(where)
        found = hop.search(hop.propose(world.bridges(), run), run)
        assert [world.ids["Steven Spielberg"]] == [one["id"] for one in found]


class TestSharedNameHop(HopUpdaterContract):
    """Names that no document bears as links."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return a shared-name hop with its defaults."""
        return SharedNameHop()


class TestUnborneNameHop(HopUpdaterContract):
    """Short names, product numbers and identifiers as links."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return an unborne-name hop with its defaults."""
        return UnborneNameHop()


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


class TestFirstSearch(SearcherContract):
    """The question itself."""

    @pytest.fixture
    def searcher(self) -> Searcher:
        """Return a first search with its defaults."""
        return FirstSearch()


class TestFeedback(AugmenterContract):
    """The question moved towards what it finds."""

    @pytest.fixture
    def augmenter(self) -> Augmenter:
        """Return feedback with its defaults."""
        return Feedback()


class TestExpansion(AugmenterContract):
    """The question with words of what it finds."""

    @pytest.fixture
    def augmenter(self) -> Augmenter:
        """Return expansion with its defaults."""
        return Expansion()


class TestRepeat(AugmenterContract):
    """The question twice."""

    @pytest.fixture
    def augmenter(self) -> Augmenter:
        """Return the repetition."""
        return Repeat()


class TestWritten(AugmenterContract):
    """Texts that were written, here the question itself, searched for in both halves."""

    ask = staticmethod(asked)

    @pytest.fixture
    def augmenter(self) -> Augmenter:
        """Return the augmenter of keywords."""
        return KEYWORDS


@dataclass
class Sound:
    """A link hop; each subclass breaks one point of the contract."""

    inner: LinkHop = field(default_factory=LinkHop)
    name: str = "link"
    kind: Kind = "link"
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


class NegativeScores(Sound):
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


class ChangesQueries(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        found = super().search(queries, run)
        for query in queries:
            query["score"] += 1
        return found


class SearchesUnasked(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        if queries:
            return super().search(queries, run)
        hits = run.retriever.lexical("minutes meeting", 1)
        return [Candidate(id=hit.id, kind="link", via="link", path=[], name="", score=1.0) for hit in hits]


class ForgetsAKey(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        finds = super().search(queries, run)
        for find in finds:
            del find["kind"]  # type: ignore[misc]
        return finds


class OfAnotherKind(Sound):
    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        return [Candidate(**{**find, "kind": "vector"}) for find in super().search(queries, run)]


class NoHop(Sound):
    def __init__(self) -> None:
        super().__init__(inner=LinkHop(kind="named"), kind="named")


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
    NegativeScores: "scores_are_sound",
    PathFromElsewhere: "paths_end_in_a_bridge",
    StumblesOverGone: "skips_gone_bridges",
    ChangesBridges: "leaves_its_bridges_alone",
    ChangesQueries: "leaves_its_queries_alone",
    SearchesUnasked: "finds_nothing_without_queries",
    ForgetsAKey: "finds_are_candidates",
    OfAnotherKind: "finds_are_of_its_kind",
    NoHop: "finds_are_of_its_kind",
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


class Misplaced(Feedback):
    """Feedback that calls its finds hops."""

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what feedback finds, as if by vector from a passage on."""
        return [Candidate(**{**find, "kind": "vector"}) for find in super().search(queries, run)]


class FromAPassage(Feedback):
    """Feedback that starts from a passage."""

    def reformulate(self, run: Run) -> list[Query]:
        """Return the question as if a passage had led to it."""
        return [Query(**{**query, "path": ["x"]}) for query in super().reformulate(run)]


@pytest.mark.parametrize(
    ("augmenter", "expected"),
    [
        (Feedback(), set()),
        (Misplaced(), {"finds_are_reformulations"}),
        (FromAPassage(), {"finds_along_its_queries", "makes_queries_without_a_path"}),
    ],
)
def test_the_contract_notices_a_broken_augmenter(augmenter: Augmenter, expected: set[str], world: World) -> None:
    """A sound one passes every check, a broken one fails those that are there for it."""
    assert expected == failing(augmenter, world, reformulated, AUGMENTING)
