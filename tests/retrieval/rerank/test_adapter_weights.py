"""The adapter's weights on disk: what was written is read, and what is broken or foreign is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from polyhop.core.weights_file import BrokenCheckpoint, Card, ForeignCheckpoint, NoCheckpoint
from polyhop.retrieval.rerank.adapter import load, save

from . import adapters


def other(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    """Write sound weights whose header or tensors were changed afterwards."""
    header: dict[str, Any] = {"format": 1, "embedder": adapters.EMBEDDER, "seed": 0}
    header["shape"] = {"dimension": 384, "first": 4, "attention": 8, "hidden": 8}
    tensors: dict[str, Any] = dict(adapters.drawn(adapters.shape()))
    change(header, tensors)
    save_file(tensors, path, metadata={"adapter": json.dumps(header)})
    return path


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Weights come back to the precision of 16 bits, with everything their card says."""
    card = Card(adapters.EMBEDDER, adapters.shape(), 7, {"lists": 3}, {"adapter": 0.5}, "1.2")
    digest = save(tmp_path / "deep" / "a.safetensors", adapters.drawn(adapters.shape()), card)
    found = load(tmp_path / "deep" / "a.safetensors", embedder=adapters.EMBEDDER, dimension=384)

    assert (card, digest) == (found.card, found.digest)
    for name, value in adapters.drawn(adapters.shape()).items():
        np.testing.assert_array_equal(value.astype(np.float16).astype(np.float32), found.adapter.parameters[name])


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.005, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_told(tmp_path: Path, share: float) -> None:
    """However short a file was cut, the error names it and the way out."""
    path = adapters.written(tmp_path / "cut.safetensors")
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])

    with pytest.raises(BrokenCheckpoint, match=r"cut\.safetensors.*polyhop\.training\.rerank\.adapter"):
        load(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda header, tensors: header.update(format=9), "format 9"),
        (lambda header, tensors: header.pop("format"), "no whole file"),
        (lambda header, tensors: header.pop("embedder"), "header"),
        (lambda header, tensors: header["shape"].update(hidden="two"), r"shape \(8, 768\), not \('two', 768\)"),
        (lambda header, tensors: header["shape"].update(form="square"), "header"),
        (lambda header, tensors: tensors.pop("rank"), r"\['rank'\]"),
        (lambda header, tensors: tensors.update(extra=np.ones(1, np.float32)), r"\['extra'\]"),
        (lambda header, tensors: tensors.update(rank=np.ones(5, np.float32)), r"shape \(5,\), not \(4,\)"),
        (lambda header, tensors: tensors["read.bias"].__setitem__(3, np.nan), "not finite"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, change: Callable[[Any, Any], None], said: str) -> None:
    """Header and weights are checked before they are used."""
    with pytest.raises(BrokenCheckpoint, match=said):
        load(other(tmp_path / "odd.safetensors", change))


def test_anything_else_is_told(tmp_path: Path) -> None:
    """A page, and safetensors of another model, are no adapter's weights."""
    (tmp_path / "page").write_bytes(b"<!doctype html>" * 100)
    save_file({"x": np.ones(3, np.float32)}, tmp_path / "model")

    for name in ("page", "model"):
        with pytest.raises(BrokenCheckpoint, match="no whole file of adapter weights"):
            load(tmp_path / name)


def test_weights_of_another_embedder_are_refused(tmp_path: Path) -> None:
    """Name and dimension must be those of the vectors that the network is given."""
    path = adapters.written(tmp_path / "a.safetensors")

    with pytest.raises(ForeignCheckpoint, match=r"'all-MiniLM-L6-v2' \(384 dimensions\), not for 'letters' \(26\)"):
        load(path, embedder="letters", dimension=26)


@pytest.mark.parametrize("name", ["none.safetensors", "."])
def test_a_missing_file_is_the_callers_mistake(tmp_path: Path, name: str) -> None:
    """A path where no file is raises the error of a bad call."""
    with pytest.raises(NoCheckpoint, match="no adapter weights at"):
        load(tmp_path / name)
