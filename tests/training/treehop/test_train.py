"""Training from end to end: what is learned, saved, refused, and gone on with after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from polyhop.core.errors import CallerError, OperatorError
from polyhop.retrieval.hop import treehop_network as checkpoint
from polyhop.training.harness import NotBetter
from polyhop.training.treehop.examples import table
from polyhop.training.treehop.network import PUBLISHED
from polyhop.training.treehop.train import TreeHopVerdict, Work, hop_recall, judge, train
from tests.documents import ROOT, environment
from tests.retrieval.hop import gates
from tests.training.silence import Silence

from . import worlds


class Listening(Silence):
    """A watcher that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        """Remember."""
        self.said.append(message)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [{}, {"form": "scaled"}, {"loss": "sigmoid", "temperature": 0.2}], ids=str)
def test_a_rule_is_learned_and_saved(tmp_path: Path, parts: dict[str, object]) -> None:
    """Where hops follow a rule the network finds it, beats plain search, and is saved with its figures."""
    report = worlds.trained(tmp_path, **parts)
    found = checkpoint.load(tmp_path / "w.safetensors", embedder="turning", dimension=worlds.DIMENSION)

    assert report.verdict.with_network > report.verdict.without + 0.1
    assert report.hop_recall > report.hop_recall_without + 0.2
    assert (report.digest, report.verdict.facts()) == (found.digest, found.card.heldout)
    assert {"turn": report.data["examples"]} == found.card.data["kinds"]
    curve = (tmp_path / "w.safetensors.curve.jsonl").read_text().splitlines()
    assert list(range(1, report.epochs + 1)) == [json.loads(line)["epoch"] for line in curve]
    assert not (tmp_path / "w.safetensors.state").exists()


@pytest.mark.slow
def test_what_does_not_beat_plain_search_is_refused(tmp_path: Path) -> None:
    """Where there is no rule to find, nothing is saved, and an older file stays."""
    old = gates.written(tmp_path / "w.safetensors", seed=1).read_bytes()

    with pytest.raises(NotBetter, match="does not beat plain search") as refused:
        worlds.trained(tmp_path, embedder=worlds.Turning(turned=False), epochs=2)
    assert 1 == refused.value.exit_code
    assert old == (tmp_path / "w.safetensors").read_bytes()


@pytest.mark.slow
def test_a_seed_gives_the_same_weights(tmp_path: Path) -> None:
    """Training is repeatable, and another seed is another training."""
    first, again, other = (
        worlds.trained(tmp_path / name, seed=seed, epochs=4).digest for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )

    assert first == again != other


@pytest.mark.slow
def test_a_killed_training_ends_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    """Killed in the middle of an epoch and started again, it comes to the very same weights."""
    whole = worlds.trained(tmp_path / "whole", dropout=0.1).digest

    assert -signal.SIGKILL == child(tmp_path / "cut", 4).returncode
    assert not (tmp_path / "cut" / "w.safetensors").exists()
    resumed = child(tmp_path / "cut")

    assert (0, whole) == (resumed.returncode, resumed.stdout.strip())


def child(folder: Path, *saves: int) -> subprocess.CompletedProcess[str]:
    """Train in a process of its own, which kills itself after so many saved states."""
    program = ROOT / "tests" / "training" / "treehop" / "training_child.py"
    paths = {**environment(), "PYTHONPATH": f"{ROOT}:{environment()['PYTHONPATH']}"}
    command = [sys.executable, "-P", str(program), str(folder), *map(str, saves)]
    return subprocess.run(command, env=paths, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.slow
def test_a_state_of_another_training_or_a_broken_one_is_passed_over(tmp_path: Path) -> None:
    """What cannot be gone on from is told, and training begins anew."""
    worlds.trained(tmp_path / "plain", epochs=4)
    for name, said in (("other", "another training was under way"), ("broken", "cannot be read")):
        folder, heard = tmp_path / name, Listening()
        child(folder, 2)
        if name == "broken":
            state = folder / "w.safetensors.state"
            state.write_bytes(state.read_bytes()[:500])
        worlds.trained(folder, epochs=4, watcher=heard)

        assert 1 == sum(said in message for message in heard.said)
        assert (folder / "w.safetensors").read_bytes() == (tmp_path / "plain" / "w.safetensors").read_bytes()


@pytest.mark.slow
def test_training_ends_when_nothing_more_is_gained(tmp_path: Path) -> None:
    """After some epochs without a gain on the questions kept apart it stops, and the best epoch is what is kept."""
    report = worlds.trained(tmp_path, epochs=60, patience=3)

    assert report.epochs < 60


def test_too_few_examples_are_told(tmp_path: Path) -> None:
    """A handful of questions can neither teach nor judge."""
    work = Work(tmp_path / "w.safetensors", tmp_path / "cache", Silence())

    with pytest.raises(CallerError, match="too few"):
        train(worlds.examples(10), worlds.pool(), worlds.Turning(), worlds.recipe(), work=work)


def test_one_file_is_trained_by_one_process(tmp_path: Path) -> None:
    """A second training of the same file is refused while the first goes on."""
    with FileLock(tmp_path / "w.safetensors.lock"), pytest.raises(OperatorError, match="another process is training"):
        worlds.trained(tmp_path)


def test_the_verdict_gives_plain_search_as_many_passages() -> None:
    """Both sides are judged at equal k, and the interval holds the difference."""
    made = worlds.examples(30)
    questions = [one.question for one in made]
    given = table(made, worlds.pool(), worlds.Turning().encode_queries(questions), questions)
    found = judge(given, gates.gate(dimension=worlds.DIMENSION), worlds.recipe().growth)

    assert 30 == found.questions
    assert 5 < found.k <= 10
    assert found.low <= found.with_network - found.without <= found.high
    assert 0 < found.without <= 1


def test_a_draw_is_not_better() -> None:
    """To be as good as plain search is not enough to be saved."""
    assert [False, True] == [TreeHopVerdict(9, 8.0, score, 0.5, 0.0, 0.0).better for score in (0.5, 0.51)]


def test_hop_recall_leaves_the_path_out() -> None:
    """A query that lies on the passage it came from finds what is next to it, not that passage."""
    made = worlds.examples(20)
    questions = [one.question for one in made]
    given = table(made, worlds.pool(), worlds.Turning().encode_queries(questions), questions)
    ends = np.stack([given.pool.matrix[rows[0]] for rows in given.positives])

    assert 1.0 == hop_recall(given, ends, 1)
    assert 0.0 == hop_recall(given, given.pool.matrix[[path[0] for path in given.paths]], 1)


def test_the_published_recipe_is_the_papers() -> None:
    """The paper's network for its embedder has 25 million weights, its loss explicit negatives."""
    sizes = PUBLISHED.shape(1024).parameters().values()

    assert 25_192_448 == sum(int(np.prod(size)) for size in sizes)
    assert ("explicit", 0.15, 5) == (PUBLISHED.loss, PUBLISHED.temperature, PUBLISHED.negatives)
