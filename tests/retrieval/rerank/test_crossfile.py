"""The cross-encoder's weights on disk: saved and loaded, refused when broken, and the graph that is made of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.weights_file import BrokenCheckpoint
from polyhop.encoders import graph_cache
from polyhop.retrieval.rerank import crossfile
from polyhop.retrieval.rerank.cross import PairScorer
from polyhop.retrieval.rerank.crossfile import SCALE, CrossEncoderCard, load, quantised, save, shapes
from tests.documents import environment

from .crosses import drawn

LAST = "encoder.layer.0.output.dense.weight"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write weights of one layer."""
    save(tmp_path / "w.safetensors", drawn(1), CrossEncoderCard(1, {"lists": 3}, "1.0"))
    return tmp_path / "w.safetensors"


def rewritten(file: Path, *, header: Any = None, **changes: NDArray[Any] | None) -> Path:
    """Write the file again with another header, or with weights changed (None: left out)."""
    from safetensors.numpy import load_file, save_file

    data = file.read_bytes()
    told = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    held = {**load_file(file), **{name.replace("__", "."): value for name, value in changes.items()}}
    metadata = told if header is None else {"cross": header if isinstance(header, str) else json.dumps(header)}
    save_file({name: value for name, value in held.items() if value is not None}, file, metadata)
    return file


def test_what_is_saved_is_loaded(file: Path) -> None:
    """The card comes back as it was, vectors to the last bit, and matrices in 8 bits with the scales of their rows."""
    given = drawn(1)
    card, found = load(file)

    assert CrossEncoderCard(1, {"lists": 3}, "1.0") == card
    assert shapes(1) == {name: value.shape for name, value in found.items()}
    for name, value in given.items():
        small = name + SCALE in found
        assert np.array_equal(*quantised_pair(value, found, name)) if small else np.array_equal(value, found[name])


def quantised_pair(value: NDArray[np.float32], found: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """Return a matrix as it is to be and as it was found, its scales beside it."""
    small, scales = quantised(value)
    return np.column_stack([small, scales]), np.column_stack([found[name], found[name + SCALE]])


def test_saving_is_repeatable(file: Path, tmp_path: Path) -> None:
    """The same weights are the same bytes, in whatever order they are given."""
    turned = dict(reversed(drawn(1).items()))
    save(tmp_path / "again.safetensors", turned, CrossEncoderCard(1, {"lists": 3}, "1.0"))

    assert file.read_bytes() == (tmp_path / "again.safetensors").read_bytes()


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e6])
def test_eight_bits_are_half_a_step_off_at_most(size: float) -> None:
    """No number differs by more than half of its row's scale, and the largest one of a row by nothing."""
    matrix = (size * np.random.default_rng(3).normal(size=(50, 40))).astype(np.float32)
    small, scales = quantised(matrix)

    assert (np.int8, np.float32, (50,)) == (small.dtype, scales.dtype, scales.shape)
    assert crossfile.LARGEST == np.abs(small).max()
    assert np.all(np.abs(small * scales[:, None] - matrix) <= 0.5001 * scales[:, None])
    assert np.abs(small).max(axis=1) * scales == pytest.approx(np.abs(matrix).max(axis=1), rel=1e-6)


def test_a_row_of_zeros_stays_zero() -> None:
    """Where there is nothing to scale the scale is finite and the numbers are zero."""
    matrix = np.zeros((2, 4), np.float32)
    matrix[1] = [1, -2, 0, 0.5]
    small, scales = quantised(matrix)

    assert [0, 0, 0, 0] == small[0].tolist()
    assert np.isfinite(scales).all() and scales.min() > 0


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 500, 50_000, -1])
def test_a_file_cut_short_is_refused(file: Path, length: int) -> None:
    """However much of it is left, it is named with what to do."""
    file.write_bytes(file.read_bytes()[:length])

    for work in (load, lambda path: crossfile.graph(path.parent, path)):
        with pytest.raises(BrokenCheckpoint, match=r"w\.safetensors.*restore the file from a copy") as refused:
            work(file)
        assert 3 == refused.value.exit_code


HEADERS = {
    "another format": ({"format": 99, "layers": 1}, "have format 99"),
    "no format": ({"layers": 1}, "no whole file"),
    "unknown facts": ({"format": 1, "layers": 1, "odd": 1}, "header"),
    "no layers": ({"format": 1, "layers": 0}, "0 layers"),
    "too many layers": ({"format": 1, "layers": 10**12}, "1000000000000 layers"),
    "layers by name": ({"format": 1, "layers": "one"}, "'one' layers"),
    "more layers than weights": ({"format": 1, "layers": 2}, "lacks"),
    "a list": ([1], "no whole file"),
    "no JSON": ("{", "no whole file"),
}


@pytest.mark.parametrize(("header", "said"), HEADERS.values(), ids=HEADERS)
def test_a_foreign_header_is_refused(file: Path, header: Any, said: str) -> None:
    """A file that says nothing, or something else, about itself is no file of these weights."""
    with pytest.raises(BrokenCheckpoint, match=said):
        load(rewritten(file, header=header))


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    """Sound weights of another model, and something else altogether, are refused."""
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("{}" * 100)
    for name in ("other", "text"):
        with pytest.raises(BrokenCheckpoint, match=f"{name}.safetensors' is no whole file"):
            load(tmp_path / f"{name}.safetensors")


@pytest.mark.parametrize("value", [np.nan, np.inf, None, "short", "wide"])
@pytest.mark.parametrize("name", [LAST + SCALE, "head.bias"])
def test_weights_that_cannot_be_are_refused(file: Path, name: str, value: Any) -> None:
    """A number that is none, a weight that is missing, of another shape or of another type is named."""
    old = load(file)[1][name]
    changed = {
        "short": np.append(old, old).astype(np.float32),
        "wide": old.astype(np.float64),
    }
    new = None if value is None else changed[value] if isinstance(value, str) else np.full_like(old, value)

    with pytest.raises(BrokenCheckpoint, match=name):
        load(rewritten(file, **{name.replace(".", "__"): new}))


def test_a_missing_file_is_the_callers(tmp_path: Path) -> None:
    """A path without a file is told as such, for reading and for the graph."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(CallerError, match="no cross-encoder weights at"):
            load(path)
        with pytest.raises(CallerError, match="check the path"):
            crossfile.graph(tmp_path, path)


def test_other_weights_have_another_graph(file: Path, tmp_path: Path) -> None:
    """The name of a graph tells the weights that it was made of, wherever they lie."""
    first, _ = crossfile.graph(tmp_path, file)
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(file.read_bytes())
    assert first == crossfile.graph(tmp_path, copy)[0]

    save(copy, drawn(1, seed=5), CrossEncoderCard(1))
    assert first != crossfile.graph(tmp_path, copy)[0]


@pytest.mark.slow
def test_two_processes_write_the_graph_once(file: Path, tmp_path: Path) -> None:
    """Whoever comes second waits for the first; who comes later finds it and writes nothing."""
    path, arguments = crossfile.graph(tmp_path / "cache", file)
    command = [sys.executable, "-P", "-m", "polyhop.retrieval.rerank.crossfile", *arguments]
    running = [subprocess.Popen(command, env=environment()) for _ in range(2)]
    assert [0, 0] == [process.wait(100) for process in running]

    before = path.stat().st_mtime_ns
    PairScorer(file, tmp_path / "cache", threads=1)
    assert before == path.stat().st_mtime_ns
    assert {path.name, path.with_suffix(".lock").name} == {one.name for one in path.parent.iterdir()}


@pytest.mark.slow
def test_a_damaged_graph_is_written_again(file: Path, tmp_path: Path) -> None:
    """A graph that was altered is noticed and replaced."""
    path, arguments = crossfile.graph(tmp_path / "cache", file)
    assert 0 == crossfile.main(arguments)
    data = bytearray(path.read_bytes())
    sound = bytes(data)
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    PairScorer(file, tmp_path / "cache", threads=1)
    assert graph_cache.read(path) is not None
    assert sound == path.read_bytes()


@pytest.mark.slow
def test_what_the_process_cannot_do_is_told(file: Path, tmp_path: Path) -> None:
    """A cache that cannot be written is named with its remedy."""
    (tmp_path / "taken").touch()
    with pytest.raises(OperatorError, match="POLYHOP_CACHE"):
        PairScorer(file, tmp_path / "taken" / "cache", threads=1)


@pytest.mark.parametrize("arguments", [[], ["one"], ["one", "two", "three"]])
def test_a_wrong_call_says_the_right_one(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The module run by hand says what it expects."""
    assert 2 == crossfile.main(arguments)
    assert "usage" in capsys.readouterr().err


def test_broken_weights_are_told_by_the_process(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The process that writes the graph says in one line what is wrong with the weights."""
    file.write_bytes(file.read_bytes()[:99])
    assert 3 == crossfile.main([str(file.parent / os.urandom(4).hex()), str(file)])
    assert "no whole file" in capsys.readouterr().err
