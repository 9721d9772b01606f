"""The trained hop in an agent: where its weights come from, and what is said where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.agent import Agent, Settings
from polyhop.core.errors import CallerError
from polyhop.core.weights_file import BrokenCheckpoint, ForeignCheckpoint, NoCheckpoint
from polyhop.encoders import Encoder
from polyhop.retrieval.config import Config
from polyhop.retrieval.hop import treehop_network as checkpoint
from polyhop.retrieval.hop.role import UPDATERS
from polyhop.retrieval.retriever import MultiRetriever
from polyhop.store.collection import Collection
from tests import corpus
from tests.retrieval.hop import gates

from .commands import run, run_json


@pytest.fixture
def films(tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """Open the known passages where no weights are shipped."""
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "shipped")
    with corpus.collection(tmp_path / "home", embedder) as opened:
        yield opened


def settings(file: Path | str = "") -> Settings:
    """Return settings that ask for the trained hop beside the links, with the weights of a file if there is one."""
    return Settings(updaters=f"link,treehop={file}" if file else "link,treehop")


def updaters(agent: Agent) -> list[str]:
    """Return the names of the updaters that propose hops."""
    return [hop.name for hop in agent.config.hops]


def test_without_weights_the_updater_is_left_out_and_told(films: Collection) -> None:
    """A run goes on with the other updaters, and result and answer say what was left out."""
    agent = Agent(films, settings=settings())
    answer = agent.ask(corpus.QUESTION)

    assert ["link"] == updaters(agent)
    assert 1 == len(answer.notices) == len(answer.retrieval.notices)
    assert "'treehop' is left out" in answer.notices[0]
    assert answer.retrieval.notices == json.loads(json.dumps(answer.retrieval.to_dict()))["notices"]


def test_weights_beside_the_collection_are_used(films: Collection) -> None:
    """What `polyhop train` left in a collection's folder is taken, also where several are searched as one."""
    weights = gates.loaded(films.folder / checkpoint.FILE)
    agent = Agent(films, settings=settings())

    assert ["link", "treehop"] == updaters(agent)
    assert weights.digest == agent.config.hops[1].checkpoint
    assert [] == agent.retrieve(corpus.QUESTION).notices
    assert weights.digest == UPDATERS.make("treehop", MultiRetriever([films])).checkpoint


def test_shipped_weights_are_the_last_resort(films: Collection) -> None:
    """Without weights of its own a collection gets those that come along for its embedder."""
    shipped = gates.loaded(checkpoint.SHIPPED / f"{films.embedder.name}.safetensors", seed=8)
    first = UPDATERS.make("treehop", films)
    own = gates.loaded(films.folder / checkpoint.FILE, seed=9)
    second = UPDATERS.make("treehop", films)

    assert (shipped.digest, own.digest) == (first.checkpoint, second.checkpoint)


def test_weights_of_another_embedder_beside_a_collection_are_passed_over(films: Collection) -> None:
    """What was trained before a collection was embedded anew is not used, and that is told."""
    gates.written(films.folder / checkpoint.FILE, embedder="letters")
    found = Agent(films, settings=settings()).retrieve(corpus.QUESTION)

    assert 2 == len(found.notices)
    assert "trained for 'letters'" in found.notices[0]


def test_a_named_file_is_taken_or_refused(films: Collection, tmp_path: Path) -> None:
    """A file that the user names is used whatever lies elsewhere; if it cannot be, that is an error."""
    named = gates.written(tmp_path / "mine.safetensors")
    foreign = gates.written(tmp_path / "foreign.safetensors", embedder="letters")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(named.read_bytes()[:1000])

    assert ["link", "treehop"] == updaters(Agent(films, settings=settings(named)))
    for path, error in ((foreign, ForeignCheckpoint), (broken, BrokenCheckpoint), (tmp_path / "no", NoCheckpoint)):
        with pytest.raises(error):
            Agent(films, settings=settings(path))


def test_the_trained_hop_needs_a_retriever() -> None:
    """Weights belong to an embedder, so settings alone make no such updater."""
    with pytest.raises(CallerError, match="settings, retriever"):
        Config.of(settings())


def test_the_command_line_says_what_is_left_out(films: Collection, tmp_path: Path) -> None:
    """`retrieve` and `ask` tell on standard error that there are no weights, and answer all the same."""
    films.close()
    for command in ("retrieve", "ask"):
        options = (corpus.QUESTION, "--updaters", "link,treehop", "--collection", "films")
        assert "'treehop' is left out" in run(command, *options, home=tmp_path / "home").stderr


def test_a_run_hops_with_the_network(films: Collection, tmp_path: Path) -> None:
    """The file that the updater is given proposes the queries of the second search, and they find passages."""
    films.close()
    weights = gates.written(tmp_path / "w.safetensors")
    options = (corpus.QUESTION, "--updaters", f"treehop={weights}", "--collection", "films")
    events = run_json("retrieve", *options, home=tmp_path / "home")["events"]
    _, second = (event for event in events if event["event"] == "search")

    assert second["queries"] > 0
    assert second["found"] > 0
