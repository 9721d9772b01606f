"""A process that asks a question under a thread and kills itself between hops; made to be killed.

    python hopping_child.py HOME CHECKPOINTS LOG QUESTION [PLACE]

Every call of an updater is written to LOG. With PLACE (`link propose`, `link search`) it kills itself when that call
begins; with `span propose` or `span search` the run has a second look, for which the span hop is asked.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyhop.agent import Agent
from polyhop.retrieval.candidate import Candidate, Kind, Query
from polyhop.retrieval.config import Config
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.rerank.rocchio import Rocchio
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import MaxHops
from polyhop.store.collection import Collection, Options

THREAD = "interrupted"


@dataclass
class Counted:
    """An updater that writes down when it is called, and dies where it is told to."""

    inner: HopUpdater
    log: Path
    place: str = ""
    checkpoint: str = ""

    @property
    def kind(self) -> Kind:
        """Return the kind of the updater inside; the first search has none."""
        return getattr(self.inner, "kind", "question")

    @property
    def name(self) -> str:
        """Return the name of the updater inside."""
        return self.inner.name

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return what the updater inside proposes."""
        self._note("propose")
        return [Query(**{**query, "checkpoint": self.checkpoint}) for query in self.inner.propose(bridges, run)]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the updater inside finds."""
        self._note("search")
        return self.inner.search(queries, run)

    def _note(self, call: str) -> None:
        here = f"{self.name} {call}"
        with self.log.open("a") as file:
            file.write(here + "\n")
        if here == self.place:
            os.kill(os.getpid(), signal.SIGKILL)


def profile(log: Path, place: str = "", checkpoint: str = "", *, closer: bool = False) -> Config:
    """Return two hops with counted updaters, and perhaps a second look with another one."""
    hop = Counted(LinkHop(), log, place, checkpoint)
    return Config(
        first=Counted(FirstSearch(), log, place),
        hops=(hop,),
        further=(Counted(SpanHop(), log, place),) if closer else (),
        rerankers=(Rocchio(),) if closer else (),
        sufficiency=None,
        stop=MaxHops(2),
        seconds=60.0,
    )


if __name__ == "__main__":
    home, checkpoints, log, question, *place = sys.argv[1:]
    with Collection.open(home, "films", options=Options(wait=5.0)) as collection:
        agent = Agent(
            collection,
            config=profile(Path(log), *place, closer=bool(place and place[0].startswith("span"))),
            checkpoints=checkpoints,
        )
        print(agent.retrieve(question, 5, thread=THREAD).stopped)
        agent.close()
