"""Killing the indexer: whatever the moment, the next command gives the answers of an undisturbed run."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from polyhop.store.collection import Collection, Options

from .indexing_child import EDITED, REMOVED, ROWS, TOPICS, Given, document

CHILD = Path(__file__).with_name("indexing_child.py")
STEPS = ["embedded", "pending", "upserted", "flipped", "pruned"]
KILLS, ROUNDS = 10, 4

# Up to forty processes one after the other: minutes on a busy machine, and the limit is there to end a hang.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


def run(home: Path, *arguments: str, kill_after: float | None = None) -> tuple[int, list[str]]:
    """Run the child, killing it after some seconds, and return its exit code and what it acknowledged."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(home), *arguments], stdout=subprocess.PIPE, text=True)
    try:
        child.wait(timeout=kill_after or 300)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
    said, _ = child.communicate()
    # What the child logs, such as a repair after the last kill, is no acknowledgement.
    return child.returncode, [line for line in said.splitlines() if line.isdigit() or line == "done"]


def opened(home: Path) -> Collection:
    """Open what the child wrote."""
    return Collection.open(home, "crash", embedder=Given())


def made(home: Path) -> bool:
    """Say whether the child came so far as to make a collection with an embedder on record."""
    return (home / "crash" / "record.sqlite").exists()


def answers(collection: Collection) -> list[object]:
    """Return what a user sees: dense, lexical and filtered results with scores to five decimals."""
    vectors = np.random.default_rng(5).normal(size=(8, 24)) @ TOPICS
    seen: list[object] = []
    for where in ("", "number < 40", "number >= 100 and not number > 1700"):
        seen += [[(hit.id, round(hit.score, 5)) for hit in hits] for hits in collection.dense(vectors, 5, where=where)]
        seen.append(
            [(hit.id, round(hit.score, 5)) for hit in collection.lexical("Aare7 Brienz3 edition 2", 10, where=where)]
        )
    return seen


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[object], float]:
    """An index made in one go, its answers, and how long it took."""
    home = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    code, said = run(home)
    assert (0, "done") == (code, said[-1])
    with opened(home) as collection:
        assert [] == collection.verify()
        return home, answers(collection), time.monotonic() - began


def acknowledged_missing(collection: Collection, said: list[str]) -> list[str]:
    """Return the keys that the child had acknowledged and that are not there."""
    if "done" in said:
        return []
    numbers = [int(word) for word in said]
    keys = set(collection.keys())
    return [
        key
        for key in (document(n, edition=1).key for n in range(min(max(numbers, default=0), ROWS - REMOVED)))
        if key not in keys
    ]


def check(home: Path, said: list[str], expected: list[object]) -> None:
    """Open what the kill left, prove it sound, let the next run finish, and compare."""
    if made(home):
        with opened(home) as collection:
            assert [] == collection.verify()
            assert [] == acknowledged_missing(collection, said)
    code, said = run(home)
    assert (0, "done") == (code, said[-1])
    with opened(home) as collection:
        assert [] == collection.verify()
        assert expected == answers(collection)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_ten_kills_at_random_moments_lose_nothing(
    seed: int, tmp_path: Path, undisturbed: tuple[Path, list[object], float]
) -> None:
    """A run killed again and again at random moments is whole after each kill and ends in the undisturbed answers.

    The moments are all that the clock is for: a run that gets through, on a machine that has become faster, is followed
    by one that is killed earlier.
    """
    _, expected, seconds = undisturbed
    chance = random.Random(seed)
    kills = 0
    home = tmp_path / "home"
    while kills < KILLS:
        code, said = run(home, kill_after=chance.uniform(0.3, 0.95) * seconds)
        if code == 0:
            shutil.rmtree(home)  # it got through: begin again from nothing
            seconds *= 0.9
            continue
        kills += 1
        if made(home):
            with opened(home) as collection:
                assert [] == collection.verify()
                assert [] == acknowledged_missing(collection, said)
    check(home, said, expected)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("number", [1, 3])
def test_a_kill_at_each_step_of_the_write_path_loses_nothing(
    step: str, number: int, tmp_path: Path, undisturbed: tuple[Path, list[object], float]
) -> None:
    """Right after each step of the first batch, a later one and the edits, a kill leaves a whole collection."""
    code, said = run(tmp_path, step, str(number))
    assert -signal.SIGKILL == code
    check(tmp_path, said, undisturbed[1])


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_truncated_chroma_files_are_rebuilt_from_the_record(
    share: float, tmp_path: Path, undisturbed: tuple[Path, list[object], float]
) -> None:
    """Each of Chroma's files cut short in turn: the next opening rebuilds the index, says so, and answers the same."""
    home, expected, _ = undisturbed
    files = sorted(path.relative_to(home) for path in (home / "crash").glob("polyhop-*/**/*") if path.is_file())
    for number, file in enumerate(file for file in files if (home / file).stat().st_size):
        copy = tmp_path / str(number)
        shutil.copytree(home, copy)
        with (copy / file).open("r+b") as broken:
            broken.truncate(int((copy / file).stat().st_size * share))
        with opened(copy) as collection:
            assert any("rebuilt" in notice for notice in collection.notices)
            assert expected == answers(collection)
        shutil.rmtree(copy)


def test_files_that_a_kill_tore_are_not_read(tmp_path: Path, undisturbed: tuple[Path, list[object], float]) -> None:
    """Chroma's files with their sizes but other bytes, as a kill may leave them: reading them would end the process."""
    home, expected, _ = undisturbed
    shutil.copytree(home / "crash", tmp_path / "crash")
    chance = random.Random(1)
    with Collection.open(tmp_path, "crash", embedder=Given(), options=Options(lazy=True)) as collection:
        collection.record.put(dirty="writing")
    torn = list((tmp_path / "crash").glob("polyhop-*/**/*.bin"))
    for file in torn:
        file.write_bytes(chance.randbytes(file.stat().st_size))
    code, said = run(tmp_path)
    assert torn and (0, "done") == (code, said[-1])
    with opened(tmp_path) as collection:
        assert [] == collection.verify()
        assert expected == answers(collection)


def test_edits_are_there_after_the_last_run(undisturbed: tuple[Path, list[object], float]) -> None:
    """The undisturbed run itself holds edition two of the edited documents and none of the removed ones."""
    with opened(undisturbed[0]) as collection:
        assert ROWS - REMOVED == len(collection.keys())
        keys = [document(number, edition=2).key for number in range(EDITED)]
        texts = [
            passage.text
            for passage in collection.passages(collection.record.live_ids()).values()
            if passage.document in keys
        ]
        assert EDITED == sum("edition 2" in text for text in texts)
