"""all-MiniLM-L6-v2 through onnxruntime: the default embedder, loaded without torch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ...core.errors import OperatorError
from ...core.settings import Settings
from . import export, weights
from .role import Vectors
from .text import readable

NAME = "all-MiniLM-L6-v2"

_WINDOW = 256  # tokens that the model was trained to read, its two special ones included
_START, _END = 101, 102  # [CLS] and [SEP] in the model's vocabulary
_BATCH_TOKENS = 1024
_SHORT, _SHORT_STEP, _LONG_STEP = 64, 2, 16
_EXPORT_SECONDS = 300


class MiniLM:
    """The default embedder: 384 dimensions, English, fast on a CPU.

    Any number of threads may call one instance at once. A text is padded by its own length alone and travels with
    others of the same padded width, so that its vector is the same to the last bit in whatever company it comes.
    """

    name = NAME
    dimension = 384
    max_tokens = _WINDOW - 2

    def __init__(self, cache: Path | None = None, *, threads: int | None = None) -> None:
        """Load the graph from `cache`, exporting it first where there is none; `threads` defaults to the cores."""
        home = (Settings().cache if cache is None else cache).expanduser()
        self._session = _session(_graph(home), threads or _cores())
        self._tokenizer = _tokenizer()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), 384); text beyond `max_tokens` is not read."""
        rows = [[_START, *tokens[: self.max_tokens], _END] for tokens in self._tokens(texts)]
        vectors = np.empty((len(rows), self.dimension), np.float32)
        for width, batch in _batches([len(row) for row in rows]):
            ids, lengths = _padded([rows[place] for place in batch], width)
            vectors[batch] = self._session.run(None, {"ids": ids, "lengths": lengths})[0]
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""
        return [len(tokens) for tokens in self._tokens(texts)]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(readable(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


def _batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield (width, places) of texts of the same padded width, longest first, `_BATCH_TOKENS` tokens at a time.

    From 512 to 2,048 the rate is the same within the noise; beyond, the time in the processor grows by up to a fifth.
    """
    alike: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        alike.setdefault(_width(length), []).append(place)
    for width, places in sorted(alike.items(), reverse=True):
        size = max(1, _BATCH_TOKENS // width)
        for start in range(0, len(places), size):
            yield width, places[start : start + size]


def _width(length: int) -> int:
    """Return the padded width, on which alone it depends how the kernels add up a row.

    A token costs 0.25 ms of a core and a call 1.6 ms besides: short texts are padded little, and of long ones enough
    go together.
    """
    step = _SHORT_STEP if length <= _SHORT else _LONG_STEP
    return -(-length // step) * step


def _padded(rows: Sequence[Sequence[int]], width: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the rows as one array, zeros on the right, and their lengths."""
    ids = np.zeros((len(rows), width), np.int32)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return ids, np.array([len(row) for row in rows], np.int32)


def _cores() -> int:
    """Return the cores that this process may use, where the system tells; else those there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tokenizer() -> Tokenizer:
    """Return the packaged tokenizer without the truncation and padding to 128 tokens that its file asks for."""
    tokenizer = Tokenizer.from_file(str(weights.folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _session(graph: bytes, threads: int) -> onnxruntime.InferenceSession:
    """Return a session for the graph; its kernels are fused already, so there is nothing left to optimise."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Idle workers must sleep: spinning ones take the cores from other threads that embed or rank at the same time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _graph(cache: Path) -> bytes:
    """Return the graph from the cache, after exporting it if it is absent or damaged."""
    path = export.target(cache)
    try:
        found = export.read(path)
        if found is None:
            _export(cache)
            found = export.read(path)
    except OSError as error:
        raise OperatorError(f"embedder cache: cannot read {str(path)!r}: {error}; {_REMEDY}") from error
    if found is None:
        raise OperatorError(f"embedder cache: {str(path)!r} is damaged right after it was written; check the disk")
    return found


_REMEDY = "make the folder writable and leave 200 MB free, or name another one with POLYHOP_CACHE"


def _export(cache: Path) -> None:
    """Run the export in a process of its own, which keeps its 480 MB of memory out of this one."""
    command = [sys.executable, "-P", "-m", f"{__package__}.export", str(cache)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_EXPORT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperatorError(f"embedder cache: the export into {str(cache)!r} failed: {error}; {_REMEDY}") from error
    if done.returncode:
        reason = done.stderr.strip() or f"exit status {done.returncode}"
        raise OperatorError(f"embedder cache: the export into {str(cache)!r} failed: {reason}; {_REMEDY}")
