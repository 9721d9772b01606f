"""Large collections for the benchmarks: their passages, their sizes, and the plot."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as overview
from benchmarks import grown
from benchmarks.grown import BLOCK, Filler, name
from benchmarks.harness import run
from benchmarks.indexes import Index, arm_of
from benchmarks.speed import approximate_recall
from polyhop.agent import Collection
from tests.benchmarks.test_multihop import sample, write

SIZES = (60, 90)


def filler(count: int = 20) -> Filler:
    """Return a filler after a few real passages."""
    rows = np.random.default_rng(1).standard_normal((count, 384)).astype(np.float32)
    return Filler(["Jaws is a film.", "Vienna lies on the Danube."], rows / np.linalg.norm(rows, axis=1, keepdims=True))


def grow(folder: Path, *sizes: int) -> list[Index]:
    """Return the indexes of these sizes over a small corpus."""
    return grown.ensure_sizes(arm_of(folder, Namespace(split="dev", limit=None)), sizes)


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small data set, with a cache of its own for its indexes."""
    monkeypatch.setattr("benchmarks.indexes.place_of", here := _place(tmp_path / "cache"))
    monkeypatch.setattr(grown, "place_of", here)
    return write(tmp_path / "films", *sample())


def _place(home: Path) -> Any:
    return lambda content: Index(str(home), content.replace(" ", "-")[:60].lower()).remembered()


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_growth_is_measured_at_each_size(tmp_path: Path, films: Path) -> None:
    """Each size has as many passages as it says, times of all systems and the recall of the index."""
    out = tmp_path / "out.json"
    sizes = ",".join(map(str, reversed(SIZES)))
    arguments = ["speed", "growth", str(films), "--sizes", sizes, "--limit", "3", "--json", str(out)]
    assert 0 == run(lambda: overview.main(arguments))
    result = json.loads(out.read_text(encoding="utf-8"))

    assert list(SIZES) == [row["passages"] for row in result["rows"]]
    assert {"dense", "bm25", "hybrid", "polyhop"} == set(result["growth"])
    assert all(row[f"{system} p50 ms"] > 0 for row in result["rows"] for system in result["growth"])
    assert [1.0, 1.0] == [row["ANN recall@20"] for row in result["rows"]]


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_larger_collection_begins_as_the_smaller_one(films: Path) -> None:
    """It holds the same passages and more, and its record and vector index are equal."""
    small, large = grow(films, *SIZES)
    held = []
    for index in (small, large):
        with Collection.open(index.home, index.name) as collection:
            assert [] == collection.verify()
            held.append({key for key, _, _ in collection.documents()})

    assert held[0] < held[1]
    assert SIZES == (small.chunks, large.chunks)
    assert small.seconds <= large.seconds


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_killed_growth_is_gone_on_with(films: Path) -> None:
    """A collection that was left half filled is filled up, not begun again."""
    (index,) = grow(films, SIZES[0])
    index.note.write_text(json.dumps({**json.loads(index.note.read_text()), "done": False}))
    with Collection.open(index.home, index.name) as collection:
        collection.remove([f"filler-{number}" for number in range(10, BLOCK)])
        kept = int(collection.status()["passages"])
    (again,) = grow(films, SIZES[0])

    assert kept < SIZES[0] == again.chunks
    assert index.seconds < again.seconds


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_size_below_the_corpus_is_refused(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real passages are never left out."""
    assert 2 == run(lambda: overview.main(["speed", "growth", str(films), "--sizes", "5"]))
    assert "no size may be below" in capsys.readouterr().err


def test_filler_is_the_same_however_it_is_cut() -> None:
    """A passage depends on its number alone."""
    whole = list(filler().documents(0, BLOCK + 20))
    parts = [*filler().documents(0, 7), *filler().documents(7, BLOCK + 3), *filler().documents(BLOCK + 3, BLOCK + 20)]
    assert whole == parts


def test_filler_has_names_of_its_own_and_mentions_others() -> None:
    """No two passages bear one name, each text opens with its title, and mentions those of lower numbers."""
    made = list(filler().documents(0, 200))
    titles = [document.title for document in made]

    assert len(set(titles)) == len(titles)
    assert all(document.text.startswith(f"{document.title} is a ") for document in made)
    assert any(name(number) in made[150].text for number in range(150))
    assert 300_000 == len({name(number) for number in range(300_000)})


def test_filler_lies_near_real_vectors() -> None:
    """Its vectors are unit vectors with a high cosine to one of the real ones."""
    made = np.array([document.vector for document in filler().documents(0, 100)])
    cosines = made @ filler()._vectors.T

    assert np.ones(100) == pytest.approx(np.linalg.norm(made, axis=1), abs=1e-5)
    assert 0.85 < cosines.max(axis=1).min() < 0.95


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_exact_search_notices_what_is_missed(films: Path) -> None:
    """Recall falls when the index returns other passages than the nearest."""

    class Blind:
        def __init__(self, collection: Collection) -> None:
            self._collection = collection

        def __getattr__(self, attribute: str) -> Any:
            return getattr(self._collection, attribute)

        def dense(self, vectors: Any, k: int) -> Any:
            return self._collection.dense(-np.asarray(vectors), k)

    (index,) = grow(films, SIZES[0])
    with Collection.open(index.home, index.name) as collection:
        questions = ["Who directed the film?"]
        assert 1.0 == approximate_recall(collection, questions)
        assert 0.5 > approximate_recall(Blind(collection), questions)  # type: ignore[arg-type]
