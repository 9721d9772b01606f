"""TreeHop's weights on disk: what was written is read, and what is broken or foreign is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.weights_file import BrokenCheckpoint, Card, ForeignCheckpoint, NoCheckpoint
from polyhop.retrieval.hop import treehop_network as checkpoint

from . import gates


def other(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    """Write sound weights whose header or tensors were changed afterwards."""
    shape = gates.shape()
    header: dict[str, Any] = {"format": 1, "embedder": gates.EMBEDDER, "seed": 0}
    header["shape"] = {"dimension": 384, "width": 32, "blocks": 2, "form": "published"}
    tensors: dict[str, Any] = dict(gates.drawn(shape))
    change(header, tensors)
    save_file(tensors, path, metadata={"treehop": json.dumps(header)})
    return path


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Weights come back to the precision of 16 bits, with everything their card says."""
    shape = gates.shape(form="scaled")
    card = Card(gates.EMBEDDER, shape, 7, {"examples": 3}, {"with": 0.5, "without": 0.25}, "1.2")
    digest = checkpoint.save(tmp_path / "deep" / "a.safetensors", gates.drawn(shape), card)
    found = checkpoint.load(tmp_path / "deep" / "a.safetensors", embedder=gates.EMBEDDER, dimension=384)

    assert (card, digest) == (found.card, found.digest)
    for name, value in gates.drawn(shape).items():
        np.testing.assert_array_equal(value.astype(np.float16).astype(np.float32), found.gate.parameters[name])


def test_the_digest_tells_weights_apart(tmp_path: Path) -> None:
    """The same weights have the same digest, wherever they lie; others have another."""
    first, again, second = (gates.loaded(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))

    assert first.digest == again.digest
    assert first.digest != second.digest


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.005, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_told(tmp_path: Path, share: float) -> None:
    """However short a file was cut, the error names it and the way out, and is for whoever runs the machine."""
    path = gates.written(tmp_path / "cut.safetensors")
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])

    with pytest.raises(BrokenCheckpoint, match=r"cut\.safetensors.*polyhop train"):
        checkpoint.load(path)
    assert issubclass(BrokenCheckpoint, OperatorError)


def test_anything_else_is_told(tmp_path: Path) -> None:
    """A file of another kind, and safetensors of another model, are no TreeHop weights."""
    (tmp_path / "page").write_bytes(b"<!doctype html>" * 100)
    save_file({"x": np.ones(3, np.float32)}, tmp_path / "model")

    for name in ("page", "model"):
        with pytest.raises(BrokenCheckpoint, match="no whole file of TreeHop weights"):
            checkpoint.load(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda header, tensors: header.update(format=9), "format 9"),
        (lambda header, tensors: header.pop("embedder"), "header"),
        (lambda header, tensors: header["shape"].update(blocks="two"), "header"),
        (lambda header, tensors: header["shape"].update(form="square"), "form 'square'"),
        (lambda header, tensors: tensors.pop("out.bias"), r"\['out.bias'\]"),
        (lambda header, tensors: tensors.update(extra=np.ones(1, np.float32)), r"\['extra'\]"),
        (lambda header, tensors: tensors.update({"out.bias": np.ones(31, np.float32)}), r"shape \(31,\), not \(32,\)"),
        (lambda header, tensors: tensors["key.bias"].__setitem__(3, np.nan), "not finite"),
        (lambda header, tensors: tensors["key.bias"].__setitem__(3, np.inf), "not finite"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, change: Callable[[Any, Any], None], said: str) -> None:
    """Header and weights are checked before they are used."""
    with pytest.raises(BrokenCheckpoint, match=said):
        checkpoint.load(other(tmp_path / "odd.safetensors", change))


def test_weights_of_another_embedder_are_refused(tmp_path: Path) -> None:
    """Name and dimension must be those of the vectors that the network is given."""
    path = gates.written(tmp_path / "a.safetensors")

    with pytest.raises(ForeignCheckpoint, match=r"'all-MiniLM-L6-v2' \(384 dimensions\), not for 'letters' \(26\)"):
        checkpoint.load(path, embedder="letters", dimension=26)
    with pytest.raises(ForeignCheckpoint, match=r"not for 'all-MiniLM-L6-v2' \(512\)"):
        checkpoint.load(path, embedder=gates.EMBEDDER, dimension=512)


@pytest.mark.parametrize("name", ["none.safetensors", "."])
def test_a_missing_file_is_the_callers_mistake(tmp_path: Path, name: str) -> None:
    """A path where no file is raises the error of a bad call."""
    with pytest.raises(NoCheckpoint, match="no TreeHop weights at"):
        checkpoint.load(tmp_path / name)
    assert issubclass(NoCheckpoint, CallerError)


def test_the_first_folder_with_fitting_weights_is_taken(tmp_path: Path) -> None:
    """Weights of another embedder are passed over and told; the next folder's are used."""
    for name, embedder in (("a", "letters"), ("b", gates.EMBEDDER), ("c", gates.EMBEDDER)):
        gates.written(tmp_path / name / checkpoint.FILE, embedder=embedder, seed=ord(name))
    folders = [tmp_path / name for name in "abc"]
    found, told = checkpoint.find(folders, embedder=gates.EMBEDDER, dimension=384)

    assert found is not None
    assert (ord("b"), 1) == (found.card.seed, len(told))
    assert "'letters'" in told[0]


def test_without_weights_the_way_to_some_is_told(tmp_path: Path) -> None:
    """An embedder that nobody trained for gets nothing and is told how to change that."""
    found, told = checkpoint.find([tmp_path], embedder="letters", dimension=26)

    assert found is None
    assert ["polyhop train"] == [word for word in ["polyhop train"] if word in told[0]]


def test_broken_weights_beside_a_collection_are_told(tmp_path: Path) -> None:
    """A file that is there but broken is an error: to pass over it would hide the damage."""
    path = gates.written(tmp_path / checkpoint.FILE)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(BrokenCheckpoint):
        checkpoint.find([tmp_path], embedder=gates.EMBEDDER, dimension=384)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """What cannot be written raises an error, and nothing half written stays."""
    shape = gates.shape()
    target = tmp_path / "taken.safetensors"
    target.mkdir()

    with pytest.raises(OperatorError, match="cannot write"):
        checkpoint.save(target, gates.drawn(shape), Card(gates.EMBEDDER, shape))
    assert [target] == list(tmp_path.iterdir())
