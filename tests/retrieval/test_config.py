"""A configuration made of settings: parts of one's own by `module:Class`, and names that are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import pytest

from polyhop.agent import Agent
from polyhop.core.errors import CallerError
from polyhop.core.settings import Settings
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate, Kind, Query
from polyhop.retrieval.config import Config
from polyhop.retrieval.fusion.rrf import ReciprocalRank
from polyhop.retrieval.hop.hyperlink import HyperlinkHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.reformulations import Feedback
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.learned import Learned
from polyhop.retrieval.rerank.role import head_of
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import MaxHops, Progress, Stop, WhenDry
from polyhop.store.collection import Collection
from tests import corpus

HERE = __name__


@dataclass(frozen=True, slots=True)
class TitleHop:
    """Goes on by the words of a passage's title, with a few lines: the searcher inside does the rest."""

    depth: int = 3
    name: str = "title"
    kind: Kind = "words"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return the title of the best bridge as a query."""
        return [
            Query(text=there.passage.title, updater=self.name, checkpoint="", path=[one["id"]], score=one["score"])
            for one in bridges[:1]
            if (there := run.known(one["id"])) is not None
        ]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the words of the title find beside the bridge, all worth the same."""
        return [
            Candidate(id=hit.id, kind=self.kind, via=self.name, path=query["path"], name="", score=9.0)
            for query in queries
            for hit in run.retriever.lexical(query["text"], self.depth)
            if hit.id not in query["path"]
        ]


@dataclass(frozen=True, slots=True)
class Shortest:
    """Prefers short passages among the first ones."""

    depth: int = 30
    name: str = "shortest"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the head by length, and the rest behind it."""
        head = head_of(ranked, self.depth, run)
        return head.rescored([-float(len(known.passage.text)) for known in head.known], self.name)


@dataclass(frozen=True, slots=True)
class WhenFew(Stop):
    """Ends once a search finds few new passages."""

    least: int = 3

    def __call__(self, progress: Progress) -> bool:
        return progress.new_passages < self.least


@dataclass(frozen=True, slots=True)
class Nothing:
    """Plays no role."""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("config"), embedder) as opened:
        yield opened


def asked(films: Collection, k: int = 12, *, parts: dict[str, Any] | None = None, **settings: Any) -> Any:
    """Return what a whole question finds with these settings, and with other parts where some are given."""
    with Agent(films, config=replace(Config.of(Settings(**settings), films), **parts or {})) as agent:
        return agent.retrieve(corpus.QUESTION, k)


def test_a_configuration_without_settings_is_that_of_the_default_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a `Config` by hand begins where the settings do, and nobody changes it afterwards."""
    monkeypatch.delenv("POLYHOP_SECONDS", raising=False)  # tests have more time than the default
    made = Config()
    assert Config.of(Settings()) == made
    assert FirstSearch(fusion=ReciprocalRank()) == made.first
    assert (LinkHop(), HyperlinkHop()) == made.hops
    assert MaxHops(1) | WhenDry() == made.stop
    assert ((Learned(), Cover()), (), ()) == (made.light, made.further, made.rerankers)
    with pytest.raises(FrozenInstanceError):
        made.seconds = 1.0  # type: ignore[misc]


def test_a_hop_of_ones_own_is_named_by_the_settings(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of any module hops beside those that come along, with its argument, also by the environment."""
    monkeypatch.setenv("POLYHOP_UPDATERS", f"link,{HERE}:TitleHop=2")
    assert (LinkHop(), TitleHop(2)) == Config.of(Settings()).hops

    found = asked(films)
    bridge = found.passages[0].path[0] if found.passages[0].path else found.passages[0]
    by_title = [one for one in found.passages if one.via == "title"]
    assert by_title
    assert {(1, (bridge.id,))} == {(one.hop, tuple(step.id for step in one.path)) for one in by_title}


def test_a_reranker_of_ones_own_is_named_by_the_settings(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """It orders the outcome, and its part of the scores bears its name."""
    monkeypatch.setenv("POLYHOP_RERANKERS", f"{HERE}:Shortest=20")
    assert (Shortest(20),) == Config.of(Settings(profile="quality")).rerankers

    found = asked(films, parts={"duplicates": None}, profile="quality")
    lengths = [len(one.text) for one in found.passages]
    assert sorted(lengths) == lengths
    assert all("shortest" in one.parts for one in found.passages)


@pytest.mark.parametrize(("rule", "hops", "stopped"), [("=1", 1, MaxHops(1)), ("=1000", 0, WhenFew(1000))])
def test_a_stop_rule_of_ones_own_is_named_by_the_settings(
    rule: str, hops: int, stopped: Stop, films: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends a run where it fires, and the result says that it did."""
    monkeypatch.setenv("POLYHOP_STOP", f"dry,{HERE}:WhenFew{rule}")
    found = asked(films)

    assert (hops, repr(stopped)) == (found.hops, found.stopped)


@pytest.mark.parametrize(
    ("setting", "name", "told"),
    [
        ("updaters", "lnik", "unknown hop updater 'lnik'; choose among .*'link'"),
        ("updaters", f"{HERE}:Nothing", "no hop updater: see HopUpdater"),
        ("updaters", f"{HERE}:Shortest", "no hop updater: see HopUpdater"),
        ("rerankers", f"{HERE}:TitleHop", "no reranker: see Reranker"),
        ("stop", f"{HERE}:Nothing", "no stop rule: see Stop"),
        ("stop", f"{HERE}:WhenFew=many", "least must be of type int"),
    ],
)
def test_what_plays_another_role_or_none_is_refused(setting: str, name: str, told: str) -> None:
    """A name that nothing has, and a class that lacks what the role asks for, are told before a question is asked."""
    settings: dict[str, Any] = {"profile": "quality", setting: name}
    with pytest.raises(CallerError, match=told):
        Config.of(Settings(**settings))


def test_an_augmenter_may_not_have_the_name_of_a_hop() -> None:
    """Queries are handed to whoever bears the name that they are signed with."""
    with pytest.raises(CallerError, match="two parts are called 'feedback'"):
        Config(hops=(SpanHop(name="feedback"),), augment=Feedback()).searchers()


@pytest.mark.parametrize(("most", "unborne"), [(0, False), (1, False), (2, True), (7, True)])
def test_names_that_nobody_bears_are_followed_by_runs_of_several_hops(most: int, unborne: bool) -> None:  # noqa: FBT001
    """A single hop is as it was, and who names the hop gets it once."""
    made, named = (Config.of(Settings(max_hops=most, updaters=one)) for one in ("link,hyperlink", "unborne,link"))

    assert unborne == ("unborne" in {one.name for one in made.hops})
    assert ["unborne", "link"] == [one.name for one in named.hops]
    assert FirstSearch(short=unborne) == made.first == named.first
