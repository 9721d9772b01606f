"""Query transforms: vectors of queries in, vectors to search with out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.agent import Agent, Settings
from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.types import Vectors
from polyhop.core.vectors import unit
from polyhop.core.weights_file import BrokenCheckpoint, ForeignCheckpoint, NoCheckpoint
from polyhop.encoders import Encoder, with_transform
from polyhop.encoders.transform import TRANSFORMS, LinearTransform, QueryTransform, Transformed, save
from polyhop.store.collection import Collection, Options
from tests import corpus

from .contract import QueryTransformContract, failing

TURN = "tests.encoders.test_transform:Turn"
TEXTS = ["Danube", "Which river flows through Vienna?"]


class Turn:
    """Turns the vectors of queries around: the smallest transform there is."""

    name, checkpoint = "turn", ""

    def transform(self, vectors: Vectors) -> Vectors:
        """Return the vectors turned around."""
        return -vectors


@dataclass
class Broken:
    """Returns what a function makes of the vectors."""

    make: Callable[[Vectors], Any]
    name: str = "broken"
    checkpoint: str = ""

    def transform(self, vectors: Vectors) -> Vectors:
        """Return it."""
        return self.make(vectors)  # type: ignore[no-any-return]


@pytest.fixture
def weights(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a file of weights: a map that exchanges the halves of a vector, and a bias."""
    path = tmp_path / "map.safetensors"
    save(path, np.roll(np.eye(384), 192, axis=0), np.full(384, 0.125), embedder.name)
    return path


class TestLinear(QueryTransformContract):
    """A linear map from a file."""

    @pytest.fixture
    def transform(self, embedder: Encoder, weights: Path) -> QueryTransform:
        """Return the map."""
        return TRANSFORMS.make(f"linear={weights}", embedder)


@pytest.mark.parametrize(("make", "failed"), [
    (lambda rows: -rows, set()),
    (lambda rows: unit(rows - rows.mean(axis=0) + 1e-3), {"test_a_text_has_one_vector"}),
    (lambda rows: rows[:, :3], {"test_rows_are_of_unit_length", "test_a_text_has_one_vector"}),
])  # fmt: skip
def test_the_contract_catches_broken_ones(make: Callable[[Vectors], Any], failed: set[str], embedder: Encoder) -> None:
    """One whose rows depend on their company, or have another shape, fails the checks that are meant for it."""
    assert failed == failing(Transformed(embedder, Broken(make)))


def test_queries_alone_are_transformed(embedder: Encoder) -> None:
    """Passages, name and dimension are those of the encoder inside, so that a collection takes one for the other."""
    turned = with_transform(embedder, TURN)

    assert np.array_equal(-embedder.encode_queries(TEXTS), turned.encode_queries(TEXTS))
    assert np.array_equal(embedder.encode_passages(TEXTS), turned.encode_passages(TEXTS))
    assert (embedder.name, embedder.dimension) == (turned.name, turned.dimension)


def test_a_linear_map_is_applied(embedder: Encoder, weights: Path) -> None:
    """The vector of a query is that of the formula."""
    given = embedder.encode_queries(TEXTS)
    expected = unit(np.roll(given, 192, axis=1) + 0.125)
    np.testing.assert_allclose(expected, with_transform(embedder, f"linear={weights}").encode_queries(TEXTS), atol=1e-6)


@pytest.mark.parametrize(("make", "said"), [
    (lambda rows: rows[:1], r"shape \(1, 384\) for 2 vectors.*384 finite floats"),
    (lambda rows: rows[:, :3], r"shape \(2, 3\)"),
    (lambda rows: rows[0], r"shape \(384,\)"),
    (lambda rows: None, "array of object"),
    (lambda rows: rows > 0, "array of bool"),
    (lambda rows: rows * np.nan, "not finite"),
    (lambda rows: rows * 1.1, "not of unit length"),
    (lambda rows: rows * 0, "not of unit length"),
])  # fmt: skip
def test_a_broken_transform_is_told_by_name(make: Callable[[Vectors], Any], said: str, embedder: Encoder) -> None:
    """Whatever is no unit row for each query is refused, with what to do."""
    with pytest.raises(CallerError, match=f"'broken' returned .*{said}") as caught:
        Transformed(embedder, Broken(make)).encode_queries(TEXTS)
    assert "mend its `transform`, or leave it out" in str(caught.value)


def test_weights_that_cannot_be_used_are_refused(embedder: Encoder, weights: Path, tmp_path: Path) -> None:
    """A file that is not there, cut short, of another encoder or another shape is told for what it is."""
    with pytest.raises(CallerError, match="linear=FILE"):
        with_transform(embedder, "linear")
    with pytest.raises(NoCheckpoint, match="absent"):
        with_transform(embedder, f"linear={tmp_path / 'absent'}")
    for name, matrix, bias, encoder, error in (
        ("foreign", np.eye(384), np.zeros(384), "another", ForeignCheckpoint),
        ("small", np.eye(3), np.zeros(3), embedder.name, ForeignCheckpoint),
        ("oblong", np.ones((384, 3)), np.zeros(384), embedder.name, BrokenCheckpoint),
        ("endless", np.eye(384), np.full(384, np.inf), embedder.name, BrokenCheckpoint),
    ):
        save(tmp_path / name, matrix, bias, encoder)
        with pytest.raises(error):
            with_transform(embedder, f"linear={tmp_path / name}")
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(BrokenCheckpoint):
        with_transform(embedder, f"linear={weights}")


def test_a_file_is_told_by_its_hash(embedder: Encoder, weights: Path) -> None:
    """Other weights are another checkpoint."""
    first = LinearTransform.configured(str(weights), embedder)
    assert isinstance(first, QueryTransform)
    assert first.checkpoint == save(weights, first.weight, first.bias, embedder.name)
    assert first.checkpoint != save(weights, first.weight, -first.bias, embedder.name)


@pytest.mark.parametrize("way", ["options", "settings", "environment", "object"])
def test_a_transform_is_chosen(way: str, embedder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way to name a transform gives the same vectors to search with, and leaves the collection as it is."""
    corpus.collection(tmp_path, embedder).close()
    if way == "environment":
        monkeypatch.setenv("POLYHOP_QUERY_TRANSFORM", TURN)
    given = Transformed(embedder, Turn()) if way == "object" else embedder if way == "options" else None
    options = Options(query_transform=TURN) if way == "options" else Options()
    if way == "settings":
        with Agent.open(tmp_path, "films", settings=Settings(query_transform=TURN)) as agent:
            found = agent.retriever.embedder.encode_queries(TEXTS)
    else:
        with Collection.open(tmp_path, "films", embedder=given, options=options) as opened:
            found = opened.embedder.encode_queries(TEXTS)
    assert np.array_equal(-embedder.encode_queries(TEXTS), found)


def test_a_search_of_ones_own_has_it_too(embedder: Encoder) -> None:
    """The passages that a search of one's own returns are compared with the transformed question."""
    agent = Agent.around(lambda question, k: [], embedder=embedder, settings=Settings(query_transform=TURN))
    assert np.array_equal(-embedder.encode_queries(TEXTS), agent.retriever.embedder.encode_queries(TEXTS))


def test_every_question_goes_through_it(embedder: Encoder, tmp_path: Path) -> None:
    """With all vectors turned around the nearest passages are the farthest; a batch finds what single questions do."""
    questions = list(corpus.HOPS)
    with corpus.collection(tmp_path, embedder) as plain:
        far = plain.dense(-embedder.encode_queries(questions), 3)
    with Collection.open(tmp_path, "films", embedder=Transformed(embedder, Turn())) as opened, Agent(opened) as agent:
        assert far == opened.dense(opened.embedder.encode_queries(questions), 3)
        assert [agent.retrieve(one).passages for one in questions] == [one.passages for one in agent.batch(questions)]


def test_a_run_is_not_resumed_with_another_transform(embedder: Encoder, tmp_path: Path) -> None:
    """A run that ended with an error goes on under its thread with the transform that it was begun with, or not."""
    failing = Broken(lambda rows: rows * np.nan, name="turn")
    corpus.collection(tmp_path, embedder).close()

    def asked(transform: QueryTransform) -> int:
        encoder, kept = Transformed(embedder, transform), tmp_path / "runs.sqlite"
        with Collection.open(tmp_path, "films", embedder=encoder) as films, Agent(films, checkpoints=kept) as agent:
            return len(agent.retrieve(corpus.QUESTION, 5, thread="one").passages)

    with pytest.raises(CallerError, match="not finite"):
        asked(failing)
    other = Turn()
    other.checkpoint = "other"
    with pytest.raises(OperatorError, match=r"begun with query transform 'turn', and 'turn other'.*another thread"):
        asked(other)
    assert 5 == asked(Turn())
