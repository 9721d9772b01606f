"""What updaters are told of earlier searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polyhop.agent import Agent
from polyhop.agent.profile import Profile
from polyhop.encoders import Encoder
from polyhop.graphs.stop import AfterHops
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import Bridge, Find, Query
from polyhop.retrieval.run import Run
from tests import corpus


@dataclass
class Listening:
    """A link hop that notes what a search is told, and what it found."""

    told: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)
    bridges: list[str] = field(default_factory=list)
    name: str = "link"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Bridge], run: Run) -> list[Query]:
        """Note the bridges."""
        self.bridges += [bridge["id"] for bridge in bridges]
        return LinkHop().propose(bridges, run)

    def search(self, queries: Sequence[Query], run: Run) -> list[Find]:
        """Note what is known at the beginning of the search."""
        self.told.append((run.found, run.expanded))
        return LinkHop().search(queries, run)


def test_a_search_is_told_what_was_found_and_gone_on_from(tmp_path: Path, embedder: Encoder) -> None:
    """Before a search its updaters know everything that earlier searches found, and all bridges up to now."""
    hop = Listening()
    with corpus.collection(tmp_path, embedder) as films:
        found = Agent(films, profile=Profile(hops=(hop,), stop=AfterHops(3))).retrieve(corpus.QUESTION, 12)
        every = set(corpus.ids(films).values())

    assert 3 == found.hops
    assert every == hop.told[0][0]
    assert set(hop.bridges) == hop.told[-1][1] > hop.told[0][1]
